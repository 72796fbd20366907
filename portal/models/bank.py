"""Tables of bank statements, of the transfers on them, and of what each transfer was used for."""

from datetime import date
from typing import Any

from sqlalchemy import Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Id, TenantOwned, newest_first, tenant_foreign_key
from portal.rules.statuses import BankStatementStatus, BankTransactionStatus


class BankStatement(TenantOwned, Base):
    """A file of statements that was taken in. `digest` is of its content: the same file is taken in once.

    `new_count`, `known_count` and `other_count` are how many of its entries were new, known from an earlier file, and
    of no concern, as they are debits or not booked yet. `refused` are those that could not be read.
    """

    __tablename__ = "bank_statements"
    __table_args__ = (
        newest_first("bank_statements"),
        Index(
            "ix_bank_statements_processing",
            "id",
            sqlite_where=text("status = 'processing'"),
            postgresql_where=text("status = 'processing'"),
        ),
        UniqueConstraint("tenant_id", "digest"),
    )

    digest: Mapped[str]
    filename: Mapped[str | None]
    format: Mapped[str]
    status: Mapped[BankStatementStatus]
    #: account (last four digits), currency and number of each statement in the file
    statements: Mapped[list[Any]]
    new_count: Mapped[int]
    known_count: Mapped[int]
    other_count: Mapped[int]
    refused: Mapped[list[Any]]


class BankTransaction(TenantOwned, Base):
    """A transfer that came in, or one that was taken back (`type` is `reversal`). Amounts are positive.

    `amount_assigned` is what its allocations use of it; a transfer waits while that is less than `amount`. What makes
    it the one it is: `identity`, a digest, and `ordinal` among those with the same. The payer's account is `sealed`;
    `payer_key` is a keyed digest of it, by which it is found.
    """

    __tablename__ = "bank_transactions"
    __table_args__ = (
        tenant_foreign_key("bank_statement_id", "bank_statements"),
        tenant_foreign_key("customer_id", "customers"),
        newest_first("bank_transactions"),
        newest_first("bank_transactions", "status"),
        newest_first("bank_transactions", "bank_statement_id"),
        Index("ix_bank_transactions_payer", "tenant_id", "payer_key", "customer_id"),
        Index("ix_bank_transactions_end_to_end_id", "tenant_id", "end_to_end_id"),
        Index(
            "ix_bank_transactions_pending",
            "tenant_id",
            "bank_statement_id",
            "id",
            sqlite_where=text("status = 'pending'"),
            postgresql_where=text("status = 'pending'"),
        ),
        UniqueConstraint("tenant_id", "identity", "ordinal"),
    )

    bank_statement_id: Mapped[str] = mapped_column(Id)
    customer_id: Mapped[str | None] = mapped_column(Id)
    type: Mapped[str]
    status: Mapped[BankTransactionStatus]
    amount: Mapped[int]
    amount_assigned: Mapped[int] = mapped_column(default=0)
    currency: Mapped[str]
    booked_on: Mapped[date]
    payer_name: Mapped[str | None]
    payer_last4: Mapped[str | None]
    payer_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    payer_key: Mapped[str | None]
    purpose: Mapped[str]
    end_to_end_id: Mapped[str | None]
    reference: Mapped[str | None]
    bank_reference: Mapped[str | None]
    return_reason: Mapped[str | None]
    #: what the bank took for it, as far as it says so
    charges: Mapped[int] = mapped_column(default=0, server_default="0")
    identity: Mapped[str]
    ordinal: Mapped[int]
    #: by what it was booked without anybody looking: `reference`, `number` or `payer`
    matched_by: Mapped[str | None]
    #: invoices with amounts, for somebody to look at
    suggestions: Mapped[list[Any]] = mapped_column(default=list)
    reversed_by_id: Mapped[str | None] = mapped_column(Id)
    revision: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 - declarative reads it from the class


class BankAllocation(TenantOwned, Base):
    """What a part of a transfer was used for: an invoice, a customer's balance, or nothing (`set_aside`).

    `written_off` is what an invoice was paid with beyond `amount`, as that little was tolerated. One that was taken
    back has `released_at`.
    """

    __tablename__ = "bank_allocations"
    __table_args__ = (
        tenant_foreign_key("bank_transaction_id", "bank_transactions"),
        tenant_foreign_key("invoice_payment_id", "invoice_payments"),
        tenant_foreign_key("write_off_id", "invoice_payments"),
        tenant_foreign_key("customer_id", "customers"),
        newest_first("bank_allocations", "bank_transaction_id"),
        Index("ix_bank_allocations_invoice_payment", "tenant_id", "invoice_payment_id"),
    )

    bank_transaction_id: Mapped[str] = mapped_column(Id)
    type: Mapped[str]
    amount: Mapped[int]
    written_off: Mapped[int] = mapped_column(default=0)
    customer_id: Mapped[str | None] = mapped_column(Id)
    invoice_id: Mapped[str | None] = mapped_column(Id)
    invoice_payment_id: Mapped[str | None] = mapped_column(Id)
    write_off_id: Mapped[str | None] = mapped_column(Id)
    balance_transaction_id: Mapped[str | None] = mapped_column(Id)
    released_at: Mapped[int | None]
