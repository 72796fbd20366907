"""Parameters of refunds and of the files by which a bank is asked to make them."""

from typing import Annotated, Literal

from portal.wire.commands import (
    MAX_AMOUNT,
    ExpandableCommand,
    Id,
    ListCommand,
    Metadata,
    TimestampFilter,
    integer_between,
)


class UpdateRefund(ExpandableCommand):
    metadata: Metadata = {}


class CreateRefund(UpdateRefund):
    """Of a payment, by its intent or (beyond the reference) its payment record; all that is left without an amount."""

    amount: Annotated[int, integer_between(1, MAX_AMOUNT)] | None = None
    payment_intent: Id | None = None
    payment_record: Id | None = None
    reason: Literal["duplicate", "fraudulent", "requested_by_customer"] | None = None


class ListRefunds(ListCommand):
    """All but `payment_intent` are beyond the reference."""

    created: TimestampFilter = None
    credit_transfer_file: Id | None = None
    customer: Id | None = None
    payment_intent: Id | None = None
    payment_record: Id | None = None
    status: Literal["failed", "pending", "succeeded"] | None = None


class CreateTransferFile(ExpandableCommand):
    """A file of all refunds that wait for one."""


class ListTransferFiles(ListCommand):
    created: TimestampFilter = None
