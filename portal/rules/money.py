"""Exact money: decimals on the way, whole minor units at the end, half a unit rounded away from zero."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal


def rounded(amount: Decimal) -> int:
    """The nearest whole minor unit; halves go away from zero."""
    return int(amount.to_integral_value(ROUND_HALF_UP))


def plain(value: Decimal) -> str:
    """A decimal as the shortest text without an exponent: `19`, `0.5`."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def split(amount: int, weights: Sequence[Decimal]) -> list[int]:
    """`amount` in parts proportional to `weights`, whose sum is `amount` to the last unit.

    Units that rounding leaves over go to the parts with the largest remainders, first ones first.
    """
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    exact = [amount * weight / whole for weight in weights]
    parts = [int(part.to_integral_value(ROUND_DOWN)) for part in exact]
    missing = amount - sum(parts)
    step = 1 if missing > 0 else -1
    by_remainder = sorted(range(len(parts)), key=lambda index: -abs(exact[index] - parts[index]))
    for index in by_remainder[: abs(missing)]:
        parts[index] += step
    return parts


def times(unit_amount_decimal: str, quantity: int) -> int:
    """Price times quantity in whole minor units."""
    return rounded(Decimal(unit_amount_decimal) * quantity)
