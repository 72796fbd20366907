"""Computes what discounts take off the lines of an invoice: exact to the minor unit, never more than the line.

A line's own discounts apply first, then those of the invoice, each to what is left. A percentage is rounded once
(half up) over all lines that it applies to and then split over them, so that the invoice shows exactly that percentage.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from portal.rules.money import round_half_up, split_amount


@dataclass(frozen=True)
class DiscountTerms:
    """A discount: `percent` off, else `amount` off in minor units; limited to `products` where given."""

    id: str
    percent: Decimal | None = None
    amount: int = 0
    products: frozenset[str] | None = None


@dataclass(frozen=True)
class Discountable:
    """A line before discounts. A discount applies to a charge, never to a credit."""

    amount: int
    discountable: bool = True
    product: str | None = None
    own: Sequence[DiscountTerms] = ()


def discount_amounts(lines: Sequence[Discountable], cuts: Sequence[DiscountTerms]) -> list[list[dict[str, Any]]]:
    """For each line, what its own discounts and then `cuts` (the invoice's discounts) take off it.

    Entries have `discount` and `amount`; a discount that takes nothing off a line has no entry there.
    """
    left = [max(0, line.amount) if line.discountable else 0 for line in lines]
    taken: list[list[dict[str, Any]]] = [[] for _ in lines]
    own = [(cut, [index]) for index, line in enumerate(lines) for cut in line.own]
    everywhere = [(cut, list(range(len(lines)))) for cut in cuts]
    for cut, among in own + everywhere:
        fitting = [index for index in among if cut.products is None or lines[index].product in cut.products]
        for index, part in zip(fitting, _split_discount(cut, [left[index] for index in fitting]), strict=True):
            if part:
                left[index] -= part
                taken[index].append({"discount": cut.id, "amount": part})
    return taken


def sum_by_discount(entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The amounts of many lines summed per discount, in order of appearance."""
    sums: dict[str, int] = {}
    for entry in entries:
        sums[entry["discount"]] = sums.get(entry["discount"], 0) + entry["amount"]
    return [{"discount": id, "amount": amount} for id, amount in sums.items()]


def sum_discounts(entries: Sequence[dict[str, Any]], *, only: Sequence[str] | None = None) -> int:
    """The sum of discount amounts, of the discounts in `only` where given."""
    return sum(entry["amount"] for entry in entries if only is None or entry["discount"] in only)


class Redeemable(Protocol):
    """Anything that counts its redemptions: a coupon or a promotion code."""

    max_redemptions: int | None
    times_redeemed: int


class RedeemableCoupon(Redeemable, Protocol):
    """A coupon: nobody can redeem it after `redeem_by`."""

    redeem_by: int | None


class RedeemablePromotionCode(Redeemable, Protocol):
    """A promotion code: the merchant can deactivate it, and it can expire."""

    active: bool
    expires_at: int | None


def is_valid_coupon(coupon: RedeemableCoupon, now: int) -> bool:
    """Whether a coupon can still be redeemed (the wire's `valid`)."""
    return not _is_used_up(coupon) and (coupon.redeem_by is None or now < coupon.redeem_by)


def is_usable_code(code: RedeemablePromotionCode, now: int) -> bool:
    """Whether a promotion code can still be used, its coupon aside."""
    return code.active and not _is_used_up(code) and (code.expires_at is None or now < code.expires_at)


def is_running(end: int | None, moment: int) -> bool:
    """Whether a discount that ends at `end` still lowers a bill for what begins at `moment`.

    A `repeating` coupon of three months on a monthly price lowers three bills: the fourth begins at its end.
    """
    return end is None or moment < end


def _is_used_up(redeemable: Redeemable) -> bool:
    most = redeemable.max_redemptions
    return most is not None and redeemable.times_redeemed >= most


def _split_discount(cut: DiscountTerms, left: Sequence[int]) -> list[int]:
    whole = sum(left)
    off = cut.amount if cut.percent is None else round_half_up(whole * cut.percent / 100)
    return split_amount(min(off, whole), [Decimal(amount) for amount in left])
