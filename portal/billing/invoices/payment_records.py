"""Payment records: payments that were made elsewhere and are reported by the merchant, or that pay an invoice."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from sqlalchemy.orm import Session

from portal import ids
from portal.db import find_row, lock_and_refresh
from portal.errors import InvalidRequest
from portal.models import Customer, Invoice, PaymentMethod, PaymentRecord
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
    merge_metadata,
)

PaymentOutcome = Literal["canceled", "failed", "guaranteed"]


class Money(Command):
    """An amount in minor units, with its currency."""

    currency: Currency
    value: Annotated[int, integer_between(1, MAX_AMOUNT)]


class PayerDetails(Command):
    """Who paid, in whole or in part unknown here."""

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
    """The payment method in the merchant's words."""

    billing_details: BillingDetails | None = None
    custom: CustomMethod | None = None
    payment_method: Label | None = None
    type: Literal["custom"] = "custom"


class CustomReference(Command):
    payment_reference: Label


class ProcessorDetails(Command):
    """The payment's number at the processor."""

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
    """A payment made elsewhere; the hash named like `outcome` says when."""

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


def report(db: Session, command: ReportPayment, *, now: int) -> PaymentRecord:
    """Store a reported payment. Raises `InvalidRequest` where its outcome and the time of it don't match."""
    customer = command.customer_details.customer if command.customer_details else None
    test_clock_id = None
    if customer:
        param = "customer_details[customer]"
        test_clock_id = find_row(db, Customer, customer, noun="customer", param=param).test_clock_id
    record = PaymentRecord(
        id=ids.new("payment_record"),
        created=now,
        customer_id=customer,
        amount=command.amount_requested.value,
        currency=command.amount_requested.currency,
        initiated_at=command.initiated_at,
        outcome=command.outcome,
        outcome_at=command.outcome_at(),
        description=command.description,
        customer_presence=command.customer_presence,
        **{name: _dump_details(command, name) for name in _DETAIL_FIELDS},
        test_clock_id=test_clock_id,
        metadata_=merge_metadata({}, command.metadata),
    )
    db.add(record)
    return record


def create_for_invoice(db: Session, invoice: Invoice, *, now: int) -> PaymentRecord:
    """Record a payment of what remains of an invoice, made now; whoever calls applies it to the invoice."""
    record = PaymentRecord(
        id=ids.new("payment_record"),
        created=now,
        customer_id=invoice.customer_id,
        amount=invoice.amount_remaining,
        currency=invoice.currency,
        initiated_at=now,
        outcome="guaranteed",
        outcome_at=now,
        customer_details={"customer": invoice.customer_id, "email": None, "name": None, "phone": None},
        test_clock_id=invoice.test_clock_id,
        metadata_={},
    )
    db.add(record)
    return record


def create_for_method(
    db: Session,
    customer: Customer,
    method: PaymentMethod,
    amount: int,
    currency: str,
    *,
    shown: Mapping[str, Any],
    reference: str | None,
    description: str,
    initiated_at: int,
    customer_presence: Literal["off_session", "on_session"],
    now: int,
) -> PaymentRecord:
    """Record what was collected by a payment method; whoever calls applies it to an invoice.

    `amount` is in minor units, `shown` the wire's hash of the method's type, `reference` the collector's name of it.
    """
    record = PaymentRecord(
        id=ids.new("payment_record"),
        created=now,
        customer_id=customer.id,
        amount=amount,
        currency=currency,
        initiated_at=initiated_at,
        outcome="guaranteed",
        outcome_at=now,
        description=description,
        customer_presence=customer_presence,
        customer_details={
            "customer": customer.id,
            "email": customer.email,
            "name": customer.name,
            "phone": customer.phone,
        },
        payment_method_details={
            "billing_details": None,
            "custom": None,
            "payment_method": method.id,
            method.type: dict(shown),
            "type": method.type,
        },
        processor_details={"custom": {"payment_reference": reference}, "type": "custom"},
        test_clock_id=customer.test_clock_id,
        metadata_={},
    )
    db.add(record)
    return record


_DETAIL_FIELDS = ("customer_details", "payment_method_details", "processor_details", "shipping_details")


def outcome_reporter(outcome: str) -> Any:
    """The use case that sets this outcome on a payment that has none yet."""

    def report_outcome(db: Session, record: PaymentRecord, command: AttemptOutcome, *, now: int) -> PaymentRecord:
        lock_and_refresh(db, record, noun="payment record")
        if record.outcome is not None:
            raise InvalidRequest(f"The payment record '{record.id}' is {record.outcome} already.")
        record.outcome, record.outcome_at = outcome, getattr(command, f"{outcome}_at")
        record.metadata_ = merge_metadata(record.metadata_, command.metadata)
        return record

    return report_outcome


def _dump_details(command: ReportPayment, name: str) -> dict[str, Any] | None:
    value = getattr(command, name)
    return value.model_dump() if value else None
