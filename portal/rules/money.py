"""Exact money arithmetic: decimals in between, whole minor units at the end, halves rounded away from zero."""

from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal


def round_half_up(amount: Decimal) -> int:
    """The nearest whole minor unit; halves go away from zero."""
    return int(amount.to_integral_value(ROUND_HALF_UP))


def decimal_text(value: Decimal) -> str:
    """A decimal as the shortest text without an exponent: `19`, `0.5`."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def split_amount(amount: int, weights: Sequence[Decimal]) -> list[int]:
    """Split `amount` into parts proportional to `weights`; the parts add up to `amount` exactly.

    Units left over by rounding go to the parts with the largest remainders, earlier parts first.
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


def multiply_price(unit_amount_decimal: str, quantity: int) -> int:
    """Price times quantity in whole minor units."""
    return round_half_up(Decimal(unit_amount_decimal) * quantity)
