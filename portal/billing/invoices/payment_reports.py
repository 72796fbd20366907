"""Parameters of payment records: payments made elsewhere, as the merchant reports them."""

from __future__ import annotations

from typing import Annotated, Literal

from portal.errors import InvalidRequest
from portal.wire.commands import (
    MAX_AMOUNT,
    Address,
    Command,
    Currency,
    ExpandableCommand,
    Id,
    Label,
    Metadata,
    Name,
    Text,
    Timestamp,
    integer_between,
)

PaymentOutcome = Literal["canceled", "failed", "guaranteed"]


class Money(Command):
    currency: Currency
    value: Annotated[int, integer_between(1, MAX_AMOUNT)]


class PayerDetails(Command):
    customer: Id | None = None
    email: Name | None = None
    name: Name | None = None
    phone: Label | None = None


class BillingDetails(Command):
    address: Address | None = None
    email: Name | None = None
    name: Name | None = None
    phone: Label | None = None


class CustomMethod(Command):
    display_name: Label | None = None
    type: Label | None = None


class MethodDetails(Command):
    billing_details: BillingDetails | None = None
    custom: CustomMethod | None = None
    payment_method: Label | None = None
    type: Literal["custom"] = "custom"


class CustomReference(Command):
    payment_reference: Label


class ProcessorDetails(Command):
    custom: CustomReference | None = None
    type: Literal["custom"]


class ShippingDetails(Command):
    address: Address | None = None
    name: Name | None = None
    phone: Label | None = None


class PaymentReport(ExpandableCommand):
    metadata: Metadata = {}


class GuaranteedDetails(Command):
    guaranteed_at: Timestamp


class FailedDetails(Command):
    failed_at: Timestamp


class CanceledDetails(Command):
    canceled_at: Timestamp


class AttemptGuaranteed(PaymentReport):
    guaranteed_at: Timestamp


class AttemptFailed(PaymentReport):
    failed_at: Timestamp


class AttemptCanceled(PaymentReport):
    canceled_at: Timestamp


AttemptOutcome = AttemptCanceled | AttemptFailed | AttemptGuaranteed


class ReportPayment(PaymentReport):
    amount_requested: Money
    initiated_at: Timestamp
    payment_method_details: MethodDetails
    canceled: CanceledDetails | None = None
    customer_details: PayerDetails | None = None
    customer_presence: Literal["off_session", "on_session"] | None = None
    description: Text | None = None
    failed: FailedDetails | None = None
    guaranteed: GuaranteedDetails | None = None
    outcome: PaymentOutcome | None = None
    processor_details: ProcessorDetails | None = None
    shipping_details: ShippingDetails | None = None

    def outcome_at(self) -> int | None:
        """The time of the outcome. Raises `InvalidRequest` where it is missing or belongs to another outcome."""
        for name in ("canceled", "failed", "guaranteed"):
            sent = getattr(self, name)
            if (sent is not None) != (name == self.outcome):
                raise InvalidRequest(f"Send {name} with outcome={name}, and only then.", param=name)
        return getattr(getattr(self, self.outcome), f"{self.outcome}_at") if self.outcome else None
