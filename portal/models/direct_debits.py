"""Tables of direct debits and of the files by which a bank is asked to collect them."""

from datetime import date

from sqlalchemy import Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Id, TenantOwned, newest_first, tenant_foreign_key


class DirectDebitFile(TenantOwned, Base):
    """A file of one creditor's debits for the bank. `sealed` is its content, as it holds full account numbers.

    `message_id` is the file's own (at most 35 characters), by which the bank's answers name it.
    """

    __tablename__ = "direct_debit_files"
    __table_args__ = (
        newest_first("direct_debit_files"),
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


class DirectDebit(TenantOwned, Base):
    """One attempt to collect an invoice by a mandate, on `collect_on`, a day on which banks settle.

    `status`: `scheduled` until it is in a file, `processing` until the bank has answered, then `succeeded`, `failed`
    (refused, or returned later: `reason` is the bank's code, `fee` what it took for it in minor units), or `canceled`.
    `end_to_end_id` comes back on statements. `invoice_payment_id` is what it has paid.
    """

    __tablename__ = "direct_debits"
    __table_args__ = (
        tenant_foreign_key("customer_id", "customers"),
        tenant_foreign_key("invoice_id", "invoices"),
        tenant_foreign_key("mandate_id", "mandates"),
        tenant_foreign_key("file_id", "direct_debit_files"),
        newest_first("direct_debits"),
        newest_first("direct_debits", "invoice_id"),
        newest_first("direct_debits", "file_id"),
        Index(
            "ix_direct_debits_scheduled",
            "tenant_id",
            "collect_on",
            sqlite_where=text("status = 'scheduled'"),
            postgresql_where=text("status = 'scheduled'"),
        ),
        Index(
            "ix_direct_debits_processing",
            "tenant_id",
            "collect_on",
            sqlite_where=text("status = 'processing'"),
            postgresql_where=text("status = 'processing'"),
        ),
        UniqueConstraint("tenant_id", "end_to_end_id"),
    )

    customer_id: Mapped[str] = mapped_column(Id)
    invoice_id: Mapped[str] = mapped_column(Id)
    mandate_id: Mapped[str] = mapped_column(Id)
    file_id: Mapped[str | None] = mapped_column(Id)
    invoice_payment_id: Mapped[str | None] = mapped_column(Id)
    amount: Mapped[int]
    currency: Mapped[str]
    collect_on: Mapped[date]
    #: of an invoice in parts no more is collected than what is due until then
    due_by: Mapped[int | None]
    sequence_type: Mapped[str | None]
    end_to_end_id: Mapped[str]
    #: the how many-th attempt for this invoice, from 1
    attempt: Mapped[int]
    status: Mapped[str]
    reason: Mapped[str | None]
    fee: Mapped[int] = mapped_column(default=0)
    settled_at: Mapped[int | None]
    failed_at: Mapped[int | None]
    revision: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 - declarative reads it from the class
