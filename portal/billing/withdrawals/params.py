"""Parameters of withdrawals. Not in the reference."""

from portal.rules.withdrawals import RefundKind
from portal.wire.commands import ExpandableCommand, Id, ListCommand


class WithdrawSubscription(ExpandableCommand):
    """`prorated` keeps what is for the time that was used."""

    refund: RefundKind = "full"


class ListWithdrawals(ListCommand):
    customer: Id | None = None
    subscription: Id | None = None
