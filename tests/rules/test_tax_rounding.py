"""Where tax is rounded: on each line, or once for each rate, and then divided over the lines."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.credit_notes import EarlierCredits, part_taxes
from portal.rules.tax_rounding import choose_rounding, document_taxes
from portal.rules.totals import Rate, exclusive_tax, inclusive_tax, line_taxes

ON_TOP = [Rate("txr_top", Decimal(19), inclusive=False)]
INSIDE = [Rate("txr_in", Decimal("8.875"), inclusive=True)]
amounts = st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=60)


def taxes_of(found: list[list[dict[str, Any]]]) -> list[int]:
    return [entries[0]["amount"] for entries in found]


@pytest.mark.parametrize(
    ("country", "settings", "rounding"),
    [
        ("DE", {}, "per_line"),
        ("DE", {"e_invoices": None}, "per_line"),
        ("DE", {"e_invoices": {"formats": ["xrechnung"]}}, "per_invoice"),
        ("DE", {"e_invoices": {"contact": "Accounts"}}, "per_invoice"),
        ("DE", {"e_invoices": {"formats": []}}, "per_line"),
        ("DE", {"e_invoices": {"formats": ["peppol"]}, "tax_rounding": "per_line"}, "per_line"),
        ("DE", {"tax_rounding": "per_invoice"}, "per_invoice"),
        ("JP", {}, "per_invoice"),
        ("JP", {"tax_rounding": None}, "per_invoice"),
        ("JP", {"tax_rounding": "per_line"}, "per_line"),
    ],
)
def test_where_an_account_rounds(country: str, settings: dict[str, Any], rounding: str) -> None:
    assert choose_rounding(country, settings) == rounding


def test_three_lines_of_japan() -> None:
    found = document_taxes([(105, [Rate("txr_1", Decimal(10), inclusive=False)])] * 3, rounding="per_invoice")
    assert taxes_of(found) == [11, 10, 11]


@given(amounts)
def test_tax_on_top_of_all_lines_is_that_of_their_sum(lines: list[int]) -> None:
    found = document_taxes([(amount, ON_TOP) for amount in lines], rounding="per_invoice")
    assert sum(taxes_of(found)) == exclusive_tax(sum(lines), ON_TOP[0])
    exact = [amount * Decimal(19) / 100 for amount in lines]
    assert all(abs(tax - each) <= 1 for tax, each in zip(taxes_of(found), exact, strict=True))


@given(amounts)
def test_tax_within_all_prices_is_that_of_their_sum(lines: list[int]) -> None:
    found = document_taxes([(amount, INSIDE) for amount in lines], rounding="per_invoice")
    assert sum(taxes_of(found)) == inclusive_tax(sum(lines), INSIDE)
    for amount, (entry,) in zip(lines, found, strict=True):
        assert entry["taxable_amount"] + entry["amount"] == amount


def test_rates_within_and_on_top_of_one_price_are_each_rounded_once() -> None:
    found = document_taxes([(33, [*INSIDE, *ON_TOP])] * 7, rounding="per_invoice")
    assert sum(entries[0]["amount"] for entries in found) == inclusive_tax(231, INSIDE)
    nets = [entries[1]["taxable_amount"] for entries in found]
    assert sum(entries[1]["amount"] for entries in found) == exclusive_tax(sum(nets), ON_TOP[0])


def test_two_rates_within_one_price_share_the_difference() -> None:
    rates = [Rate(f"txr_{number}", Decimal(10), inclusive=True) for number in range(2)]
    found = document_taxes([(13, rates)] * 240, rounding="per_invoice")
    assert [sum(entries[index]["amount"] for entries in found) for index in range(2)] == [260, 260]


@given(amounts, st.data())
def test_any_run_of_lines_has_the_tax_of_its_sum(lines: list[int], data: st.DataObject) -> None:
    found = taxes_of(document_taxes([(amount, ON_TOP) for amount in lines], rounding="per_invoice"))
    start = data.draw(st.integers(0, len(lines) - 1))
    stop = data.draw(st.integers(start + 1, len(lines)))
    assert abs(sum(found[start:stop]) - Decimal(19) * sum(lines[start:stop]) / 100) <= 1


@pytest.mark.parametrize("exempt", ["exempt", "reverse"])
def test_who_is_exempt_pays_none(exempt: str) -> None:
    found = document_taxes([(105, ON_TOP)] * 3, tax_exempt=exempt, rounding="per_invoice")
    assert taxes_of(found) == [0, 0, 0]


@given(amounts)
def test_per_line_is_what_each_line_has_by_itself(lines: list[int]) -> None:
    assert document_taxes([(amount, ON_TOP) for amount in lines]) == [line_taxes(amount, ON_TOP) for amount in lines]


@given(st.lists(st.integers(1, 10**4), min_size=1, max_size=60), st.sampled_from([ON_TOP, INSIDE]), st.data())
def test_a_credit_of_all_parts_gives_back_the_tax_of_each_line(
    lines: list[int], rates: list[Rate], data: st.DataObject
) -> None:
    for amount, whole in zip(
        lines, document_taxes([(amount, rates) for amount in lines], rounding="per_invoice"), strict=True
    ):
        first = data.draw(st.integers(0, amount))
        begun = part_taxes(whole, rates, EarlierCredits(), first, amount)
        rest = part_taxes(whole, rates, EarlierCredits().with_part(first, None, begun), amount - first, amount)
        assert begun[0]["amount"] + rest[0]["amount"] == whole[0]["amount"]
        assert begun[0]["taxable_amount"] + rest[0]["taxable_amount"] == whole[0]["taxable_amount"]
