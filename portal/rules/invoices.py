"""What may become of an invoice, and what is due on it."""

from __future__ import annotations

from dataclasses import dataclass

#: From which statuses each verb leads on (reference: invoice status transitions).
MAY = {
    "finalize": frozenset({"draft"}),
    "pay": frozenset({"open", "uncollectible"}),
    "void": frozenset({"open", "uncollectible"}),
    "mark_uncollectible": frozenset({"open"}),
    # a paid invoice can be sent once more, as a copy
    "send": frozenset({"draft", "open", "paid"}),
    "edit": frozenset({"draft"}),
}


@dataclass(frozen=True)
class Settlement:
    """How a total and the customer's balance meet at finalization.

    `applied` is what is added to the balance (positive: credit was used up; negative: a debt was
    taken over or credit arose), `amount_due` what remains to be paid.
    """

    applied: int
    amount_due: int


def may(verb: str, status: str) -> bool:
    """Whether an invoice in `status` can be finalized, paid, …"""
    return status in MAY[verb]


def settlement(total: int, balance: int) -> Settlement:
    """Apply a balance (negative: credit; positive: owed) to a total, as the reference does.

    A negative total is never paid out: it becomes credit. A debt is billed along with the total.
    """
    due = max(0, total + balance)
    return Settlement(applied=total - due, amount_due=due)
