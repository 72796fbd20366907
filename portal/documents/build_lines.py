"""Builds the lines of invoices and credit notes, with their discounts, taxes and shipping."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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
#: The taxes of a line or of shipping, and what is taxed, after discounts.
TaxedAmount = tuple[Iterable[Mapping[str, Any]], int]


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


def build_taxes(
    taxes: Iterable[Mapping[str, Any]],
    rates: Mapping[str, Mapping[str, Any]],
    names: Mapping[str, str],
    nets: Sequence[TaxedAmount],
    *,
    is_first: bool,
) -> Iterator[TaxAmount]:
    """The taxes of a whole document, with `rates` and their `names` by id; those without a rate are left out.

    Nobody may state a rate where the recipient owes the tax, or is exempt (Directive 2006/112/EC, Article 226). So all
    that is not taxed is one entry for each name; the first version of the look has one for each rate.
    """
    groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for tax in taxes:
        if (id := tax["tax_rate"]) in rates:
            is_untaxed = tax["taxability_reason"] in UNTAXED_REASONS
            key = (names[id],) if is_untaxed and not is_first else (id, tax["taxability_reason"])
            groups.setdefault(key, []).append(tax)
    for group in groups.values():
        yield _build_tax(group, rates[group[0]["tax_rate"]], names[group[0]["tax_rate"]], nets, is_first)


def _build_tax(
    group: Sequence[Mapping[str, Any]],
    rate: Mapping[str, Any],
    name: str,
    nets: Sequence[TaxedAmount],
    is_first: bool,
) -> TaxAmount:
    """One entry of the taxes; what is not taxed is neither on top of prices nor within them."""
    tax = group[0]
    if tax["taxability_reason"] not in UNTAXED_REASONS:
        return TaxAmount(
            display_name=name,
            percentage=rate["exact_percentage"],
            inclusive=tax["inclusive"],
            taxable_amount=tax["taxable_amount"],
            amount=tax["amount"],
        )
    return TaxAmount(
        display_name=name,
        percentage="0",
        inclusive=tax["inclusive"] and is_first,
        taxable_amount=_sum_at_rates({each["tax_rate"] for each in group}, nets),
        amount=0,
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
    names = {id: letterhead.name_tax(rate, row.seller, row.buyer) for id, rate in rates.items()}
    nets = [(line.taxes, line.amount - sum(each["amount"] for each in line.discount_amounts)) for line in lines]
    if row.shipping_cost:
        nets.append((row.shipping_cost["taxes"], row.shipping_cost["amount"]))
    return build_taxes(row.total_taxes, rates, names, nets, is_first=letterhead.has_first_look(row.seller or {}))


def _sum_at_rates(rate_ids: Collection[str], nets: Iterable[TaxedAmount]) -> int:
    """The sum of the amounts that stand at any of these rates, each once."""
    return sum(amount for taxes, amount in nets if any(tax["tax_rate"] in rate_ids for tax in taxes))


def _inclusive_tax(taxes: Iterable[Mapping[str, Any]]) -> int:
    return sum(tax["amount"] for tax in taxes if tax["inclusive"])
