"""Builds the EN 16931 model of an invoice or credit note from its document, and finds what is missing for it.

Discounts, those of the whole document too, become allowances of the lines they were taken off, so that every line's
net amount is what it was taxed on. Tax-inclusive prices are converted to net ones.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from portal import i18n
from portal.documents import legal_notes, payment_terms
from portal.documents.parts import DocumentLine, Party, TaxConversion
from portal.documents.values import Bill, CreditNoteDocument, InvoiceDocument
from portal.documents.xml import categories
from portal.documents.xml.trade import (
    BankAccount,
    CollectedBy,
    TaxCurrency,
    Trade,
    TradeCharge,
    TradeItem,
    TradeTax,
    VatCategory,
)
from portal.documents.xml.traders import build_address, build_trader
from portal.rules.money import round_half_up

#: One piece, and others that `unit_label` may name, by UN/ECE Recommendation 20.
PIECE_UNIT = "C62"
UNIT_CODES = {
    "hour": "HUR",
    "hours": "HUR",
    "day": "DAY",
    "month": "MON",
    "GB": "E34",
    "TB": "E35",
    "kg": "KGM",
    "km": "KMT",
}


#: Digits of a price in minor units beyond those of the quantity, so that the product is off by 0.0005 at most.
_SPARE_DIGITS = 3
#: How far quantity times price may be from the amount of a line, in major units.
_PRODUCT_SLACK = Decimal("0.02")


@dataclass(frozen=True)
class TradeOutcome:
    """The trade of a document, or the names of the gaps that prevent it; and the reasons why lines have no tax."""

    trade: Trade | None
    gaps: tuple[str, ...]
    reasons: tuple[str, ...] = ()


def find_outcome(document: Bill) -> TradeOutcome:
    """The e-invoice of a document, or what keeps it from being one."""
    gaps = [f"{document.kind}.not_void"] if document.status == "void" else []
    parties = list(_gaps_of_parties(document))
    try:
        items = [_build_item(document, line) for line in document.lines]
        charges = list(_shipping_charges(document))
    except categories.UnclearCategory as unclear:
        return TradeOutcome(None, (*gaps, *parties, str(unclear)))
    taxes = _build_taxes(document, items, charges)
    trade = _build_trade(document, items, charges, taxes)
    gaps += [*parties, *_gaps_of_sums(document, trade), *_gaps_of_categories(trade)]
    reasons = dict.fromkeys(tax.category.reason for tax in taxes if tax.category.reason)
    return TradeOutcome(None if gaps else trade, tuple(dict.fromkeys(gaps)), tuple(reasons))


def _build_trade(document: Bill, items: list[TradeItem], charges: list[TradeCharge], taxes: list[TradeTax]) -> Trade:
    codes = {tax.category.code for tax in taxes}
    place = document.ship_to
    if not (place and place.has_address):
        place = document.buyer if "K" in codes else None
    named = "O" not in codes
    late = legal_notes.late_payment_notes(document)
    plain = (note.text for note in late if not note.subject)
    return Trade(
        **kind_values(document),
        number=document.number,
        issued=document.effective_at,
        currency=document.currency.upper(),
        exponent=i18n.currency_exponent(document.currency),
        seller=build_trader(document.seller, taxed=named, is_seller=True),
        buyer=build_trader(document.buyer, taxed=named),
        items=tuple(items),
        taxes=tuple(taxes),
        charges=tuple(charges),
        deliver_to=build_address(place) if place and place.country in i18n.iso_countries() else None,
        **_supply_dates(document, within_union="K" in codes),
        buyer_reference=document.buyer_reference,
        purchase_order=document.purchase_order,
        notes=tuple(filter(None, (document.memo, document.footer, *plain))),
        subject_notes=tuple((note.subject, note.text) for note in late if note.subject),
        process=_french_process(document),
        tax_total=document.tax,
        tax_currency=_tax_currency(document.tax_conversion),
        total=document.total,
    )


def _supply_dates(document: Bill, *, within_union: bool) -> dict[str, Any]:
    """BT-72 of a supply on one day, else BG-14: what the page says, and no more.

    A supply within the Union has to say when (BR-IC-11), though pages of the first version don't.
    """
    starts, ends = ([getattr(line, key) for line in document.lines] for key in ("period_start", "period_end"))
    known = [day for day in (*starts, *ends) if day]
    first, last = document.supplied or (min(known, default=None), max(known, default=None))
    if document.supplied and first == last and first:
        return {"delivered": first}
    if first and last:
        return {"start": first, "end": last}
    return {"delivered": document.effective_at} if within_union else {}


def kind_values(document: Bill) -> dict[str, Any]:
    """What is of another field in an invoice than in a credit note."""
    if isinstance(document, CreditNoteDocument):
        original = (document.invoice_number, document.invoice_effective_at)
        return {"credit": True, "corrects": original, "remaining": document.total}
    remaining = document.total - _prepaid_amount(document)
    return {
        "credit": False,
        # BR-CO-25 asks for it where something is to be paid; where nothing is, there is nothing to be paid by a day
        "due": _due_date(document) if remaining > 0 else None,
        "bank": _build_bank(document),
        "debit": _build_debit(document),
        "terms": payment_terms.sentences(document),
        "corrects": document.replaces,
        "remaining": remaining,
    }


def _prepaid_amount(document: InvoiceDocument) -> int:
    """Payments and used credit, up to the total.

    Credit notes are documents of their own: a receiver of both would subtract them twice. Debts of other documents are
    none of this one.
    """
    return min(document.amount_paid + max(0, -document.applied_balance), max(0, document.total))


def _tax_currency(conversion: TaxConversion | None) -> TaxCurrency | None:
    if conversion is None:
        return None
    amount = i18n.decimal_amount(conversion.amount, conversion.currency)
    return TaxCurrency(currency=conversion.currency.upper(), amount=f"{amount:f}")


def _build_item(document: Bill, line: DocumentLine) -> TradeItem:
    category = categories.find_category(line.taxes, document.e_invoice_terms, legal_notes.reason_locale(document))
    _refuse_odd_taxes(line, category)
    before, allowance = line.undiscounted_net_amount, line.undiscounted_net_amount - line.net_amount
    if allowance < 0:
        before, allowance = line.net_amount, 0
    quantity, price = _quantity_and_price(line, before, i18n.currency_exponent(document.currency))
    return TradeItem(
        name=line.description or "-",
        quantity=quantity,
        unit=UNIT_CODES.get(line.unit_label or "", PIECE_UNIT),
        price=price,
        allowance=allowance,
        net=line.net_amount,
        category=category,
        start=line.period_start,
        end=line.period_end,
    )


def _refuse_odd_taxes(line: DocumentLine, category: VatCategory) -> None:
    """Tax amounts given by hand may be any; the standard allows only those of the line's net amount."""
    exact, tax = line.net_amount * (category.rate or Decimal(0)) / 100, _whole_tax(line)
    odd = line.taxes_given and (line.taxes[0].taxable_amount != line.net_amount or abs(tax - exact) > 1)
    if odd or (tax and not exact):
        raise categories.UnclearCategory("lines.tax_amounts")


def _quantity_and_price(line: DocumentLine, amount: int, exponent: int) -> tuple[int, Decimal]:
    """Quantity and price per unit (major units) whose product is `amount` (minor units), rounded.

    The quantity is the line's own where its price and quantity multiply to its amount, and one piece otherwise: so of a
    currency without cents wherever the product had to be rounded (Peppol's R120 allows 0.02). A price that includes tax
    becomes the share of a piece in the net amount, with as many digits as the product needs.
    """
    quantity, own = line.quantity or 1, line.unit_amount_decimal or line.share_price
    if own is None or not _multiplies_to(Decimal(own) * quantity, line.amount, exponent):
        unit, quantity = Decimal(amount), 1
    elif line.amount == amount:
        unit = Decimal(own)
    else:
        unit = round(Decimal(amount) / quantity, _SPARE_DIGITS + len(str(quantity))).normalize()
    unit = unit.scaleb(-exponent)
    return (-quantity, -unit) if unit < 0 else (quantity, abs(unit))


def _multiplies_to(product: Decimal, amount: int, exponent: int) -> bool:
    return round_half_up(product) == amount and abs(product - amount).scaleb(-exponent) <= _PRODUCT_SLACK


def _shipping_charges(document: Bill) -> Iterable[TradeCharge]:
    shipping = document.shipping
    if shipping and shipping.net_amount:
        reason = shipping.display_name or "Shipping"
        try:
            category = categories.find_category(
                shipping.taxes, document.e_invoice_terms, legal_notes.reason_locale(document)
            )
        except categories.UnclearCategory as unclear:
            raise categories.UnclearCategory(str(unclear).replace("lines.", "shipping.")) from None
        yield TradeCharge(amount=shipping.net_amount, reason=reason, category=category)


def _build_taxes(document: Bill, items: list[TradeItem], charges: list[TradeCharge]) -> list[TradeTax]:
    """BG-23: one entry per category and rate, with the tax as it was billed line by line."""
    lines = zip(items, document.lines, strict=True)
    found = [(item.category, item.net, _whole_tax(line)) for item, line in lines]
    found += [(charge.category, charge.amount, document.shipping.tax) for charge in charges if document.shipping]
    sums: dict[tuple[str, Decimal | None], TradeTax] = {}
    for category, net, tax in found:
        before = sums.get((category.code, category.rate), TradeTax(category=category, taxable=0, amount=0))
        sums[category.code, category.rate] = TradeTax(
            category=before.category, taxable=before.taxable + net, amount=before.amount + tax
        )
    return list(sums.values())


def _gaps_of_parties(document: Bill) -> Iterable[str]:
    """What every e-invoice needs to know of seller and buyer (Directive 2006/112/EC, Article 226)."""
    yield from gaps_of_seller(document.seller)
    if document.buyer.unnamed:
        yield "buyer.name"
    if document.buyer.country not in i18n.iso_countries():
        yield "buyer.address.country"


def gaps_of_seller(seller: Party) -> Iterable[str]:
    """What every e-invoice needs to know of the seller, and is missing."""
    if seller.unnamed:
        yield "seller.name"
    if seller.country not in i18n.iso_countries():
        yield "seller.address.country"
    yield from (f"seller.address.{key}" for key in ("line1", "city", "postal_code") if not getattr(seller, key))


def _gaps_of_sums(document: Bill, trade: Trade) -> Iterable[str]:
    if not trade.items:
        yield "lines"
    if max(trade.exponent, i18n.currency_exponent(trade.tax_currency.currency) if trade.tax_currency else 0) > 2:
        yield "currency.two_decimals"
    if trade.tax_total and document.e_invoice_terms.tax_currency and not trade.tax_currency:
        yield "tax_exchange_rate"
    if (trade.tax_basis, trade.tax_basis + trade.tax_total) != (document.total_excluding_tax, document.total):
        yield "totals"
    unit = 10**trade.exponent
    exact = ((tax.taxable * (tax.category.rate or 0) / 100, tax.amount) for tax in trade.taxes)
    if any(abs(amount - tax) >= unit for amount, tax in exact):
        yield "taxes.rounded_together"


def _gaps_of_categories(trade: Trade) -> Iterable[str]:
    """Rules BR-S-02, BR-AE-02, BR-IC-02, BR-IC-12, BR-O-11 and BR-CO-26."""
    codes = {tax.category.code for tax in trade.taxes}
    seller, buyer = trade.seller, trade.buyer
    if "O" in codes and len(codes) > 1:
        yield "lines.not_subject_alone"
    if not (seller.vat_id or seller.tax_number or ("O" in codes and (seller.register_number or seller.identifier))):
        yield "seller.register_number" if "O" in codes else "seller.tax_id"
    elif codes & {"K", "G"} and not seller.vat_id:
        yield "seller.vat_id"
    if codes & {"AE", "K"} and not (buyer.vat_id or ("K" not in codes and buyer.register_number)):
        yield "buyer.vat_id"
    if "K" in codes and trade.deliver_to is None:
        yield "delivery.address.country"


def _french_process(document: Bill) -> str | None:
    """BT-23 of a French seller: B1 for goods, S1 for services (BR-FR-08)."""
    if document.seller.country != "FR":
        return None
    return "B1" if document.e_invoice_terms.reverse_charge == "goods" else "S1"


def _due_date(document: InvoiceDocument) -> date | None:
    """BT-9: of what is collected the day of the debit, where the invoice names no other."""
    return document.due_date or (document.debit.collect_on if document.debit and document.is_collected else None)


def _build_debit(document: InvoiceDocument) -> CollectedBy | None:
    debit = document.debit
    if debit is None or not document.is_collected:
        return None
    return CollectedBy(mandate=debit.mandate, creditor_id=debit.creditor_id, account=debit.masked_account)


def _build_bank(document: InvoiceDocument) -> BankAccount | None:
    if document.iban is None or not document.awaits_transfer:
        return None
    return BankAccount(
        holder=document.account_holder or document.seller.name,
        iban=document.iban,
        bic=document.bic,
        reference=document.reference,
    )


def _whole_tax(line: DocumentLine) -> int:
    return sum(tax.amount for tax in line.taxes)
