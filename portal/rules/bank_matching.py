"""Decides what a transfer pays: for sure, or as a suggestion to somebody who looks at it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

#: By what an invoice was found.
Reason = Literal["reference", "number", "payer"]
#: What the payment records of transfers are called; documents say it in their language.
TRANSFER_NAME, WRITE_OFF_NAME = "Bank transfer", "Written off as tolerated"
#: A shorter number than this may stand in any text by chance, such as a year.
SHORTEST_SURE = 5
MOST_SUGGESTIONS = 10


@dataclass(frozen=True, slots=True)
class Payable:
    """An invoice that something remains to be paid of. `key` is its number as `plain_key`.

    `amount_next` is what is to be paid next of one in parts.
    """

    id: str
    customer_id: str
    currency: str
    amount_remaining: int
    key: str
    amount_next: int | None = None

    def expects(self, amount: int) -> bool:
        """Whether so much is what is to be paid: all that remains, or what is next of it."""
        return amount in {self.amount_remaining, self.amount_next}


@dataclass(frozen=True, slots=True)
class Part:
    """What of a transfer an invoice gets. `written_off` is what the payer left out, within what is tolerated."""

    invoice_id: str
    customer_id: str
    amount: int
    written_off: int = 0


@dataclass(frozen=True, slots=True)
class Match:
    """What a transfer pays. Only where it `is_sure` it is booked without anybody looking at it."""

    parts: tuple[Part, ...] = ()
    reason: Reason | None = None
    is_sure: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """The invoices that a transfer may be for, by what they were found."""

    by_reference: Sequence[Payable] = ()
    by_number: Sequence[Payable] = ()
    by_payer: Sequence[Payable] = ()


def match_transfer(amount: int, currency: str, found: Found, *, tolerance: int = 0) -> Match:
    """What a transfer of `amount` pays. The first of reference, number and payer that finds anything decides.

    A reference names its invoice beyond doubt: a part is paid with less, and more becomes credit. Numbers in the
    words count where the amounts agree, and a payer whom an earlier transfer has made known where one invoice alone
    has this amount. `tolerance` is how much less, in minor units, still pays an invoice in full.
    """
    by_reference, by_number, by_payer = (
        [each for each in group if each.currency == currency]
        for group in (found.by_reference, found.by_number, found.by_payer)
    )
    if len(by_reference) == 1:
        (only,) = by_reference
        return Match((_part(only, amount, tolerance),), "reference", is_sure=True)
    for group, reason in ((by_reference, "reference"), (by_number, "number")):
        if group:
            return _match_named(amount, group, tolerance, "reference" if reason == "reference" else "number")
    exact = [each for each in by_payer if each.expects(amount)]
    if len(exact) == 1:
        return Match((_part(exact[0], amount, 0),), "payer", is_sure=True)
    return Match(_share_out(amount, exact or by_payer), "payer" if by_payer else None)


def _match_named(amount: int, group: Sequence[Payable], tolerance: int, reason: Reason) -> Match:
    due = sum(each.amount_remaining for each in group)
    twice = len({each.key for each in group}) < len(group)
    short = all(len(each.key) < SHORTEST_SURE for each in group)
    fits = due - (tolerance if len(group) == 1 else 0) <= amount <= due
    fits = fits or (len(group) == 1 and group[0].expects(amount))
    if fits and not twice and not short:
        return Match(tuple(_part(each, min(amount, each.amount_remaining), tolerance) for each in group), reason, True)
    return Match(_share_out(amount, group), reason)


def _part(invoice: Payable, amount: int, tolerance: int) -> Part:
    lacking = invoice.amount_remaining - amount
    return Part(invoice.id, invoice.customer_id, amount, lacking if 0 < lacking <= tolerance else 0)


def _share_out(amount: int, group: Sequence[Payable]) -> tuple[Part, ...]:
    """The invoices as they would be paid one after the other; what is beyond them all is left."""
    parts: list[Part] = []
    rest = amount
    for each in group[:MOST_SUGGESTIONS]:
        share = min(rest, each.amount_remaining)
        if share <= 0:
            break
        parts.append(Part(each.id, each.customer_id, share))
        rest -= share
    return tuple(parts)
