"""How much of an invoice a credit note may take back, how it is settled, and the taxes of a part.

Parts of a line are cut cumulatively: each part is what the line is worth up to its end, less what
earlier parts took. However a line is cut, its parts add up to it, and no part has the wrong sign.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from portal.rules.money import rounded, split
from portal.rules.totals import Rate, exclusive_tax, inclusive_tax

#: What can be credited. A draft is changed instead, a void invoice asks for nothing.
CREDITABLE = frozenset({"open", "paid", "uncollectible"})


class NotCreditable(ValueError):
    """The amounts don't fit the invoice; the message says how."""


@dataclass(frozen=True)
class Settled:
    """Parts of a credit note's total: before payment it lowers what is due, the rest is given back."""

    pre_payment: int
    credit: int
    out_of_band: int

    @property
    def type(self) -> str:
        """The wire's `type`."""
        given_back = self.credit + self.out_of_band
        if self.pre_payment and given_back:
            return "mixed"
        return "pre_payment" if self.pre_payment else "post_payment"


@dataclass(frozen=True)
class Credited:
    """What earlier credit notes took back of an invoice line, before its discounts.

    `taxes` are amounts by tax rate, `discounts` by discount.
    """

    amount: int = 0
    quantity: int = 0
    by_amount: bool = False
    taxes: Mapping[str, int] = field(default_factory=dict)
    discounts: Mapping[str, int] = field(default_factory=dict)

    @property
    def discounted(self) -> int:
        """What was taken back with the discounts taken off, which is what the taxes are of."""
        return self.amount - sum(self.discounts.values())

    def plus(
        self,
        amount: int,
        quantity: int | None,
        taxes: Sequence[Mapping[str, Any]],
        discounts: Sequence[Mapping[str, Any]] = (),
    ) -> Credited:
        """The sum after one more part, which was credited by amount where it has no quantity."""
        return Credited(
            self.amount + amount,
            self.quantity + (quantity or 0),
            quantity is None,
            _summed(self.taxes, taxes, "tax_rate"),
            _summed(self.discounts, discounts, "discount"),
        )


def settled(
    *,
    total: int,
    status: str,
    invoice_total: int,
    credited: int,
    amount_remaining: int,
    credit: int | None,
    out_of_band: int | None,
) -> Settled:
    """How a credit note of `total` is settled on an invoice.

    It first lowers what remains due. What exceeds that was paid before, so balance credit and what
    was given back outside add up to it. Raises `NotCreditable` otherwise.
    """
    if status not in CREDITABLE:
        raise NotCreditable(f"An invoice that is {status} can't be credited; it must be open or paid.")
    if total <= 0:
        raise NotCreditable("The credit note's total must be positive.")
    if credited + total > invoice_total:
        raise NotCreditable(
            f"The credit notes of this invoice may not exceed its total: {invoice_total - credited} is left to credit."
        )
    pre_payment = min(total, amount_remaining)
    given, needed = (credit or 0) + (out_of_band or 0), total - pre_payment
    if given != needed:
        raise NotCreditable(_mismatch(given, needed, pre_payment))
    return Settled(pre_payment, credit or 0, out_of_band or 0)


def of_quantity(whole: int, whole_quantity: int, earlier: Credited, quantity: int) -> int:
    """What `quantity` more units of a line are worth, of `whole_quantity` units worth `whole`."""
    up_to = rounded(Decimal(whole) * (earlier.quantity + quantity) / whole_quantity)
    return up_to - earlier.amount


def part_discounts(
    whole: int, whole_discounts: Sequence[Mapping[str, Any]], earlier: Credited, amount: int
) -> list[dict[str, Any]]:
    """What the discounts of a line of `whole` take off its next `amount`; entries as the line has them.

    Their sum is cut cumulatively and then split among them by what is left of each, so that no part is
    discounted by more than it has.
    """
    off, before = sum(each["amount"] for each in whole_discounts), sum(earlier.discounts.values())
    if not off:
        return []
    up_to = rounded(Decimal(off) * (earlier.amount + amount) / whole)
    left = [Decimal(each["amount"] - earlier.discounts.get(each["discount"], 0)) for each in whole_discounts]
    parts = split(up_to - before, left)
    return [{**each, "amount": part} for each, part in zip(whole_discounts, parts, strict=True) if part]


def part_taxes(
    whole_taxes: Sequence[Mapping[str, Any]], rates: Sequence[Rate], earlier: Credited, amount: int
) -> list[dict[str, Any]]:
    """The taxes of the next `amount`, discounts taken off, of a line whose taxes are `whole_taxes`.

    Entries are as `line_taxes` makes them.
    """
    left = {tax["tax_rate"]: tax["amount"] - earlier.taxes.get(tax["tax_rate"], 0) for tax in whole_taxes}
    up_to = earlier.discounted + amount
    inside = [rate for rate in rates if rate.inclusive]
    within = _next([left[rate.id] for rate in inside], earlier, inside, inclusive_tax(up_to, inside))
    parts = dict(zip((rate.id for rate in inside), within, strict=True))
    net_up_to = up_to - inclusive_tax(up_to, inside)
    for rate in rates:
        if not rate.inclusive:
            exact = exclusive_tax(net_up_to, rate) - earlier.taxes.get(rate.id, 0)
            parts[rate.id] = _within(exact, left[rate.id])
    net = amount - sum(within)
    return [_part(tax, parts[tax["tax_rate"]], net) for tax in whole_taxes]


def _summed(before: Mapping[str, int], entries: Sequence[Mapping[str, Any]], key: str) -> dict[str, int]:
    sums = dict(before)
    for entry in entries:
        sums[entry[key]] = sums.get(entry[key], 0) + entry["amount"]
    return sums


def _mismatch(given: int, needed: int, pre_payment: int) -> str:
    if not needed:
        return (
            "Nothing has been paid for this part of the invoice: it lowers the amount due, and nothing is given back."
        )
    rest = (
        f"the {needed} that go beyond the amount remaining of {pre_payment}"
        if pre_payment
        else f"its total of {needed}"
    )
    return f"The sum of credit_amount and out_of_band_amount must be {rest}, not {given}."


def _next(left: Sequence[int], earlier: Credited, inside: Sequence[Rate], up_to: int) -> list[int]:
    """Inclusive taxes share one rounding, so the next part is split by what is left of each."""
    part = _within(up_to - sum(earlier.taxes.get(rate.id, 0) for rate in inside), sum(left))
    return split(part, [Decimal(amount) for amount in left])


def _within(amount: int, left: int) -> int:
    """`amount`, but never beyond what is left nor of the other sign."""
    return max(0, min(amount, left)) if left >= 0 else min(0, max(amount, left))


def _part(tax: Mapping[str, Any], amount: int, net: int) -> dict[str, Any]:
    # where the customer is exempt, the whole has no taxable amount either
    return {**tax, "amount": amount, "taxable_amount": net if tax["taxable_amount"] else 0}
