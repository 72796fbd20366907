"""Parameters of refunds and of the files by which a bank is asked to make them."""

from typing import Annotated, Literal

from portal.wire.commands import (
    MAX_AMOUNT,
    Command,
    Currency,
    ExpandableCommand,
    Id,
    ListCommand,
    Metadata,
    Timestamp,
    TimestampFilter,
    integer_between,
    text_up_to,
)


class UpdateRefund(ExpandableCommand):
    metadata: Metadata = {}


class DecideRefund(ExpandableCommand):
    """The merchant's word on a refund that nobody has made yet."""


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


class Money(Command):
    """An amount in minor units, with its currency."""

    currency: Currency
    value: Annotated[int, integer_between(1, MAX_AMOUNT)]


class CustomRefund(Command):
    """How the refund is called where it was made; no two of them alike."""

    refund_reference: Annotated[str, text_up_to(250)]


class RefundProcessor(Command):
    type: Literal["custom"]
    custom: CustomRefund | None = None


class RefundedDetails(Command):
    refunded_at: Timestamp


class ReportRefund(UpdateRefund):
    """A refund that was made elsewhere; all that is left of the payment without an amount."""

    amount: Money | None = None
    initiated_at: Timestamp | None = None
    outcome: Literal["refunded"]
    processor_details: RefundProcessor
    refunded: RefundedDetails | None = None


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
