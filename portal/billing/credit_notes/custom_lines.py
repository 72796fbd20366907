"""Lines of credit notes that refer to no line of the invoice."""

from sqlalchemy.orm import Session

from portal import i18n, ids
from portal.billing.catalogue import pricing
from portal.billing.catalogue import tax_rates as catalogue_tax_rates
from portal.billing.credit_notes.params import CreditNoteLineData
from portal.billing.invoices import drafts
from portal.billing.ledger import totals
from portal.errors import InvalidRequest, MissingParameter
from portal.models import CreditNoteLine, Invoice
from portal.rules.money import multiply_price
from portal.rules.totals import line_taxes
from portal.wire.commands import MAX_AMOUNT, merge_metadata


def build_goodwill_line(invoice: Invoice, amount: int, words: str | None) -> CreditNoteLine:
    """The line of a credit note that was requested by its total alone, without tax."""
    _ = i18n.load_translations((invoice.buyer or {}).get("locale") or "en").gettext
    return CreditNoteLine(
        id=ids.new("credit_note_line_item"),
        type="custom_line_item",
        amount=amount,
        description=words or _("Credit for invoice %(number)s") % {"number": invoice.number},
        quantity=1,
        unit_amount_decimal=str(amount),
        discount_amounts=[],
        tax_rates=[],
        taxes=[],
        metadata_={},
    )


def build_custom_line(db: Session, invoice: Invoice, asked: CreditNoteLineData, param: str) -> CreditNoteLine:
    """A line with a price and tax rates of its own. Raises `InvalidRequest` for one that can't be."""
    if not asked.description:
        name = f"{param}[description]"
        raise MissingParameter(name)
    _, exact = pricing.unit_amounts(asked.unit_amount, asked.unit_amount_decimal, f"{param}[unit_amount]")
    quantity = 1 if asked.quantity is None else asked.quantity
    amount = multiply_price(exact, quantity)
    if not 0 <= amount <= MAX_AMOUNT:
        raise InvalidRequest("The amount of a custom line is positive.", param=f"{param}[unit_amount]")
    rate_ids = [rate.id for rate in catalogue_tax_rates.active_tax_rates(db, asked.tax_rates, f"{param}[tax_rates]")]
    rates = drafts.frozen_rates(db, rate_ids)
    return CreditNoteLine(
        id=ids.new("credit_note_line_item"),
        type="custom_line_item",
        amount=amount,
        discount_amounts=[],
        description=asked.description,
        quantity=quantity,
        unit_amount_decimal=exact,
        tax_rates=rates,
        taxes=line_taxes(amount, totals.parse_rates(rates), tax_exempt=(invoice.buyer or {}).get("tax_exempt", "none")),
        metadata_=merge_metadata({}, asked.metadata),
    )
