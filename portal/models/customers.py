"""Tables of customers, their contacts, tax ids and balance transactions."""

from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, validates

from portal.models.base import (
    Base,
    Id,
    TenantOwned,
    case_insensitive_index,
    metadata_index,
    newest_first,
    tenant_foreign_key,
)
from portal.rules.contacts import Role
from portal.rules.tax_ids import VerificationStatus


class Customer(TenantOwned, Base):
    """A customer. `balance` is in minor units of `currency`; negative means credit."""

    __tablename__ = "customers"
    __table_args__ = (
        newest_first("customers"),
        newest_first("customers", "email"),
        Index("ix_customers_email_folded", "tenant_id", "email_folded"),
        case_insensitive_index("customers", "email"),
        case_insensitive_index("customers", "name"),
        metadata_index("customers"),
        Index(
            "ix_customers_test_clock_id",
            "tenant_id",
            "test_clock_id",
            sqlite_where=text("test_clock_id IS NOT NULL"),
            postgresql_where=text("test_clock_id IS NOT NULL"),
        ),
        UniqueConstraint("tenant_id", "invoice_prefix"),
    )

    deleted_at: Mapped[int | None]
    name: Mapped[str | None]
    business_name: Mapped[str | None]
    individual_name: Mapped[str | None]
    email: Mapped[str | None]
    #: `email` as it is looked up when somebody signs in with it, whatever its case
    email_folded: Mapped[str | None]
    phone: Mapped[str | None]
    description: Mapped[str | None]
    address: Mapped[dict[str, Any] | None]
    shipping: Mapped[dict[str, Any] | None]
    balance: Mapped[int] = mapped_column(default=0)
    currency: Mapped[str | None]
    discount_id: Mapped[str | None] = mapped_column(Id)
    tax_exempt: Mapped[str] = mapped_column(default="none")
    preferred_locales: Mapped[list[Any]] = mapped_column(default=list)
    invoice_prefix: Mapped[str]
    next_invoice_sequence: Mapped[int] = mapped_column(default=1)
    invoice_settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    default_payment_method_id: Mapped[str | None] = mapped_column(Id)
    #: the last mail that didn't arrive: address, when, why, which; None once one arrives again
    mail_failure: Mapped[dict[str, Any] | None]
    #: the kinds of mail that the customer does not want, by name
    unsubscribed_from: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    #: who gets documents too, as `rules.mail_recipients` says
    email_recipients: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
    test_clock_id: Mapped[str | None] = mapped_column(Id)
    revision: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 - declarative reads it from the class

    @validates("email")
    def _fold_email(self, key: str, email: str | None) -> str | None:
        self.email_folded = email.casefold() if email else None
        return email


class Contact(TenantOwned, Base):
    """A person of a customer; a row of the role `recipient` names an entry of `Customer.email_recipients`."""

    __tablename__ = "customer_contacts"
    __table_args__ = (
        tenant_foreign_key("customer_id", "customers"),
        tenant_foreign_key("configuration_id", "portal_configurations"),
        newest_first("customer_contacts", "customer_id"),
        Index("uq_customer_contacts_address", "tenant_id", "customer_id", "email_folded", unique=True),
        Index("ix_customer_contacts_email_folded", "tenant_id", "email_folded"),
    )

    customer_id: Mapped[str] = mapped_column(Id)
    email: Mapped[str]
    #: `email` as it is looked up when somebody signs in with it, whatever its case
    email_folded: Mapped[str]
    name: Mapped[str | None]
    role: Mapped[Role]
    locale: Mapped[str | None]
    #: where the invitation leads; None for the default configuration
    configuration_id: Mapped[str | None] = mapped_column(Id)
    invited_at: Mapped[int | None]
    expires_at: Mapped[int | None]
    #: when the address was first proven by a code
    joined_at: Mapped[int | None]
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)

    @validates("email")
    def _fold_email(self, key: str, email: str) -> str:
        self.email_folded = email.casefold()
        return email


class TaxId(TenantOwned, Base):
    """A tax registration of a customer, or of the account itself where `customer_id` is null."""

    __tablename__ = "tax_ids"
    __table_args__ = (
        tenant_foreign_key("customer_id", "customers"),
        newest_first("tax_ids", "customer_id"),
        Index("uq_tax_ids_customer_value", "tenant_id", "customer_id", "type", "value", unique=True),
    )

    customer_id: Mapped[str | None] = mapped_column(Id)
    type: Mapped[str]
    value: Mapped[str]
    country: Mapped[str | None]
    verification: Mapped[VerificationStatus]


class BalanceTransaction(TenantOwned, Base):
    """One entry of a customer's balance; only its description and metadata ever change."""

    __tablename__ = "customer_balance_transactions"
    __table_args__ = (
        tenant_foreign_key("customer_id", "customers"),
        tenant_foreign_key("invoice_id", "invoices"),
        tenant_foreign_key("credit_note_id", "credit_notes"),
        newest_first("customer_balance_transactions", "customer_id"),
    )

    customer_id: Mapped[str] = mapped_column(Id)
    type: Mapped[str]
    amount: Mapped[int]
    currency: Mapped[str]
    ending_balance: Mapped[int]
    description: Mapped[str | None]
    invoice_id: Mapped[str | None] = mapped_column(Id)
    credit_note_id: Mapped[str | None] = mapped_column(Id)
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
