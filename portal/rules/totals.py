"""Computes the taxes of a line and the totals of a document, exact to the minor unit, after discounts.

Each line is rounded separately (half up), unless `tax_rounding` rounds them together; several inclusive rates share one
rounding, so that net and taxes always add up to the price.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from portal.rules.money import round_half_up, split_amount


@dataclass(frozen=True)
class Rate:
    """A tax rate: id and percentage (`Decimal("19")`), included in the price or added to it."""

    id: str
    percentage: Decimal
    inclusive: bool


@dataclass(frozen=True)
class DocumentTotals:
    """The sums of a document; `taxes` has one entry per rate, in order of appearance.

    As in the reference, `subtotal` is before the document's discounts, exclusive taxes and shipping, but after
    discounts of single lines; `total` and `total_excluding_tax` are after all of them.
    """

    subtotal: int
    subtotal_excluding_tax: int
    tax: int
    total: int
    total_excluding_tax: int
    taxes: list[dict[str, Any]]


@dataclass(frozen=True)
class LineTotals:
    """What a line adds to the totals of a document (see `line_totals`)."""

    subtotal: int
    subtotal_excluding_tax: int
    discount: int
    taxes: list[dict[str, Any]]


#: Reasons for which no tax is in an amount, whatever the rates say.
UNTAXED_REASONS = frozenset({"customer_exempt", "reverse_charge"})


def line_taxes(amount: int, rates: Sequence[Rate], *, tax_exempt: str = "none") -> list[dict[str, Any]]:
    """The tax of each rate on a line of `amount`.

    `tax_exempt` is the customer's: for `exempt` and `reverse` every tax is zero, with the reason.
    Entries have `tax_rate`, `inclusive`, `amount`, `taxable_amount`, `taxability_reason`.
    """
    if tax_exempt != "none":
        reason = "reverse_charge" if tax_exempt == "reverse" else "customer_exempt"
        return [_tax_entry(rate, 0, 0, reason) for rate in rates]
    inside = [rate for rate in rates if rate.inclusive]
    whole = inclusive_tax(amount, inside)
    within = split_amount(whole, [rate.percentage for rate in inside])
    amounts = dict(zip([rate.id for rate in inside], within, strict=True))
    net = amount - whole
    return [
        _tax_entry(
            rate, amounts[rate.id] if rate.inclusive else exclusive_tax(net, rate), net, _taxability_reason(rate)
        )
        for rate in rates
    ]


def inclusive_tax(amount: int, rates: Sequence[Rate]) -> int:
    """The tax included in a price that contains all of these rates."""
    percent = sum((rate.percentage for rate in rates), Decimal(0))
    return round_half_up(amount * percent / (100 + percent))


def exclusive_tax(net: int, rate: Rate) -> int:
    """The tax on top of a net amount."""
    return round_half_up(net * rate.percentage / 100)


def document_totals(parts: Iterable[LineTotals], shipping: Mapping[str, Any] | None = None) -> DocumentTotals:
    """The sums of a document: subtotal, less its discounts, plus exclusive taxes, plus shipping."""
    found = list(parts)
    taxes = [tax for part in found for tax in part.taxes]
    gross = sum(part.subtotal - part.discount for part in found)
    net, on_top = gross - _sum_taxes(taxes, inclusive=True), _sum_taxes(taxes, inclusive=False)
    sent = shipping or {"amount_subtotal": 0, "amount_tax": 0, "amount_total": 0, "taxes": []}
    return DocumentTotals(
        subtotal=sum(part.subtotal for part in found),
        subtotal_excluding_tax=sum(part.subtotal_excluding_tax for part in found),
        tax=gross - net + on_top + sent["amount_tax"],
        total=gross + on_top + sent["amount_total"],
        total_excluding_tax=net + sent["amount_subtotal"],
        taxes=sum_by_rate([*taxes, *sent["taxes"]]),
    )


def line_totals(
    subtotal: int, taxes: list[dict[str, Any]], rates: Sequence[Rate] = (), discount: int = 0
) -> LineTotals:
    """What a line adds to the totals; `subtotal` is its amount less its own discounts.

    `discount` is what the document's discounts take off that; `taxes` are those of the rest.
    """
    if not discount or any(tax["taxability_reason"] in UNTAXED_REASONS for tax in taxes):
        return LineTotals(subtotal, subtotal - _sum_taxes(taxes, inclusive=True), discount, taxes)
    return LineTotals(subtotal, amount_excluding_tax(subtotal, rates), discount, taxes)


def amount_excluding_tax(amount: int, rates: Sequence[Rate]) -> int:
    """An amount without the inclusive taxes in it."""
    return amount - inclusive_tax(amount, [rate for rate in rates if rate.inclusive])


def shipping_cost(amount: int, taxes: list[dict[str, Any]]) -> dict[str, Any]:
    """The shipping cost with its taxes: `amount_subtotal` excludes all taxes, `amount_total` includes them."""
    inside, on_top = _sum_taxes(taxes, inclusive=True), _sum_taxes(taxes, inclusive=False)
    return {
        "amount_subtotal": amount - inside,
        "amount_tax": inside + on_top,
        "amount_total": amount + on_top,
        "taxes": taxes,
    }


def sum_by_rate(taxes: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Tax entries of many lines, summed by rate and reason."""
    sums: dict[tuple[str, str], dict[str, Any]] = {}
    for tax in taxes:
        entry = sums.setdefault((tax["tax_rate"], tax["taxability_reason"]), {**tax, "amount": 0, "taxable_amount": 0})
        entry["amount"] += tax["amount"]
        entry["taxable_amount"] += tax["taxable_amount"]
    return list(sums.values())


def _sum_taxes(taxes: Iterable[Mapping[str, Any]], *, inclusive: bool) -> int:
    return sum(tax["amount"] for tax in taxes if tax["inclusive"] == inclusive)


def _taxability_reason(rate: Rate) -> str:
    return "standard_rated" if rate.percentage else "zero_rated"


def _tax_entry(rate: Rate, amount: int, taxable_amount: int, reason: str) -> dict[str, Any]:
    return {
        "tax_rate": rate.id,
        "inclusive": rate.inclusive,
        "amount": amount,
        "taxable_amount": taxable_amount,
        "taxability_reason": reason,
    }
