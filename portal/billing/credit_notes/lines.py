"""Lines of credit notes: parts of invoice lines, by amount or by quantity."""

from typing import Any

from sqlalchemy.orm import Session

from portal import ids
from portal.billing.credit_notes import custom_lines, earlier_credits
from portal.billing.credit_notes.params import CreditNoteLineData
from portal.billing.ledger import totals
from portal.db import rows_by_id
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import CreditNoteLine, Invoice, InvoiceLine
from portal.rules import credit_notes as credit_note_rules
from portal.rules.credit_notes import EarlierCredits
from portal.rules.discounts import sum_discounts
from portal.wire.commands import (
    merge_metadata,
)

MOST_LINES = 250


#: What belongs to one type of line only.
_PARAMS_BY_TYPE = {
    "custom_line_item": ("description", "tax_rates", "unit_amount", "unit_amount_decimal"),
    "invoice_line_item": ("amount", "invoice_line_item"),
}


def build_lines(db: Session, invoice: Invoice, asked: list[CreditNoteLineData]) -> list[CreditNoteLine]:
    """Build the requested lines, without their credit note. Raises `InvalidRequest` where a line has less left."""
    if len(asked) > MOST_LINES:
        raise InvalidRequest(f"A credit note has at most {MOST_LINES} lines.", param="lines")
    credited = earlier_credits.credits_by_line(db, invoice)
    originals = rows_by_id(db, InvoiceLine, [each.invoice_line_item for each in asked if each.invoice_line_item])
    lines = []
    for index, each in enumerate(asked):
        param = f"lines[{index}]"
        _refuse_foreign_parameters(each, param)
        if each.type == "custom_line_item":
            lines.append(custom_lines.build_custom_line(db, invoice, each, param))
            continue
        original = originals.get(each.invoice_line_item or "")
        if original is None or original.invoice_id != invoice.id:
            missing = each.invoice_line_item or ""
            raise ResourceMissing("invoice line item", missing, param=f"{param}[invoice_line_item]")
        line = _build_partial_line(each, original, credited[original.id], param)
        credited[original.id] = earlier_credits.add_credit(credited[original.id], line)
        lines.append(line)
    return lines


def _refuse_foreign_parameters(asked: CreditNoteLineData, param: str) -> None:
    for type, names in _PARAMS_BY_TYPE.items():
        wrong = [name for name in names if asked.was_sent(name) and asked.type != type]
        if wrong:
            raise InvalidRequest(f"{wrong[0]} is only valid when type is {type}.", param=f"{param}[{wrong[0]}]")


def _build_partial_line(
    asked: CreditNoteLineData, original: InvoiceLine, earlier: EarlierCredits, param: str
) -> CreditNoteLine:
    """The credit note line that credits a part of an invoice line, with its share of discounts and taxes."""
    amount = _credit_amount(asked, original, earlier, param)
    whole = [{**each, "own": each["discount"] in original.discounts} for each in original.discount_amounts]
    discounts = credit_note_rules.part_discounts(original.amount, whole, earlier, amount)
    rest = amount - sum_discounts(discounts)
    return CreditNoteLine(
        id=ids.new("credit_note_line_item"),
        type="invoice_line_item",
        invoice_line_id=original.id,
        amount=amount,
        discount_amounts=discounts,
        description=original.description,
        quantity=asked.quantity,
        unit_amount_decimal=original.unit_amount_decimal if asked.quantity else None,
        tax_rates=original.tax_rates,
        taxes=_part_taxes(original, earlier, rest),
        metadata_=merge_metadata({}, asked.metadata),
    )


def _part_taxes(original: InvoiceLine, earlier: EarlierCredits, rest: int) -> list[dict[str, Any]]:
    """The taxes of the next `rest`, after discounts, of an invoice line."""
    whole = original.amount - sum_discounts(original.discount_amounts)
    if original.given_taxes:
        return credit_note_rules.part_given_taxes(original.taxes, earlier, rest, whole)
    return credit_note_rules.part_taxes(original.taxes, totals.parse_rates(original.tax_rates), earlier, rest, whole)


def _credit_amount(asked: CreditNoteLineData, original: InvoiceLine, earlier: EarlierCredits, param: str) -> int:
    """The amount to credit of a line: by amount or by quantity, never both over time, never more than is left."""
    if (asked.amount is None) == (asked.quantity is None):
        raise InvalidRequest("Send amount or quantity, one of the two.", param=f"{param}[amount]")
    by_amount = asked.amount is not None
    if (earlier.amount or earlier.quantity) and earlier.by_amount != by_amount:
        raise InvalidRequest(
            "This line was credited the other way before; go on by amount or by quantity as then.", param=param
        )
    if asked.amount is not None:
        _refuse_excess_amount(asked.amount, original.amount - earlier.amount, f"{param}[amount]")
        return asked.amount
    quantity, left = asked.quantity or 0, original.quantity - earlier.quantity
    if quantity > left:
        raise InvalidRequest(f"The line has a quantity of {left} left to credit.", param=f"{param}[quantity]")
    return credit_note_rules.amount_of_quantity(original.amount, original.quantity, earlier, quantity)


def _refuse_excess_amount(amount: int, left: int, param: str) -> None:
    """A line can be credited up to what is left of it, a negative line by negative amounts."""
    if amount == 0 or abs(amount) > abs(left) or (amount < 0) != (left < 0):
        raise InvalidRequest(f"The line has {left} left to credit.", param=param)
