"""Tables of payments: what a provider is to charge, payment records, what they paid, refunds and disputes."""

from typing import Any

from sqlalchemy import Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Id, TenantOwned, newest_first, tenant_foreign_key
from portal.rules.statuses import InvoicePaymentStatus


class PaymentRecord(TenantOwned, Base):
    """A payment as the merchant reports it; `outcome` is null while it is pending.

    `amount_refunded` is the sum of its refunds, of those that are under way too, and changes with its invoice locked.
    """

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
    amount_refunded: Mapped[int] = mapped_column(default=0, server_default="0")
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


class PaymentIntent(TenantOwned, Base):
    """That a provider charges an invoice, in as many attempts as it takes; statuses are those of the wire.

    Each attempt is for an `amount` that is fixed once the provider was asked, at `asked_at`. `ask_at` is when to ask
    next, by the time of the customer, and `claimed_until` until when a worker has it; both are null where nobody has to
    be asked. `provider_ref` is the provider's name of the latest attempt. `invoice_payment_id` is what it has paid; at
    `disputed_at` the provider took the money back.

    One that is paid on a page of the provider has no payment method until one was given there.
    """

    __tablename__ = "payment_intents"
    __table_args__ = (
        tenant_foreign_key("customer_id", "customers"),
        tenant_foreign_key("invoice_id", "invoices"),
        tenant_foreign_key("payment_method_id", "payment_methods"),
        newest_first("payment_intents"),
        newest_first("payment_intents", "customer_id"),
        newest_first("payment_intents", "invoice_id"),
        Index(
            "ix_payment_intents_claimed_until",
            "claimed_until",
            sqlite_where=text("claimed_until IS NOT NULL"),
            postgresql_where=text("claimed_until IS NOT NULL"),
        ),
    )

    customer_id: Mapped[str] = mapped_column(Id)
    invoice_id: Mapped[str] = mapped_column(Id)
    payment_method_id: Mapped[str | None] = mapped_column(Id)
    invoice_payment_id: Mapped[str | None] = mapped_column(Id)
    #: `off_session` where the customer wants what is given on the provider's page to be kept
    setup_future_usage: Mapped[str | None]
    provider: Mapped[str]
    provider_ref: Mapped[str | None]
    amount: Mapped[int]
    amount_received: Mapped[int] = mapped_column(default=0)
    currency: Mapped[str]
    status: Mapped[str]
    #: what the customer has asked to be charged by this attempt; null where it is whatever remains
    amount_requested: Mapped[int | None]
    #: when the rest is tried again by itself, after an attempt that the customer has asked for
    resume_at: Mapped[int | None]
    #: the how many-th attempt, from 1
    attempt: Mapped[int]
    client_secret: Mapped[str]
    last_payment_error: Mapped[dict[str, Any] | None]
    cancellation_reason: Mapped[str | None]
    canceled_at: Mapped[int | None]
    asked_at: Mapped[int | None]
    confirmed_at: Mapped[int | None]
    disputed_at: Mapped[int | None]
    ask_at: Mapped[int | None]
    claimed_until: Mapped[int | None]
    revision: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 - declarative reads it from the class


class CreditTransferFile(TenantOwned, Base):
    """A file of refunds for the bank. `sealed` is its content, as it holds full account numbers.

    `message_id` is the file's own (at most 35 characters), by which the bank's answers name it.
    """

    __tablename__ = "credit_transfer_files"
    __table_args__ = (
        newest_first("credit_transfer_files"),
        UniqueConstraint("tenant_id", "message_id"),
    )

    message_id: Mapped[str]
    format: Mapped[str]
    currency: Mapped[str]
    amount: Mapped[int]
    count: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    #: when it was first fetched, or put into the folder that the bank's software watches
    fetched_at: Mapped[int | None]


class Refund(TenantOwned, Base):
    """Money that goes back to a customer; statuses are those of the wire.

    It gives back a payment of an invoice, or credit of a balance (`balance_transaction_id`), which has no invoice.
    It is made by the provider that charged the payment (`provider`), else by a credit transfer to the account that the
    payment came from, which is `sealed` until it stands in a file. `ask_at` is when the provider is asked next, in the
    present, as no test clock moves money back; a worker that asks moves it on. `end_to_end_id` names a credit transfer.
    One that was made elsewhere and is reported says when (`refunded_at`) and how it is called there (`reference`).
    """

    __tablename__ = "refunds"
    __table_args__ = (
        tenant_foreign_key("customer_id", "customers"),
        tenant_foreign_key("invoice_id", "invoices"),
        tenant_foreign_key("payment_record_id", "payment_records"),
        tenant_foreign_key("balance_transaction_id", "customer_balance_transactions"),
        tenant_foreign_key("payment_intent_id", "payment_intents"),
        tenant_foreign_key("credit_note_id", "credit_notes"),
        tenant_foreign_key("file_id", "credit_transfer_files"),
        newest_first("refunds"),
        newest_first("refunds", "customer_id"),
        newest_first("refunds", "payment_record_id"),
        newest_first("refunds", "file_id"),
        Index(
            "ix_refunds_ask_at",
            "ask_at",
            sqlite_where=text("ask_at IS NOT NULL"),
            postgresql_where=text("ask_at IS NOT NULL"),
        ),
        Index(
            "ix_refunds_without_file",
            "tenant_id",
            "id",
            sqlite_where=text("status = 'pending' AND provider IS NULL AND file_id IS NULL"),
            postgresql_where=text("status = 'pending' AND provider IS NULL AND file_id IS NULL"),
        ),
        UniqueConstraint("tenant_id", "end_to_end_id"),
        Index("uq_refunds_reference", "tenant_id", "reference", unique=True),
    )

    customer_id: Mapped[str] = mapped_column(Id)
    invoice_id: Mapped[str | None] = mapped_column(Id)
    payment_record_id: Mapped[str | None] = mapped_column(Id)
    balance_transaction_id: Mapped[str | None] = mapped_column(Id)
    payment_intent_id: Mapped[str | None] = mapped_column(Id)
    credit_note_id: Mapped[str | None] = mapped_column(Id)
    file_id: Mapped[str | None] = mapped_column(Id)
    amount: Mapped[int]
    currency: Mapped[str]
    reason: Mapped[str | None]
    status: Mapped[str]
    failure_reason: Mapped[str | None]
    provider: Mapped[str | None]
    provider_ref: Mapped[str | None]
    asked_at: Mapped[int | None]
    ask_at: Mapped[int | None]
    end_to_end_id: Mapped[str | None]
    payee_name: Mapped[str | None]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    reference: Mapped[str | None]
    refunded_at: Mapped[int | None]
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
    revision: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 - declarative reads it from the class


class Dispute(TenantOwned, Base):
    """A dispute as the provider knows it, or a direct debit whose money went back; statuses are those of the wire.

    `provider_ref` is the provider's name of it. `accepted_at` is when the merchant has accepted it, `submission_count`
    how often `evidence` was handed in: the worker tells the provider. `invoice_payment_id` is what it took back of the
    invoice, null where the money had become credit. The money went at `funds_withdrawn_at`, and came back at
    `funds_reinstated_at`.
    """

    __tablename__ = "disputes"
    __table_args__ = (
        tenant_foreign_key("customer_id", "customers"),
        tenant_foreign_key("invoice_id", "invoices"),
        tenant_foreign_key("payment_intent_id", "payment_intents"),
        tenant_foreign_key("direct_debit_id", "direct_debits"),
        tenant_foreign_key("invoice_payment_id", "invoice_payments"),
        tenant_foreign_key("payment_record_id", "payment_records"),
        newest_first("disputes"),
        newest_first("disputes", "customer_id"),
        newest_first("disputes", "invoice_id"),
        UniqueConstraint("tenant_id", "payment_intent_id", "provider_ref"),
    )

    customer_id: Mapped[str] = mapped_column(Id)
    invoice_id: Mapped[str] = mapped_column(Id)
    payment_intent_id: Mapped[str | None] = mapped_column(Id)
    direct_debit_id: Mapped[str | None] = mapped_column(Id)
    invoice_payment_id: Mapped[str | None] = mapped_column(Id)
    payment_record_id: Mapped[str | None] = mapped_column(Id)
    provider_ref: Mapped[str | None]
    amount: Mapped[int]
    currency: Mapped[str]
    reason: Mapped[str]
    network_reason_code: Mapped[str | None]
    status: Mapped[str]
    due_by: Mapped[int | None]
    payment_method_details: Mapped[dict[str, Any] | None]
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict)
    submission_count: Mapped[int] = mapped_column(default=0)
    accepted_at: Mapped[int | None]
    funds_withdrawn_at: Mapped[int | None]
    funds_reinstated_at: Mapped[int | None]
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
    revision: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 - declarative reads it from the class
