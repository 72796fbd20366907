"""Taxes and totals of lines: on top of the price and within it, rounded, exempt, and summed by rate."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from portal.rules.totals import (
    LineTotals,
    Rate,
    document_totals,
    exclusive_tax,
    inclusive_tax,
    line_taxes,
    line_totals,
    sum_by_rate,
)


def rate(percentage: str, *, inclusive: bool = False, id: str = "") -> Rate:
    return Rate(id or f"txr_{percentage}{'i' * inclusive}", Decimal(percentage), inclusive)


def amounts(taxes: list[dict]) -> list[int]:
    return [tax["amount"] for tax in taxes]


def taxed(amount: int, rates: list[Rate]) -> LineTotals:
    return line_totals(amount, line_taxes(amount, rates), rates)


@pytest.mark.parametrize(
    ("amount", "percentage", "tax"),
    [
        (2000, "19", 380),
        (50, "19", 10),
        (3, "50", 2),
        (1, "49.9999", 0),
        (-50, "19", -10),
        (10, "8.25", 1),
        (0, "19", 0),
    ],
)
def test_tax_on_top_is_rounded_half_up(amount: int, percentage: str, tax: int) -> None:
    assert amounts(line_taxes(amount, [rate(percentage)])) == [tax]


@pytest.mark.parametrize(
    ("amount", "percentage", "tax"), [(11900, "19", 1900), (100, "19", 16), (1, "100", 1), (-11900, "19", -1900)]
)
def test_tax_within_the_price(amount: int, percentage: str, tax: int) -> None:
    [entry] = line_taxes(amount, [rate(percentage, inclusive=True)])
    assert entry["amount"] == tax
    assert entry["taxable_amount"] == amount - tax


def test_several_rates_on_top_are_each_rounded_on_the_net() -> None:
    assert amounts(line_taxes(999, [rate("5"), rate("9.975")])) == [50, 100]


def test_several_rates_within_share_one_rounding() -> None:
    rates = [rate("5", inclusive=True), rate("9.975", inclusive=True)]
    taxes = line_taxes(1000, rates)
    assert sum(amounts(taxes)) == inclusive_tax(1000, rates) == 130
    assert amounts(taxes) == [43, 87]


def test_rates_on_top_are_taken_of_the_net_when_others_are_within() -> None:
    taxes = line_taxes(1190, [rate("10"), rate("19", inclusive=True)])
    assert amounts(taxes) == [100, 190]
    assert {tax["taxable_amount"] for tax in taxes} == {1000}


@pytest.mark.parametrize(("exempt", "reason"), [("exempt", "customer_exempt"), ("reverse", "reverse_charge")])
def test_exempt_customers_pay_no_tax_and_see_why(exempt: str, reason: str) -> None:
    taxes = line_taxes(1000, [rate("19"), rate("7", inclusive=True)], tax_exempt=exempt)
    assert [(tax["amount"], tax["taxable_amount"], tax["taxability_reason"]) for tax in taxes] == [(0, 0, reason)] * 2


def test_a_rate_of_zero_is_named_as_such() -> None:
    assert line_taxes(1000, [rate("0")])[0]["taxability_reason"] == "zero_rated"


def test_totals_of_inclusive_and_exclusive_lines() -> None:
    lines = [taxed(1190, [rate("19", inclusive=True)]), taxed(1000, [rate("7")])]
    sums = document_totals(lines)
    assert (sums.subtotal, sums.subtotal_excluding_tax, sums.tax) == (2190, 2000, 260)
    assert (sums.total, sums.total_excluding_tax) == (2260, 2000)


def test_taxes_are_summed_per_rate_in_order_of_appearance() -> None:
    taxes = [*line_taxes(100, [rate("19")]), *line_taxes(100, [rate("7")]), *line_taxes(50, [rate("19")])]
    assert [(tax["tax_rate"], tax["amount"], tax["taxable_amount"]) for tax in sum_by_rate(taxes)] == [
        ("txr_19", 29, 150),
        ("txr_7", 7, 100),
    ]


def test_nothing_sums_up_to_nothing() -> None:
    assert document_totals([]) == document_totals([line_totals(0, [])])


def some_rates(chance: random.Random) -> list[Rate]:
    count = chance.randint(0, 5)
    percentages = [Decimal(chance.randint(0, 1_000_000)) / 10_000 for _ in range(count)]
    return [Rate(f"txr_{index}", each, chance.random() < 0.5) for index, each in enumerate(percentages)]


def test_thousands_of_invoices_add_up() -> None:
    chance = random.Random(7)
    for _ in range(3000):
        rates = some_rates(chance)
        amounts = [chance.randint(-(10**6), 10**9) for _ in range(chance.randint(1, 5))]
        sums = document_totals(taxed(amount, rates) for amount in amounts)
        assert sums.total_excluding_tax + sums.tax == sums.total
        assert sum(tax["amount"] for tax in sums.taxes) == sums.tax
        assert sums.subtotal == sum(amounts)


def test_thousands_of_lines_are_within_half_a_unit_of_exact() -> None:
    chance = random.Random(11)
    for _ in range(3000):
        amount, rates = chance.randint(-(10**9), 10**9), some_rates(chance)
        inside = [each for each in rates if each.inclusive]
        percent = sum(each.percentage for each in inside)
        assert abs(inclusive_tax(amount, inside) - Decimal(amount) * percent / (100 + percent)) <= Decimal("0.5")
        net = amount - inclusive_tax(amount, inside)
        exact = {each.id: net * each.percentage / 100 for each in rates if not each.inclusive}
        taxes = {tax["tax_rate"]: tax["amount"] for tax in line_taxes(amount, rates)}
        assert all(abs(taxes[id] - value) <= Decimal("0.5") for id, value in exact.items())


def test_exclusive_tax_keeps_the_sign() -> None:
    assert exclusive_tax(-333, rate("19")) == -exclusive_tax(333, rate("19"))
