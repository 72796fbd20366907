"""Parameters of refunds and of the files by which a bank is asked to make them."""

from typing import Annotated, Literal

from portal.wire.commands import (
    MAX_AMOUNT,
    Currency,
    ExpandableCommand,
    Id,
    ListCommand,
    Metadata,
    TimestampFilter,
    integer_between,
)


class UpdateRefund(ExpandableCommand):
    metadata: Metadata = {}


class DecideRefund(ExpandableCommand):
    """The merchant's word on a payout that a customer has asked for."""


class CreateRefund(UpdateRefund):
    """Of a payment, by its intent or (beyond the reference) its payment record; all that is left without an amount.

    With `origin=customer_balance` credit of a `customer` is paid out, to a bank account that is kept.
    """

    amount: Annotated[int, integer_between(1, MAX_AMOUNT)] | None = None
    currency: Currency | None = None
    customer: Id | None = None
    origin: Literal["customer_balance"] | None = None
    payment_intent: Id | None = None
    payment_method: Id | None = None
    payment_record: Id | None = None
    reason: Literal["duplicate", "fraudulent", "requested_by_customer"] | None = None


class ListRefunds(ListCommand):
    """All but `payment_intent` are beyond the reference."""

    created: TimestampFilter = None
    credit_transfer_file: Id | None = None
    customer: Id | None = None
    payment_intent: Id | None = None
    payment_record: Id | None = None
    status: Literal["canceled", "failed", "pending", "requires_action", "succeeded"] | None = None


class CreateTransferFile(ExpandableCommand):
    """A file of all refunds that wait for one."""


class ListTransferFiles(ListCommand):
    created: TimestampFilter = None
