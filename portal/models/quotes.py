"""Tables of quotes and their line items."""

from typing import Any

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Id, TenantOwned, due_first, newest_first, tenant_foreign_key
from portal.rules.statuses import QuoteStatus


class Quote(TenantOwned, Base):
    """A quote; once finalized, seller, buyer, lines and totals are frozen copies."""

    __tablename__ = "quotes"
    __table_args__ = (
        tenant_foreign_key("customer_id", "customers"),
        tenant_foreign_key("invoice_id", "invoices"),
        tenant_foreign_key("subscription_id", "subscriptions"),
        tenant_foreign_key("subscription_schedule_id", "subscription_schedules"),
        newest_first("quotes"),
        newest_first("quotes", "customer_id"),
        newest_first("quotes", "status"),
        due_first("quotes"),
        due_first("quotes", "customer_id"),
        UniqueConstraint("tenant_id", "number"),
    )

    customer_id: Mapped[str | None] = mapped_column(Id)
    invoice_id: Mapped[str | None] = mapped_column(Id)
    subscription_id: Mapped[str | None] = mapped_column(Id)
    subscription_schedule_id: Mapped[str | None] = mapped_column(Id)
    from_quote_id: Mapped[str | None] = mapped_column(Id)
    is_revision: Mapped[bool] = mapped_column(default=False)
    status: Mapped[QuoteStatus] = mapped_column(default="draft")
    number: Mapped[str | None]
    sequence: Mapped[int | None]
    edition: Mapped[int] = mapped_column(default=1)
    currency: Mapped[str | None]
    collection_method: Mapped[str]
    description: Mapped[str | None]
    header: Mapped[str | None]
    footer: Mapped[str | None]
    default_tax_rates: Mapped[list[Any]] = mapped_column(default=list)
    invoice_settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    subscription_data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    discounts: Mapped[list[Any]] = mapped_column(default=list)
    upfront: Mapped[dict[str, Any]]
    recurring: Mapped[dict[str, Any] | None]
    expires_at: Mapped[int]
    finalized_at: Mapped[int | None]
    accepted_at: Mapped[int | None]
    canceled_at: Mapped[int | None]
    seller: Mapped[dict[str, Any] | None]
    buyer: Mapped[dict[str, Any] | None]
    next_step_at: Mapped[int | None]
    test_clock_id: Mapped[str | None] = mapped_column(Id)
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
    revision: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 - declarative reads it from the class


class QuoteLine(TenantOwned, Base):
    """A line item; `upfront` if it is part of the first payment. Prices and tax rates are copies."""

    __tablename__ = "quote_lines"
    __table_args__ = (
        tenant_foreign_key("quote_id", "quotes"),
        UniqueConstraint("tenant_id", "quote_id", "position"),
    )

    quote_id: Mapped[str] = mapped_column(Id)
    position: Mapped[int]
    upfront: Mapped[bool]
    price_id: Mapped[str] = mapped_column(Id)
    price: Mapped[dict[str, Any]]
    description: Mapped[str]
    quantity: Mapped[int]
    currency: Mapped[str]
    discounts: Mapped[list[Any]] = mapped_column(default=list)
    discount_amounts: Mapped[list[Any]] = mapped_column(default=list)
    amount_subtotal: Mapped[int]
    amount_tax: Mapped[int]
    amount_total: Mapped[int]
    tax_rates: Mapped[list[Any]] = mapped_column(default=list)
    taxes: Mapped[list[Any]] = mapped_column(default=list)
