"""Parameters of disputes."""

from typing import Annotated, Literal

from portal.wire.commands import (
    Clearable,
    Command,
    ExpandableCommand,
    Flag,
    Id,
    ListCommand,
    Metadata,
    TimestampFilter,
    text_up_to,
)

_Text = Clearable[Annotated[str, text_up_to(20_000, lines=True)]]
#: Whether it can be answered, and by what it is over.
OPEN = frozenset({"needs_response", "warning_needs_response"})


class Evidence(Command):
    """What speaks against a dispute, in words: files are given at the provider."""

    access_activity_log: _Text = None
    billing_address: _Text = None
    cancellation_policy_disclosure: _Text = None
    cancellation_rebuttal: _Text = None
    customer_email_address: _Text = None
    customer_name: _Text = None
    customer_purchase_ip: _Text = None
    duplicate_charge_explanation: _Text = None
    duplicate_charge_id: _Text = None
    product_description: _Text = None
    refund_policy_disclosure: _Text = None
    refund_refusal_explanation: _Text = None
    service_date: _Text = None
    shipping_address: _Text = None
    shipping_carrier: _Text = None
    shipping_date: _Text = None
    shipping_tracking_number: _Text = None
    uncategorized_text: _Text = None


class CloseDispute(ExpandableCommand):
    """Accept a dispute: there is nothing to say against it."""


class UpdateDispute(ExpandableCommand):
    """With `submit` evidence goes to the bank, which reads it once; without it is kept until then."""

    evidence: Evidence | None = None
    metadata: Metadata = {}
    submit: Flag = True


class ListDisputes(ListCommand):
    """All but `created` and `payment_intent` are beyond the reference."""

    created: TimestampFilter = None
    customer: Id | None = None
    invoice: Id | None = None
    payment_intent: Id | None = None
    payment_record: Id | None = None
    status: (
        Literal[
            "lost",
            "needs_response",
            "under_review",
            "warning_closed",
            "warning_needs_response",
            "warning_under_review",
            "won",
        ]
        | None
    ) = None
