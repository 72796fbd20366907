"""What a merchant says of a payment that was made elsewhere."""

from __future__ import annotations

from typing import Annotated, Literal

from portal.errors import InvalidRequest
from portal.wire.commands import (
    MAX_AMOUNT,
    Address,
    Command,
    Currency,
    Expanding,
    Id,
    Label,
    Metadata,
    Name,
    Text,
    Timestamp,
    whole,
)

Outcome = Literal["canceled", "failed", "guaranteed"]


class Money(Command):
    currency: Currency
    value: Annotated[int, whole(1, MAX_AMOUNT)]


class CustomerDetails(Command):
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


class Reference(Command):
    payment_reference: Label


class ProcessorDetails(Command):
    custom: Reference | None = None
    type: Literal["custom"]


class Delivery(Command):
    address: Address | None = None
    name: Name | None = None
    phone: Label | None = None


class Attempt(Expanding):
    metadata: Metadata = {}


class Guaranteed(Command):
    guaranteed_at: Timestamp


class Failed(Command):
    failed_at: Timestamp


class Canceled(Command):
    canceled_at: Timestamp


class OfGuaranteed(Attempt):
    guaranteed_at: Timestamp


class OfFailed(Attempt):
    failed_at: Timestamp


class OfCanceled(Attempt):
    canceled_at: Timestamp


OfAttempt = OfCanceled | OfFailed | OfGuaranteed


class ReportPayment(Attempt):
    amount_requested: Money
    initiated_at: Timestamp
    payment_method_details: MethodDetails
    canceled: Canceled | None = None
    customer_details: CustomerDetails | None = None
    customer_presence: Literal["off_session", "on_session"] | None = None
    description: Text | None = None
    failed: Failed | None = None
    guaranteed: Guaranteed | None = None
    outcome: Outcome | None = None
    processor_details: ProcessorDetails | None = None
    shipping_details: Delivery | None = None

    def outcome_at(self) -> int | None:
        """The moment of the outcome. Raises `InvalidRequest` where it is missing, or is that of another outcome."""
        for name in ("canceled", "failed", "guaranteed"):
            sent = getattr(self, name)
            if (sent is not None) != (name == self.outcome):
                raise InvalidRequest(f"Send {name} with outcome={name}, and only then.", param=name)
        return getattr(getattr(self, self.outcome), f"{self.outcome}_at") if self.outcome else None
