"""Taxes of a line and totals of a document, exact to the unit.

Each line is rounded by itself (half up); several inclusive rates share one rounding, so that net
and taxes always add up to the price.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from portal.rules.money import rounded, split


@dataclass(frozen=True)
class Rate:
    """A tax rate: id and percentage (`Decimal("19")`), within the price or on top of it."""

    id: str
    percentage: Decimal
    inclusive: bool


@dataclass(frozen=True)
class Totals:
    """The sums of a document; `taxes` has one entry per rate, in order of appearance."""

    subtotal: int
    subtotal_excluding_tax: int
    tax: int
    total: int
    total_excluding_tax: int
    taxes: list[dict[str, Any]]


def line_taxes(amount: int, rates: Sequence[Rate], *, tax_exempt: str = "none") -> list[dict[str, Any]]:
    """The tax of each rate on a line of `amount`.

    `tax_exempt` is the customer's: for `exempt` and `reverse` every tax is nil, with the reason.
    Entries have `tax_rate`, `inclusive`, `amount`, `taxable_amount`, `taxability_reason`.
    """
    if tax_exempt != "none":
        reason = "reverse_charge" if tax_exempt == "reverse" else "customer_exempt"
        return [_entry(rate, 0, 0, reason) for rate in rates]
    inside = [rate for rate in rates if rate.inclusive]
    whole = inclusive_tax(amount, inside)
    within = split(whole, [rate.percentage for rate in inside])
    amounts = dict(zip([rate.id for rate in inside], within, strict=True))
    net = amount - whole
    return [
        _entry(rate, amounts[rate.id] if rate.inclusive else exclusive_tax(net, rate), net, _reason(rate))
        for rate in rates
    ]


def inclusive_tax(amount: int, rates: Sequence[Rate]) -> int:
    """The tax within a price that holds all of these rates."""
    percent = sum((rate.percentage for rate in rates), Decimal(0))
    return rounded(amount * percent / (100 + percent))


def exclusive_tax(net: int, rate: Rate) -> int:
    """The tax on top of a net amount."""
    return rounded(net * rate.percentage / 100)


def totals(lines: Iterable[tuple[int, list[dict[str, Any]]]]) -> Totals:
    """The sums over (amount, taxes) of every line; amounts hold inclusive and not exclusive taxes."""
    pairs = list(lines)
    taxes = [tax for _, entries in pairs for tax in entries]
    inclusive = sum(tax["amount"] for tax in taxes if tax["inclusive"])
    exclusive = sum(tax["amount"] for tax in taxes if not tax["inclusive"])
    subtotal = sum(amount for amount, _ in pairs)
    return Totals(
        subtotal=subtotal,
        subtotal_excluding_tax=subtotal - inclusive,
        tax=inclusive + exclusive,
        total=subtotal + exclusive,
        total_excluding_tax=subtotal - inclusive,
        taxes=by_rate(taxes),
    )


def by_rate(taxes: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Tax entries of many lines summed per rate and reason."""
    sums: dict[tuple[str, str], dict[str, Any]] = {}
    for tax in taxes:
        entry = sums.setdefault((tax["tax_rate"], tax["taxability_reason"]), {**tax, "amount": 0, "taxable_amount": 0})
        entry["amount"] += tax["amount"]
        entry["taxable_amount"] += tax["taxable_amount"]
    return list(sums.values())


def _reason(rate: Rate) -> str:
    return "standard_rated" if rate.percentage else "zero_rated"


def _entry(rate: Rate, amount: int, taxable_amount: int, reason: str) -> dict[str, Any]:
    return {
        "tax_rate": rate.id,
        "inclusive": rate.inclusive,
        "amount": amount,
        "taxable_amount": taxable_amount,
        "taxability_reason": reason,
    }
