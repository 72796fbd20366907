"""Tables of checkout sessions and of the payment links that open them."""

from typing import Any

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Id, TenantOwned, newest_first, tenant_foreign_key
from portal.rules.statuses import CheckoutMode, CheckoutPaymentStatus, CheckoutStatus


class PaymentLink(TenantOwned, Base):
    """A public address, of which `token` is the end, that opens a checkout session for each visitor.

    `lines` are what it sells, `settings` the parameters that its sessions get. `completed` counts those that were
    completed.
    """

    __tablename__ = "payment_links"
    __table_args__ = (newest_first("payment_links"), newest_first("payment_links", "active"))

    active: Mapped[bool]
    token: Mapped[str] = mapped_column(String(64), unique=True)
    mode: Mapped[CheckoutMode]
    currency: Mapped[str]
    lines: Mapped[list[Any]]
    settings: Mapped[dict[str, Any]]
    completed: Mapped[int] = mapped_column(default=0)
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
    revision: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 - declarative reads it from the class


class CheckoutSession(TenantOwned, Base):
    """A purchase on a page of the portal, from the offer to the invoice, subscription or payment method it ends in.

    `lines` are the line items with what they cost, `sums` their totals, `discounts` those that are offered, and
    `settings` the parameters that only pages and completion read. Of the secret of its link only the SHA-256 is kept,
    and so of the network of a stranger who opened it by a payment link.
    """

    __tablename__ = "checkout_sessions"
    __table_args__ = (
        tenant_foreign_key("customer_id", "customers"),
        tenant_foreign_key("payment_link_id", "payment_links"),
        tenant_foreign_key("invoice_id", "invoices"),
        tenant_foreign_key("subscription_id", "subscriptions"),
        tenant_foreign_key("setup_intent_id", "setup_intents"),
        newest_first("checkout_sessions"),
        newest_first("checkout_sessions", "customer_id"),
        newest_first("checkout_sessions", "payment_link_id"),
        newest_first("checkout_sessions", "subscription_id"),
        newest_first("checkout_sessions", "network_hash"),
        Index(
            "ix_checkout_sessions_open",
            "expires_at",
            sqlite_where=text("status = 'open'"),
            postgresql_where=text("status = 'open'"),
        ),
        Index(
            "ix_checkout_sessions_unpaid",
            "tenant_id",
            "invoice_id",
            sqlite_where=text("invoice_id IS NOT NULL AND payment_status = 'unpaid'"),
            postgresql_where=text("invoice_id IS NOT NULL AND payment_status = 'unpaid'"),
        ),
    )

    customer_id: Mapped[str | None] = mapped_column(Id)
    payment_link_id: Mapped[str | None] = mapped_column(Id)
    invoice_id: Mapped[str | None] = mapped_column(Id)
    subscription_id: Mapped[str | None] = mapped_column(Id)
    setup_intent_id: Mapped[str | None] = mapped_column(Id)
    mode: Mapped[CheckoutMode]
    status: Mapped[CheckoutStatus]
    payment_status: Mapped[CheckoutPaymentStatus]
    currency: Mapped[str | None]
    lines: Mapped[list[Any]]
    discounts: Mapped[list[Any]]
    sums: Mapped[dict[str, Any] | None]
    settings: Mapped[dict[str, Any]]
    customer_email: Mapped[str | None]
    customer_details: Mapped[dict[str, Any] | None]
    #: what was typed beyond that, such as the answers to `custom_fields`
    collected: Mapped[dict[str, Any] | None]
    consent: Mapped[dict[str, Any] | None]
    client_reference_id: Mapped[str | None]
    locale: Mapped[str | None]
    success_url: Mapped[str | None]
    cancel_url: Mapped[str | None]
    link_hash: Mapped[str] = mapped_column(String(64), unique=True)
    network_hash: Mapped[str | None] = mapped_column(String(64))
    #: how many promotion codes were tried that there are not
    wrong_codes: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[int]
    completed_at: Mapped[int | None]
    #: when its payment failed that was under way as it was completed
    payment_failed_at: Mapped[int | None]
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
    revision: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 - declarative reads it from the class
