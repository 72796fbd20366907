"""Decides which actions an invoice's status allows, and what is due after the customer balance is applied."""

from collections.abc import Mapping
from dataclasses import dataclass

from portal.rules.statuses import InvoiceStatus

#: From which statuses each verb leads on (reference: invoice status transitions).
STATUSES_BY_VERB: Mapping[str, frozenset[InvoiceStatus]] = {
    "finalize": frozenset({"draft"}),
    "pay": frozenset({"open", "uncollectible"}),
    "void": frozenset({"open", "uncollectible"}),
    "mark_uncollectible": frozenset({"open"}),
    # a paid invoice can be sent once more, as a copy
    "send": frozenset({"draft", "open", "paid"}),
    "edit": frozenset({"draft"}),
}


@dataclass(frozen=True)
class BalanceApplication:
    """How a total and the customer balance combine at finalization.

    `applied` is added to the balance (positive: credit was used; negative: a debt was billed or credit arose);
    `amount_due` remains to be paid.
    """

    applied: int
    amount_due: int


def allows_verb(verb: str, status: InvoiceStatus) -> bool:
    """Whether an invoice in `status` can be finalized, paid, …"""
    return status in STATUSES_BY_VERB[verb]


def apply_balance(total: int, balance: int) -> BalanceApplication:
    """Apply a balance (negative: credit; positive: owed) to a total, as the reference does.

    A negative total is never paid out: it becomes credit. A debt is billed with the total.
    """
    due = max(0, total + balance)
    return BalanceApplication(applied=total - due, amount_due=due)
