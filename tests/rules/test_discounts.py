"""Discounts: what each takes off which line, in which order, and how it is rounded."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.discounts import (
    Discountable,
    DiscountTerms,
    discount_amounts,
    is_running,
    sum_by_discount,
    sum_discounts,
)
from portal.rules.totals import Rate, document_totals, line_taxes, line_totals, shipping_cost

TENTH = DiscountTerms("di_tenth", percent=Decimal(10))


def amounts(lines: list[Discountable], cuts: list[DiscountTerms]) -> list[int]:
    return [sum_discounts(entries) for entries in discount_amounts(lines, cuts)]


def test_a_percentage_is_taken_off_every_line() -> None:
    assert amounts([Discountable(1000), Discountable(500)], [TENTH]) == [100, 50]


def test_a_percentage_is_rounded_once_over_all_lines() -> None:
    assert amounts([Discountable(5)] * 3, [TENTH]) == [1, 1, 0]


def test_an_amount_is_spread_over_the_lines_by_what_they_cost() -> None:
    assert amounts([Discountable(1000), Discountable(2000)], [DiscountTerms("di_1", amount=100)]) == [33, 67]


def test_an_amount_takes_no_more_than_there_is() -> None:
    assert amounts([Discountable(1000), Discountable(500)], [DiscountTerms("di_1", amount=9999)]) == [1000, 500]


def test_discounts_of_a_line_come_before_those_of_the_invoice() -> None:
    lines = [Discountable(1000, own=[DiscountTerms("di_own", amount=500)]), Discountable(1000)]
    first, second = discount_amounts(lines, [TENTH])
    assert first == [{"discount": "di_own", "amount": 500}, {"discount": "di_tenth", "amount": 50}]
    assert second == [{"discount": "di_tenth", "amount": 100}]


def test_each_discount_is_taken_off_what_the_former_left() -> None:
    assert amounts([Discountable(1000)], [TENTH, DiscountTerms("di_half", percent=Decimal(50))]) == [100 + 450]


@pytest.mark.parametrize("line", [Discountable(-1000), Discountable(1000, discountable=False), Discountable(0)])
def test_credits_and_what_is_excepted_are_not_discounted(line: Discountable) -> None:
    assert discount_amounts([line, Discountable(1000)], [TENTH]) == [[], [{"discount": "di_tenth", "amount": 100}]]


def test_a_discount_of_some_products_leaves_others_alone() -> None:
    lines = [Discountable(1000, product="prod_1"), Discountable(1000, product="prod_2"), Discountable(1000)]
    assert amounts(lines, [DiscountTerms("di_1", percent=Decimal(10), products=frozenset({"prod_2"}))]) == [0, 100, 0]


def test_amounts_are_summed_per_discount() -> None:
    entries = [entry for line in discount_amounts([Discountable(1000)] * 2, [TENTH]) for entry in line]
    assert sum_by_discount(entries) == [{"discount": "di_tenth", "amount": 200}]


@pytest.mark.parametrize(("end", "moment", "running"), [(None, 10**9, True), (100, 99, True), (100, 100, False)])
def test_a_discount_lowers_bills_for_what_begins_before_its_end(end: int | None, moment: int, running: bool) -> None:
    assert is_running(end, moment) is running


percentages = st.decimals(0, 100, places=2)
cuts = st.builds(
    DiscountTerms,
    id=st.uuids().map(str),
    percent=st.none() | percentages,
    amount=st.integers(0, 10**6),
    products=st.none() | st.just(frozenset({"prod_1"})),
)
lines = st.builds(
    Discountable,
    amount=st.integers(-(10**6), 10**9),
    discountable=st.booleans(),
    product=st.sampled_from(["prod_1", "prod_2", None]),
    own=st.lists(cuts, max_size=2),
)


@given(st.lists(lines, max_size=6), st.lists(cuts, max_size=3))
def test_no_discount_takes_more_than_a_line_has(found: list[Discountable], whole: list[DiscountTerms]) -> None:
    for line, off in zip(found, amounts(found, whole), strict=True):
        assert 0 <= off <= max(0, line.amount if line.discountable else 0)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=6), percentages)
def test_a_percentage_is_within_half_a_unit_of_exact(charges: list[int], percentage: Decimal) -> None:
    off = sum(amounts([Discountable(each) for each in charges], [DiscountTerms("di_1", percent=percentage)]))
    assert abs(off - sum(charges) * percentage / 100) <= Decimal("0.5")


rates = st.lists(st.tuples(percentages, st.booleans()), max_size=3).map(
    lambda found: [Rate(f"txr_{index}", percentage, inside) for index, (percentage, inside) in enumerate(found)]
)


@given(st.lists(st.tuples(lines, rates), max_size=5), st.lists(cuts, max_size=3), st.integers(0, 10**5), rates)
def test_totals_are_lines_less_discounts_plus_taxes_plus_shipping(
    found: list[tuple[Discountable, list[Rate]]], whole: list[DiscountTerms], postage: int, postage_rates: list[Rate]
) -> None:
    taken_off = discount_amounts([line for line, _ in found], whole)
    parts = []
    for (line, own_rates), entries in zip(found, taken_off, strict=True):
        own = sum_discounts(entries, only=[each.id for each in line.own])
        taxes = line_taxes(line.amount - sum_discounts(entries), own_rates)
        parts.append(line_totals(line.amount - own, taxes, own_rates, discount=sum_discounts(entries) - own))
    shipping = shipping_cost(postage, line_taxes(postage, postage_rates))
    sums = document_totals(parts, shipping)
    gross = sum(line.amount for line, _ in found) - sum(sum_discounts(entries) for entries in taken_off)
    on_top = sum(tax["amount"] for each in parts for tax in each.taxes if not tax["inclusive"])
    assert sums.total == gross + on_top + shipping["amount_total"]
    assert sums.total_excluding_tax + sums.tax == sums.total
    assert sum(tax["amount"] for tax in sums.taxes) == sums.tax


@given(st.integers(0, 10**9), rates)
def test_shipping_adds_up(amount: int, postage_rates: list[Rate]) -> None:
    cost = shipping_cost(amount, line_taxes(amount, postage_rates))
    assert cost["amount_subtotal"] + cost["amount_tax"] == cost["amount_total"]
    assert sum(tax["amount"] for tax in cost["taxes"]) == cost["amount_tax"]


def test_the_subtotal_holds_discounts_of_lines_and_not_those_of_the_invoice() -> None:
    inside = [Rate("txr_1", Decimal(19), inclusive=True)]
    sums = document_totals([line_totals(11900 - 1190, line_taxes(11900 - 2380, inside), inside, discount=1190)])
    assert (sums.subtotal, sums.subtotal_excluding_tax) == (10710, 9000)
    assert (sums.total, sums.total_excluding_tax, sums.tax) == (9520, 8000, 1520)
