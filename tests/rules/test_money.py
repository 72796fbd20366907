"""Money: how amounts are rounded, multiplied, written and split without losing a unit."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from portal.rules.money import decimal_text, multiply_price, round_half_up, split_amount


@pytest.mark.parametrize(
    ("exact", "whole"),
    [("0.5", 1), ("1.5", 2), ("2.5", 3), ("-0.5", -1), ("-2.5", -3), ("2.4999999999", 2), ("-0.49", 0)],
)
def test_halves_go_away_from_zero(exact: str, whole: int) -> None:
    assert round_half_up(Decimal(exact)) == whole


@pytest.mark.parametrize(
    ("unit", "quantity", "amount"),
    [
        ("0.05", 1000, 50),
        ("0.000000000001", 999_999_999, 0),
        ("0.1", 5, 1),
        ("-0.05", 1000, -50),
        ("1999.5", 1, 2000),
        ("999999999999", 1, 999_999_999_999),
        ("333.333333333333", 3, 1000),
        ("7", 0, 0),
    ],
)
def test_price_times_quantity(unit: str, quantity: int, amount: int) -> None:
    assert multiply_price(unit, quantity) == amount


@pytest.mark.parametrize(
    ("value", "text"), [("19", "19"), ("7.50", "7.5"), ("0.5000", "0.5"), ("1E+3", "1000"), ("100", "100")]
)
def test_plain_is_the_shortest_text(value: str, text: str) -> None:
    assert decimal_text(Decimal(value)) == text


@pytest.mark.parametrize(
    ("amount", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (1, [0, 3], [0, 1]),
        (0, [5, 5], [0, 0]),
        (0, [0, 0], [0, 0]),
        (-3, [-1, -2], [-1, -2]),
        (7, [], []),
    ],
)
def test_split_keeps_every_unit(amount: int, weights: list[int], parts: list[int]) -> None:
    assert split_amount(amount, [Decimal(weight) for weight in weights]) == parts


def test_split_is_exact_and_fair_for_thousands_of_sums() -> None:
    chance = random.Random(1)
    for _ in range(5000):
        amount = chance.randint(-(10**12), 10**12)
        weights = [Decimal(chance.randint(0, 10**6)) / 10**4 for _ in range(chance.randint(1, 6))]
        parts = split_amount(amount, weights)
        whole = sum(weights)
        assert sum(parts) == (amount if whole else 0)
        assert all(
            abs(part - amount * weight / whole) < 1 for part, weight in zip(parts, weights, strict=True) if whole
        )
