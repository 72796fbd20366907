"""Tables of invoices with their lines, invoice items, credit notes with their lines, and stored documents."""

from datetime import date
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import (
    Base,
    Id,
    TenantOwned,
    case_insensitive_index,
    due_first,
    metadata_index,
    newest_first,
    tenant_foreign_key,
)
from portal.rules.statuses import CreditNoteStatus, InvoiceStatus

#: An invoice's number without the signs between its letters and digits, as transfers are searched by it.
NUMBER_KEY = "number"
for _sign in "-/ ._#":
    NUMBER_KEY = f"replace({NUMBER_KEY}, '{_sign}', '')"
NUMBER_KEY = f"upper({NUMBER_KEY})"
#: What transfers can pay: a few of all invoices, so that it costs the same however many were paid.
IS_PAYABLE = "status IN ('open', 'uncollectible')"


def _payable_index(name: str, *columns: Any) -> Index:
    where = text(IS_PAYABLE)
    return Index(f"ix_invoices_payable_{name}", "tenant_id", *columns, sqlite_where=where, postgresql_where=where)


class InvoiceItem(TenantOwned, Base):
    """A charge or credit of a customer; pending while `invoice_id` is null.

    Without tax rates it takes those of its invoice, unless they are fixed, as those of prorations are: what was billed
    untaxed is given back so.
    """

    __tablename__ = "invoiceitems"
    __table_args__ = (
        tenant_foreign_key("customer_id", "customers"),
        tenant_foreign_key("invoice_id", "invoices"),
        tenant_foreign_key("subscription_id", "subscriptions"),
        tenant_foreign_key("price_id", "prices"),
        newest_first("invoiceitems"),
        newest_first("invoiceitems", "customer_id"),
        newest_first("invoiceitems", "invoice_id"),
    )

    customer_id: Mapped[str] = mapped_column(Id)
    invoice_id: Mapped[str | None] = mapped_column(Id)
    subscription_id: Mapped[str | None] = mapped_column(Id)
    subscription_item_id: Mapped[str | None] = mapped_column(Id)
    price_id: Mapped[str | None] = mapped_column(Id)
    amount: Mapped[int]
    currency: Mapped[str]
    description: Mapped[str | None]
    discountable: Mapped[bool] = mapped_column(default=True)
    discounts: Mapped[list[Any]] = mapped_column(default=list)
    quantity: Mapped[int] = mapped_column(default=1)
    unit_amount_decimal: Mapped[str]
    period_start: Mapped[int]
    period_end: Mapped[int]
    proration: Mapped[bool] = mapped_column(default=False)
    credited_items: Mapped[dict[str, Any] | None]
    tax_rates: Mapped[list[Any]] = mapped_column(default=list)
    tax_rates_fixed: Mapped[bool] = mapped_column(default=False)
    test_clock_id: Mapped[str | None] = mapped_column(Id)
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)


class Invoice(TenantOwned, Base):
    """An invoice. Once finalized, seller, buyer, lines and totals are frozen copies."""

    __tablename__ = "invoices"
    __table_args__ = (
        tenant_foreign_key("customer_id", "customers"),
        tenant_foreign_key("subscription_id", "subscriptions"),
        newest_first("invoices"),
        newest_first("invoices", "customer_id"),
        newest_first("invoices", "status"),
        newest_first("invoices", "subscription_id"),
        Index("ix_invoices_due_date", "tenant_id", "due_date"),
        Index("ix_invoices_total", "tenant_id", "total"),
        case_insensitive_index("invoices", "number"),
        metadata_index("invoices"),
        _payable_index("number", text(NUMBER_KEY)),
        _payable_index("customer", "customer_id"),
        due_first("invoices"),
        due_first("invoices", "customer_id"),
        UniqueConstraint("tenant_id", "number"),
    )

    customer_id: Mapped[str] = mapped_column(Id)
    subscription_id: Mapped[str | None] = mapped_column(Id)
    quote_id: Mapped[str | None] = mapped_column(Id)
    from_invoice_id: Mapped[str | None] = mapped_column(Id)
    latest_revision_id: Mapped[str | None] = mapped_column(Id)
    status: Mapped[InvoiceStatus] = mapped_column(default="draft")
    number: Mapped[str | None]
    currency: Mapped[str]
    billing_reason: Mapped[str]
    collection_method: Mapped[str]
    auto_advance: Mapped[bool] = mapped_column(default=False)
    automatically_finalizes_at: Mapped[int | None]
    overdue_at: Mapped[int | None]
    gives_up_at: Mapped[int | None]
    next_step_at: Mapped[int | None]
    test_clock_id: Mapped[str | None] = mapped_column(Id)
    days_until_due: Mapped[int | None]
    default_payment_method_id: Mapped[str | None] = mapped_column(Id)
    #: what documents say of the direct debit that is under way: `collection.scheduling` notes and clears it
    debit: Mapped[dict[str, Any] | None]
    #: by when which parts are to be paid (`rules.instalments`); `due_date` is then that of the oldest which is not paid
    amounts_due: Mapped[list[Any] | None]
    #: what is to be paid next of one in parts: all that has fallen due, else the oldest part
    amount_next: Mapped[int | None]
    due_date: Mapped[int | None]
    effective_at: Mapped[int | None]
    issued_on: Mapped[date | None]
    period_start: Mapped[int]
    period_end: Mapped[int]
    description: Mapped[str | None]
    footer: Mapped[str | None]
    statement_descriptor: Mapped[str | None]
    custom_fields: Mapped[list[Any] | None]
    default_tax_rates: Mapped[list[Any]] = mapped_column(default=list)
    discounts: Mapped[list[Any]] = mapped_column(default=list)
    account_tax_ids: Mapped[list[Any] | None]
    rendering: Mapped[dict[str, Any] | None]
    payment_settings: Mapped[dict[str, Any] | None]
    subtotal: Mapped[int] = mapped_column(default=0)
    subtotal_excluding_tax: Mapped[int] = mapped_column(default=0)
    tax: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    total_excluding_tax: Mapped[int] = mapped_column(default=0)
    total_taxes: Mapped[list[Any]] = mapped_column(default=list)
    total_discount_amounts: Mapped[list[Any]] = mapped_column(default=list)
    shipping_cost: Mapped[dict[str, Any] | None]
    shipping_details: Mapped[dict[str, Any] | None]
    starting_balance: Mapped[int] = mapped_column(default=0)
    ending_balance: Mapped[int | None]
    amount_due: Mapped[int] = mapped_column(default=0)
    amount_paid: Mapped[int] = mapped_column(default=0)
    amount_overpaid: Mapped[int] = mapped_column(default=0, server_default="0")
    amount_remaining: Mapped[int] = mapped_column(default=0)
    receipt_number: Mapped[str | None]
    paid_out_of_band: Mapped[bool] = mapped_column(default=False)
    pre_payment_credit_notes_amount: Mapped[int] = mapped_column(default=0)
    post_payment_credit_notes_amount: Mapped[int] = mapped_column(default=0)
    next_credit_note_sequence: Mapped[int] = mapped_column(default=1)
    finalized_at: Mapped[int | None]
    paid_at: Mapped[int | None]
    voided_at: Mapped[int | None]
    marked_uncollectible_at: Mapped[int | None]
    sent_at: Mapped[int | None]
    seller: Mapped[dict[str, Any] | None]
    buyer: Mapped[dict[str, Any] | None]
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
    revision: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 - declarative reads it from the class


class InvoiceSequence(Base):
    """The last invoice number of an account whose customers share one sequence; locked until the commit."""

    __tablename__ = "invoice_sequences"

    tenant_id: Mapped[int] = mapped_column(Integer, ForeignKey("tenants.id"), primary_key=True, autoincrement=False)
    last: Mapped[int]


class InvoiceLine(TenantOwned, Base):
    """A line item; `amount` is before discounts, without exclusive and with inclusive taxes. `tax_rates` are copies.

    `discounts` are the line's own; `discount_amounts` are what they and the invoice's discounts take off it;
    `given_taxes` are tax amounts set by the merchant instead of those of the rates.
    """

    __tablename__ = "invoice_lines"
    __table_args__ = (
        tenant_foreign_key("invoice_id", "invoices"),
        UniqueConstraint("tenant_id", "invoice_id", "position"),
    )

    invoice_id: Mapped[str] = mapped_column(Id)
    position: Mapped[int]
    amount: Mapped[int]
    currency: Mapped[str]
    description: Mapped[str | None]
    discountable: Mapped[bool] = mapped_column(default=True)
    discounts: Mapped[list[Any]] = mapped_column(default=list)
    discount_amounts: Mapped[list[Any]] = mapped_column(default=list)
    quantity: Mapped[int]
    unit_amount_decimal: Mapped[str]
    period_start: Mapped[int]
    period_end: Mapped[int]
    price_id: Mapped[str | None] = mapped_column(Id)
    price: Mapped[dict[str, Any] | None]
    invoice_item_id: Mapped[str | None] = mapped_column(Id)
    subscription_id: Mapped[str | None] = mapped_column(Id)
    subscription_item_id: Mapped[str | None] = mapped_column(Id)
    proration: Mapped[bool] = mapped_column(default=False)
    credited_items: Mapped[dict[str, Any] | None]
    tax_rates: Mapped[list[Any]] = mapped_column(default=list)
    taxes: Mapped[list[Any]] = mapped_column(default=list)
    given_taxes: Mapped[list[Any] | None]
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)


class CreditNote(TenantOwned, Base):
    """A correction of a finalized invoice; frozen from the start."""

    __tablename__ = "credit_notes"
    __table_args__ = (
        tenant_foreign_key("customer_id", "customers"),
        tenant_foreign_key("invoice_id", "invoices"),
        newest_first("credit_notes"),
        newest_first("credit_notes", "customer_id"),
        newest_first("credit_notes", "invoice_id"),
        UniqueConstraint("tenant_id", "number"),
    )

    customer_id: Mapped[str] = mapped_column(Id)
    invoice_id: Mapped[str] = mapped_column(Id)
    status: Mapped[CreditNoteStatus] = mapped_column(default="issued")
    number: Mapped[str]
    currency: Mapped[str]
    type: Mapped[str]
    reason: Mapped[str | None]
    memo: Mapped[str | None]
    subtotal: Mapped[int]
    subtotal_excluding_tax: Mapped[int]
    tax: Mapped[int]
    total: Mapped[int]
    total_excluding_tax: Mapped[int]
    total_taxes: Mapped[list[Any]] = mapped_column(default=list)
    discount_amounts: Mapped[list[Any]] = mapped_column(default=list)
    shipping_cost: Mapped[dict[str, Any] | None]
    pre_payment_amount: Mapped[int] = mapped_column(default=0)
    post_payment_amount: Mapped[int] = mapped_column(default=0)
    credit_amount: Mapped[int] = mapped_column(default=0)
    out_of_band_amount: Mapped[int | None]
    #: the id (`refund`) and `amount_refunded` of each refund that belongs to it
    refunds: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    balance_transaction_id: Mapped[str | None] = mapped_column(Id)
    effective_at: Mapped[int]
    issued_on: Mapped[date | None]
    voided_at: Mapped[int | None]
    seller: Mapped[dict[str, Any]]
    buyer: Mapped[dict[str, Any]]
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
    revision: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 - declarative reads it from the class


class CreditNoteLine(TenantOwned, Base):
    __tablename__ = "credit_note_lines"
    __table_args__ = (
        tenant_foreign_key("credit_note_id", "credit_notes"),
        tenant_foreign_key("invoice_line_id", "invoice_lines"),
        UniqueConstraint("tenant_id", "credit_note_id", "position"),
        Index("ix_credit_note_lines_invoice_line", "tenant_id", "invoice_line_id"),
    )

    credit_note_id: Mapped[str] = mapped_column(Id)
    invoice_line_id: Mapped[str | None] = mapped_column(Id)
    position: Mapped[int]
    type: Mapped[str]
    amount: Mapped[int]
    discount_amounts: Mapped[list[Any]] = mapped_column(default=list)
    description: Mapped[str | None]
    quantity: Mapped[int | None]
    unit_amount_decimal: Mapped[str | None]
    tax_rates: Mapped[list[Any]] = mapped_column(default=list)
    taxes: Mapped[list[Any]] = mapped_column(default=list)
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)


class StoredDocument(TenantOwned, Base):
    """A rendered PDF of an invoice, receipt or credit note: where it is stored, and of which revision it is.

    The worker renders a document from `wanted_at` on; one that was never rendered has revision 0. `tries` counts
    the failures since. `e_invoices` are its XML files as they were first made (`portal/documents/xml/kept.py`).
    """

    __tablename__ = "documents"
    __table_args__ = (
        Index(
            "ix_documents_wanted_at",
            "wanted_at",
            sqlite_where=text("wanted_at IS NOT NULL"),
            postgresql_where=text("wanted_at IS NOT NULL"),
        ),
    )

    revision: Mapped[int] = mapped_column()
    fingerprint: Mapped[str]
    kind: Mapped[str | None]
    wanted_at: Mapped[int | None]
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    e_invoices: Mapped[bytes | None] = mapped_column(LargeBinary)
