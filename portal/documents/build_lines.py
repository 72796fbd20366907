"""Builds the lines of invoices and credit notes, with their discounts, taxes and shipping."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.discounts import named_discounts
from portal.billing.discounts.named_discounts import DiscountSummary
from portal.documents import letterhead
from portal.documents.parts import Discount, DocumentLine, LineTax, Shipping, TaxAmount
from portal.models import CreditNote, Invoice
from portal.models.document_days import day_on, issue_day
from portal.rules.totals import UNTAXED_REASONS, Rate, amount_excluding_tax

#: The first and the last day of a line, or neither.
LinePeriod = tuple[date, date] | tuple[None, None]


def line_values(db: Session, row: Invoice | CreditNote, lines: list[Any]) -> dict[str, Any]:
    """The fields of a document value that come from its lines and its shipping."""
    discounts = named_discounts.document_discounts(db, lines, row.currency)
    return {
        "lines": tuple(
            _build_line(each, _line_period(row, each), discounts.of_lines.get(each.id, [])) for each in lines
        ),
        "discounts": build_discounts(discounts.of_whole),
        "shipping": _build_shipping(row.shipping_cost),
        "taxes": tuple(_sum_taxes(row, lines)),
    }


def find_supply(document: Invoice | CreditNote, rows: Iterable[Any], issued: date) -> tuple[date, date]:
    """The first and the last day of what is supplied: of the lines' periods, else the day of issue."""
    periods = [(start, end) for start, end in (_line_period(document, row) for row in rows) if start and end]
    if not periods:
        return issued, issued
    return min(start for start, _end in periods), max(end for _start, end in periods)


def build_discounts(found: Iterable[DiscountSummary]) -> tuple[Discount, ...]:
    """Discounts by their names, with what they take off."""
    return tuple(
        Discount(name=each.name, percentage=each.percentage, amount_off=each.amount_off, amount=each.amount)
        for each in found
    )


def build_tax(tax: Mapping[str, Any], rate: Mapping[str, Any], name: str, untaxed: int) -> TaxAmount:
    """The tax of one rate over a whole document; `untaxed` is what stands at the rate where nothing is taxed.

    Nobody may state a rate where the recipient owes the tax, or is exempt (Directive 2006/112/EC, Article 226).
    """
    is_untaxed = tax["taxability_reason"] in UNTAXED_REASONS
    return TaxAmount(
        display_name=name,
        percentage="0" if is_untaxed else rate["exact_percentage"],
        inclusive=tax["inclusive"],
        taxable_amount=untaxed if is_untaxed else tax["taxable_amount"],
        amount=tax["amount"],
    )


def printed_percentages(rates: Iterable[Mapping[str, Any]], taxes: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The rates of a line, in percent as decimal text: `0` where nothing is taxed."""
    if any(tax["taxability_reason"] in UNTAXED_REASONS for tax in taxes):
        return ("0",)
    return tuple(rate["exact_percentage"] for rate in rates)


def _build_line(row: Any, period: LinePeriod, discounts: Iterable[DiscountSummary]) -> DocumentLine:
    is_share = getattr(row, "proration", False)
    return DocumentLine(
        description=row.description or "",
        amount=row.amount,
        quantity=row.quantity,
        # a share of a period has no price per unit that anyone would recognise
        unit_amount_decimal=None if is_share else row.unit_amount_decimal,
        share_price=row.unit_amount_decimal if is_share else None,
        unit_label=_unit_label(row),
        period_start=period[0],
        period_end=period[1],
        tax_percentages=printed_percentages(row.tax_rates, row.taxes),
        discounts=build_discounts(discounts),
        taxes=tuple(_line_taxes(row.taxes, row.tax_rates)),
        taxes_given=getattr(row, "given_taxes", None) is not None,
        **_net_amounts(row),
    )


def _line_period(document: Invoice | CreditNote, row: Any) -> LinePeriod:
    """The days of a line's period; one that is a moment is a day of service if it isn't the day of issue."""
    start, end = getattr(row, "period_start", None), getattr(row, "period_end", None)
    if not start or not end or start > end or (start == end and day_on(document, start) == issue_day(document)):
        return None, None
    return day_on(document, start), day_on(document, end)


def _net_amounts(row: Any) -> dict[str, int]:
    """The amount without the taxes in it, after and before all discounts."""
    discount, inside = sum(each["amount"] for each in row.discount_amounts), _inclusive_tax(row.taxes)
    rates = [Rate(rate["id"], Decimal(rate["exact_percentage"]), rate["inclusive"]) for rate in row.tax_rates]
    before = amount_excluding_tax(row.amount, rates) if inside else row.amount
    return {"net_amount": row.amount - discount - inside, "undiscounted_net_amount": before}


def _unit_label(row: Any) -> str | None:
    price = getattr(row, "price", None) or {}
    label: str | None = (price.get("price") or price).get("unit_label")
    return label


def _line_taxes(taxes: Iterable[Mapping[str, Any]], frozen: Iterable[Mapping[str, Any]]) -> Iterator[LineTax]:
    rates = {rate["id"]: rate for rate in frozen}
    for tax in taxes:
        rate = rates.get(tax["tax_rate"], {})
        yield LineTax(
            percentage=rate.get("exact_percentage"),
            tax_type=rate.get("tax_type"),
            inclusive=tax["inclusive"],
            amount=tax["amount"],
            taxable_amount=tax.get("taxable_amount"),
            reason=tax.get("taxability_reason"),
        )


def _build_shipping(cost: Mapping[str, Any] | None) -> Shipping | None:
    if not cost:
        return None
    return Shipping(
        display_name=cost.get("display_name"),
        amount=cost["amount"],
        net_amount=cost["amount_subtotal"],
        tax=cost["amount_tax"],
        taxes=tuple(_line_taxes(cost["taxes"], cost.get("tax_rates", []))),
    )


def _sum_taxes(row: Invoice | CreditNote, lines: list[Any]) -> Iterator[TaxAmount]:
    """The taxes of the whole document; those whose rate no line and no shipping names are left out."""
    frozen = [*(line.tax_rates for line in lines), (row.shipping_cost or {}).get("tax_rates", [])]
    rates = {rate["id"]: rate for each in frozen for rate in each}
    nets = [(line.taxes, line.amount - sum(each["amount"] for each in line.discount_amounts)) for line in lines]
    if row.shipping_cost:
        nets.append((row.shipping_cost["taxes"], row.shipping_cost["amount"]))
    for tax in row.total_taxes:
        if rate := rates.get(tax["tax_rate"]):
            name = letterhead.name_tax(rate, row.seller, row.buyer)
            yield build_tax(tax, rate, name, sum_at_rate(rate["id"], nets))


def sum_at_rate(rate_id: str, nets: Iterable[tuple[Iterable[Mapping[str, Any]], int]]) -> int:
    """The sum of amounts, each given with its taxes, that stand at a rate."""
    return sum(amount for taxes, amount in nets if any(tax["tax_rate"] == rate_id for tax in taxes))


def _inclusive_tax(taxes: Iterable[Mapping[str, Any]]) -> int:
    return sum(tax["amount"] for tax in taxes if tax["inclusive"])
