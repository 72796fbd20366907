"""Computes how much of an invoice a credit note may credit, how its total is allocated, and its taxes.

Parts of a line are computed cumulatively: each part is what the line is worth up to the end of that part,
less the earlier parts. So the parts always add up to the line, and no part has the wrong sign.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from portal.rules.money import round_half_up, split_amount
from portal.rules.statuses import InvoiceStatus
from portal.rules.totals import Rate, exclusive_tax, inclusive_tax

#: What can be credited. A draft is changed instead, a void invoice asks for nothing.
CREDITABLE: frozenset[InvoiceStatus] = frozenset({"open", "paid", "uncollectible"})


class NotCreditable(ValueError):
    """The amounts don't fit the invoice; the message says how."""


@dataclass(frozen=True)
class CreditNoteAllocation:
    """How a credit note's total is split: before payment it lowers the amount due, the rest is given back."""

    pre_payment: int
    credit: int
    out_of_band: int
    refunded: int = 0

    @property
    def type(self) -> str:
        """The wire's `type`."""
        given_back = self.credit + self.out_of_band + self.refunded
        if self.pre_payment and given_back:
            return "mixed"
        return "pre_payment" if self.pre_payment else "post_payment"


@dataclass(frozen=True)
class EarlierCredits:
    """What earlier credit notes credited of an invoice line, before its discounts.

    `taxes` are amounts by tax rate, `discounts` by discount.
    """

    amount: int = 0
    quantity: int = 0
    by_amount: bool = False
    taxes: Mapping[str, int] = field(default_factory=dict)
    discounts: Mapping[str, int] = field(default_factory=dict)

    @property
    def discounted_amount(self) -> int:
        """The credited amount less its discounts; taxes are computed on this."""
        return self.amount - sum(self.discounts.values())

    def with_part(
        self,
        amount: int,
        quantity: int | None,
        taxes: Sequence[Mapping[str, Any]],
        discounts: Sequence[Mapping[str, Any]] = (),
    ) -> EarlierCredits:
        """The sums with one more part; a part without a quantity was credited by amount."""
        return EarlierCredits(
            self.amount + amount,
            self.quantity + (quantity or 0),
            quantity is None,
            _add_amounts_by_key(self.taxes, taxes, "tax_rate"),
            _add_amounts_by_key(self.discounts, discounts, "discount"),
        )


def allocate_total(
    *,
    total: int,
    status: InvoiceStatus,
    invoice_total: int,
    credited: int,
    amount_remaining: int,
    credit: int | None,
    out_of_band: int | None,
    refunded: int = 0,
) -> CreditNoteAllocation:
    """Allocate the `total` of a credit note on an invoice.

    It first lowers the amount remaining. What exceeds that was paid before, so `credit`, `out_of_band` and
    `refunded` must add up to the excess. Raises `NotCreditable` otherwise.
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
    given, needed = (credit or 0) + (out_of_band or 0) + refunded, total - pre_payment
    if given != needed:
        raise NotCreditable(_mismatch_message(given, needed, pre_payment))
    return CreditNoteAllocation(pre_payment, credit or 0, out_of_band or 0, refunded)


def amount_of_quantity(whole: int, whole_quantity: int, earlier: EarlierCredits, quantity: int) -> int:
    """What the next `quantity` units of a line are worth; `whole_quantity` units are worth `whole`."""
    up_to = round_half_up(Decimal(whole) * (earlier.quantity + quantity) / whole_quantity)
    return up_to - earlier.amount


def part_discounts(
    whole: int, whole_discounts: Sequence[Mapping[str, Any]], earlier: EarlierCredits, amount: int
) -> list[dict[str, Any]]:
    """What the discounts of a line of `whole` take off its next `amount`; entries have the form of the line's.

    Their sum is computed cumulatively and then split by what is left of each discount, so that no part is
    discounted by more than the line has left.
    """
    off, before = sum(each["amount"] for each in whole_discounts), sum(earlier.discounts.values())
    if not off:
        return []
    up_to = round_half_up(Decimal(off) * (earlier.amount + amount) / whole)
    left = [Decimal(each["amount"] - earlier.discounts.get(each["discount"], 0)) for each in whole_discounts]
    parts = split_amount(up_to - before, left)
    return [{**each, "amount": part} for each, part in zip(whole_discounts, parts, strict=True) if part]


def part_taxes(
    whole_taxes: Sequence[Mapping[str, Any]], rates: Sequence[Rate], earlier: EarlierCredits, amount: int, whole: int
) -> list[dict[str, Any]]:
    """The taxes of the next `amount` of a line of `whole`, both after discounts, whose taxes are `whole_taxes`.

    Entries have the form that `line_taxes` returns. The last part takes all that is left, as the line's tax may have
    been rounded together with that of others.
    """
    left = {tax["tax_rate"]: tax["amount"] - earlier.taxes.get(tax["tax_rate"], 0) for tax in whole_taxes}
    up_to = earlier.discounted_amount + amount
    if up_to == whole:
        return _remaining_taxes(whole_taxes, left, amount)
    inside = [rate for rate in rates if rate.inclusive]
    within = _next_inclusive_taxes([left[rate.id] for rate in inside], earlier, inside, inclusive_tax(up_to, inside))
    parts = dict(zip((rate.id for rate in inside), within, strict=True))
    net_up_to = up_to - inclusive_tax(up_to, inside)
    for rate in rates:
        if not rate.inclusive:
            exact = exclusive_tax(net_up_to, rate) - earlier.taxes.get(rate.id, 0)
            parts[rate.id] = _limit_to_remaining(exact, left[rate.id])
    net = amount - sum(within)
    return [_part_of_tax(tax, parts[tax["tax_rate"]], net) for tax in whole_taxes]


def part_given_taxes(
    given: Sequence[Mapping[str, Any]], earlier: EarlierCredits, amount: int, whole: int
) -> list[dict[str, Any]]:
    """The part of taxes that a call gave for a line of `whole`, for its next `amount`, both after discounts.

    Nobody says how they were computed, so each part is in proportion; the last one takes all that is left.
    """
    up_to, parts = earlier.discounted_amount + amount, whole or 1
    if not whole:
        up_to, amount = 1, 0
    found = []
    for tax in given:
        before = earlier.taxes.get(tax["tax_rate"], 0)
        part = round_half_up(Decimal(tax["amount"]) * up_to / parts) - before
        base = round_half_up(Decimal(tax["taxable_amount"]) * amount / parts)
        # a part that was taken back leaves others that were rounded beside it
        found.append({**tax, "amount": _limit_to_remaining(part, tax["amount"] - before), "taxable_amount": base})
    return found


def _remaining_taxes(
    whole_taxes: Sequence[Mapping[str, Any]], left: Mapping[str, int], amount: int
) -> list[dict[str, Any]]:
    net = amount - sum(left[tax["tax_rate"]] for tax in whole_taxes if tax["inclusive"])
    return [_part_of_tax(tax, left[tax["tax_rate"]], net) for tax in whole_taxes]


def _add_amounts_by_key(before: Mapping[str, int], entries: Sequence[Mapping[str, Any]], key: str) -> dict[str, int]:
    sums = dict(before)
    for entry in entries:
        sums[entry[key]] = sums.get(entry[key], 0) + entry["amount"]
    return sums


def _mismatch_message(given: int, needed: int, pre_payment: int) -> str:
    if not needed:
        return (
            "Nothing has been paid for this part of the invoice: it lowers the amount due, and nothing is given back."
        )
    rest = (
        f"the {needed} that go beyond the amount remaining of {pre_payment}"
        if pre_payment
        else f"its total of {needed}"
    )
    return f"The sum of credit_amount, out_of_band_amount and refunds must be {rest}, not {given}."


def _next_inclusive_taxes(
    left: Sequence[int], earlier: EarlierCredits, inside: Sequence[Rate], up_to: int
) -> list[int]:
    """Inclusive taxes share one rounding, so the next part is split by what is left of each."""
    part = _limit_to_remaining(up_to - sum(earlier.taxes.get(rate.id, 0) for rate in inside), sum(left))
    return split_amount(part, [Decimal(amount) for amount in left])


def _limit_to_remaining(amount: int, left: int) -> int:
    """`amount`, limited to what is left and to its sign."""
    return max(0, min(amount, left)) if left >= 0 else min(0, max(amount, left))


def _part_of_tax(tax: Mapping[str, Any], amount: int, net: int) -> dict[str, Any]:
    # where the customer is exempt, the whole has no taxable amount either
    return {**tax, "amount": amount, "taxable_amount": net if tax["taxable_amount"] else 0}
