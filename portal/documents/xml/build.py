"""Builds the EN 16931 model of an invoice or credit note from frozen rows, and finds what is missing for it.

Discounts, those of the whole document too, become allowances of the lines they were taken off, so that every line's
net amount is what it was taxed on. Tax-inclusive prices are converted to net ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from portal import i18n
from portal.billing.ledger import parties
from portal.clock import utc_date
from portal.documents.xml import categories, references
from portal.documents.xml.parties import build_address, build_trader
from portal.documents.xml.trade import BankAccount, TaxCurrency, Trade, TradeCharge, TradeItem, TradeTax, VatCategory
from portal.models import CreditNote, Invoice
from portal.rules import tax_currencies, tax_notes
from portal.rules.totals import Rate, amount_excluding_tax

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


@dataclass(frozen=True)
class TradeOutcome:
    """The trade of a document, or the names of the gaps that prevent it; and the reasons why lines have no tax."""

    trade: Trade | None
    gaps: tuple[str, ...]
    reasons: tuple[str, ...] = ()


def invoice(row: Invoice, lines: Sequence[Any], original: Invoice | None = None) -> TradeOutcome:
    """The e-invoice of a finalized invoice; `original` is the invoice it revises, if any."""
    gaps = ["invoice.not_void"] if row.status == "void" else []
    named = references.buyer_references(row.custom_fields, row.buyer)
    return _build_outcome(
        row,
        lines,
        gaps,
        credit=False,
        issued=utc_date(row.effective_at or row.created),
        due=utc_date(row.due_date or row.effective_at or row.created),
        bank=_build_bank(row),
        corrects=_corrected_invoice(original) if original else None,
        remaining=row.amount_remaining,
        notes=tuple(filter(None, (row.description, parties.footer(row), late_payment_note(row)))),
        **named,
    )


def credit_note(row: CreditNote, lines: Sequence[Any], original: Invoice) -> TradeOutcome:
    """The e-invoice of an issued credit note of `original`."""
    gaps = ["credit_note.not_void"] if row.status == "void" else []
    named = references.buyer_references(original.custom_fields, row.buyer)
    return _build_outcome(
        row,
        lines,
        gaps,
        credit=True,
        issued=utc_date(row.effective_at),
        corrects=_corrected_invoice(original),
        remaining=row.total,
        notes=tuple(filter(None, (row.memo, parties.footer(row)))),
        **named,
    )


def _corrected_invoice(original: Invoice) -> tuple[str, date]:
    return original.number or "", utc_date(original.effective_at or original.created)


def _build_outcome(row: Any, lines: Sequence[Any], gaps: list[str], **known: Any) -> TradeOutcome:
    try:
        items, charges = [_build_item(row, line) for line in lines], list(_shipping_charges(row))
    except categories.UnclearCategory as unclear:
        return TradeOutcome(None, (*gaps, *_gaps_of_parties(row), str(unclear)))
    taxes = _build_taxes(row, lines, items, charges)
    trade = _build_trade(row, items, charges, taxes, known)
    gaps += [*_gaps_of_parties(row), *_gaps_of_sums(row, trade), *_gaps_of_categories(trade)]
    reasons = dict.fromkeys(tax.category.reason for tax in taxes if tax.category.reason)
    return TradeOutcome(None if gaps else trade, tuple(dict.fromkeys(gaps)), tuple(reasons))


def _build_trade(
    row: Any, items: list[TradeItem], charges: list[TradeCharge], taxes: list[TradeTax], known: dict[str, Any]
) -> Trade:
    seller, buyer = row.seller or {}, row.buyer or {}
    codes = {tax.category.code for tax in taxes}
    starts, ends = [item.start for item in items if item.start], [item.end for item in items if item.end]
    sent_to = getattr(row, "shipping_details", None) or buyer.get("shipping") or {}
    place = sent_to.get("address") or (buyer.get("address") if "K" in codes else None)
    named = "O" not in codes
    return Trade(
        number=row.number or "",
        currency=row.currency.upper(),
        exponent=i18n.currency_exponent(row.currency),
        seller=build_trader(seller, taxed=named),
        buyer=build_trader(buyer, taxed=named),
        items=tuple(items),
        taxes=tuple(taxes),
        charges=tuple(charges),
        deliver_to=build_address(place) if place and place.get("country") else None,
        delivered=None if starts else known["issued"],
        start=min(starts, default=None),
        end=max(ends, default=None),
        tax_total=row.tax,
        tax_currency=_tax_currency(row),
        total=row.total,
        **known,
    )


def _tax_currency(row: Any) -> TaxCurrency | None:
    frozen = (row.seller or {}).get("tax_currency") or {}
    amount = tax_currencies.convert_tax(row.tax, row.currency, frozen)
    if not row.tax or amount is None:
        return None
    return TaxCurrency(
        currency=frozen["currency"].upper(), amount=f"{i18n.decimal_amount(amount, frozen['currency']):f}"
    )


def _build_item(row: Any, line: Any) -> TradeItem:
    category = _tax_category(row, line.taxes, line.tax_rates)
    net = line.amount - sum(each["amount"] for each in line.discount_amounts) - _inclusive_tax(line.taxes)
    _refuse_odd_taxes(line, category, net)
    before = _amount_before_discounts(line)
    allowance = before - net
    if allowance < 0:
        before, allowance = net, 0
    quantity, price = _quantity_and_price(line, before, i18n.currency_exponent(row.currency))
    start, end = _line_period(line)
    return TradeItem(
        name=line.description or "-",
        quantity=quantity,
        unit=UNIT_CODES.get(_unit_label(line) or "", PIECE_UNIT),
        price=price,
        allowance=allowance,
        net=net,
        category=category,
        start=start,
        end=end,
    )


def _refuse_odd_taxes(line: Any, category: VatCategory, net: int) -> None:
    """Tax amounts given by hand may be any; the standard allows only those of the line's net amount."""
    exact, tax = net * (category.rate or Decimal(0)) / 100, _whole_tax(line.taxes)
    given = getattr(line, "given_taxes", None)
    odd = given is not None and (given[0]["taxable_amount"] != net or abs(tax - exact) > 1)
    if odd or (tax and not exact):
        raise categories.UnclearCategory("lines.tax_amounts")


def _line_period(line: Any) -> tuple[date, date] | tuple[None, None]:
    start, end = getattr(line, "period_start", None), getattr(line, "period_end", None)
    return (utc_date(start), utc_date(end)) if start and end and end > start else (None, None)


def _tax_category(row: Any, taxes: Sequence[Mapping[str, Any]], frozen: Iterable[Mapping[str, Any]]) -> VatCategory:
    rates, buyer = {rate["id"]: rate for rate in frozen}, row.buyer or {}
    return categories.find_category(taxes, rates, row.seller or {}, buyer, buyer.get("locale") or "en")


def _amount_before_discounts(line: Any) -> int:
    """The amount before discounts, without inclusive tax."""
    if not _inclusive_tax(line.taxes):
        return int(line.amount)
    rates = [Rate(rate["id"], Decimal(rate["exact_percentage"]), rate["inclusive"]) for rate in line.tax_rates]
    return amount_excluding_tax(line.amount, rates)


def _quantity_and_price(line: Any, amount: int, exponent: int) -> tuple[int, Decimal]:
    """Quantity and price per unit whose product is exactly `amount`.

    One piece at the whole amount if the line's own price and quantity do not multiply to it.
    """
    quantity = line.quantity or 1
    if line.unit_amount_decimal is not None and Decimal(line.unit_amount_decimal) * quantity == amount:
        unit = Decimal(line.unit_amount_decimal).scaleb(-exponent)
    else:
        unit, quantity = Decimal(amount).scaleb(-exponent), 1
    return (-quantity, -unit) if unit < 0 else (quantity, abs(unit))


def _unit_label(line: Any) -> str | None:
    price = getattr(line, "price", None) or {}
    label: str | None = (price.get("price") or price).get("unit_label")
    return label


def _shipping_charges(row: Any) -> Iterable[TradeCharge]:
    cost = row.shipping_cost
    if cost and cost["amount_subtotal"]:
        reason = cost.get("display_name") or "Shipping"
        try:
            category = _tax_category(row, cost["taxes"], cost.get("tax_rates", []))
        except categories.UnclearCategory as unclear:
            raise categories.UnclearCategory(str(unclear).replace("lines.", "shipping.")) from None
        yield TradeCharge(amount=cost["amount_subtotal"], reason=reason, category=category)


def _build_taxes(row: Any, lines: Sequence[Any], items: list[TradeItem], charges: list[TradeCharge]) -> list[TradeTax]:
    """BG-23: one entry per category and rate, with the tax as it was billed line by line."""
    found = [(item.category, item.net, _whole_tax(line.taxes)) for item, line in zip(items, lines, strict=True)]
    found += [(charge.category, charge.amount, row.shipping_cost["amount_tax"]) for charge in charges]
    sums: dict[tuple[str, Decimal | None], TradeTax] = {}
    for category, net, tax in found:
        before = sums.get((category.code, category.rate), TradeTax(category=category, taxable=0, amount=0))
        sums[category.code, category.rate] = TradeTax(
            category=before.category, taxable=before.taxable + net, amount=before.amount + tax
        )
    return list(sums.values())


def _gaps_of_parties(row: Any) -> Iterable[str]:
    """What every e-invoice needs to know of seller and buyer (Directive 2006/112/EC, Article 226)."""
    buyer = row.buyer or {}
    yield from gaps_of_seller(row.seller or {})
    if not buyer.get("name"):
        yield "buyer.name"
    if not (buyer.get("address") or {}).get("country"):
        yield "buyer.address.country"


def gaps_of_seller(seller: Mapping[str, Any]) -> Iterable[str]:
    """What every e-invoice needs to know of the seller, and is missing."""
    place = seller.get("address") or {}
    if not seller.get("name"):
        yield "seller.name"
    if not (place.get("country") or seller.get("country")):
        yield "seller.address.country"
    yield from (f"seller.address.{key}" for key in ("line1", "city", "postal_code") if not place.get(key))


def _gaps_of_sums(row: Any, trade: Trade) -> Iterable[str]:
    if not trade.items:
        yield "lines"
    if max(trade.exponent, i18n.currency_exponent(trade.tax_currency.currency) if trade.tax_currency else 0) > 2:
        yield "currency.two_decimals"
    asked = (row.seller or {}).get("tax_currency")
    if trade.tax_total and asked and not trade.tax_currency:
        yield "tax_exchange_rate"
    if (trade.tax_basis, trade.tax_basis + trade.tax_total) != (row.total_excluding_tax, row.total):
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
    if not (seller.vat_id or seller.tax_number or ("O" in codes and seller.register_number)):
        yield "seller.register_number" if "O" in codes else "seller.tax_id"
    elif codes & {"K", "G"} and not seller.vat_id:
        yield "seller.vat_id"
    if codes & {"AE", "K"} and not buyer.vat_id:
        yield "buyer.vat_id"
    if "K" in codes and trade.deliver_to is None:
        yield "delivery.address.country"


def late_payment_note(row: Invoice) -> str | None:
    """The note on late payment for a business customer, where the seller's law requires one."""
    buyer = row.buyer or {}
    if not buyer.get("tax_ids") or "e_invoices" not in (row.seller or {}):
        return None
    place = buyer.get("address") or {}
    return tax_notes.late_payment_note((row.seller or {}).get("country"), place.get("country"))


def _build_bank(row: Invoice) -> BankAccount | None:
    seller = row.seller or {}
    account = seller.get("bank_transfer") or {}
    if not account.get("iban") or row.status != "open" or row.amount_remaining <= 0:
        return None
    holder = account.get("holder") or seller.get("legal_name") or seller.get("name") or ""
    return BankAccount(
        holder=holder,
        iban=account["iban"],
        bic=account.get("bic"),
        reference=references.payment_reference(row.number, row.buyer),
    )


def _inclusive_tax(taxes: Iterable[Mapping[str, Any]]) -> int:
    return sum(tax["amount"] for tax in taxes if tax["inclusive"])


def _whole_tax(taxes: Iterable[Mapping[str, Any]]) -> int:
    return sum(tax["amount"] for tax in taxes)
