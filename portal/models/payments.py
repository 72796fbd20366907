"""Tables of payment records (payments made outside the portal), and of what they paid of which invoice."""

from typing import Any

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Id, TenantOwned, newest_first, tenant_foreign_key
from portal.rules.statuses import InvoicePaymentStatus


class PaymentRecord(TenantOwned, Base):
    """A payment as the merchant reports it; `outcome` is null while it is pending."""

    __tablename__ = "payment_records"
    __table_args__ = (
        tenant_foreign_key("customer_id", "customers"),
        newest_first("payment_records"),
    )

    customer_id: Mapped[str | None] = mapped_column(Id)
    amount: Mapped[int]
    currency: Mapped[str]
    initiated_at: Mapped[int]
    outcome: Mapped[str | None]
    outcome_at: Mapped[int | None]
    description: Mapped[str | None]
    customer_presence: Mapped[str | None]
    customer_details: Mapped[dict[str, Any] | None]
    payment_method_details: Mapped[dict[str, Any] | None]
    processor_details: Mapped[dict[str, Any] | None]
    shipping_details: Mapped[dict[str, Any] | None]
    test_clock_id: Mapped[str | None] = mapped_column(Id)
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)


class InvoicePayment(TenantOwned, Base):
    """What a payment paid of an invoice; the rest of `amount_requested` went to the customer's balance."""

    __tablename__ = "invoice_payments"
    __table_args__ = (
        tenant_foreign_key("invoice_id", "invoices"),
        tenant_foreign_key("payment_record_id", "payment_records"),
        newest_first("invoice_payments"),
        newest_first("invoice_payments", "invoice_id"),
        UniqueConstraint("tenant_id", "payment_record_id"),
    )

    invoice_id: Mapped[str] = mapped_column(Id)
    payment_record_id: Mapped[str] = mapped_column(Id)
    amount_requested: Mapped[int]
    amount_paid: Mapped[int]
    currency: Mapped[str]
    is_default: Mapped[bool]
    status: Mapped[InvoicePaymentStatus]
    paid_at: Mapped[int | None]
    #: when the payment was taken back; `amount_paid` is what it had paid until then
    canceled_at: Mapped[int | None]
