"""Tables of portal configurations, portal sessions, retention offers, feedback options and email changes."""

from typing import Any

from sqlalchemy import Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Id, TenantOwned, newest_first, tenant_foreign_key


class Configuration(TenantOwned, Base):
    """A portal configuration; `features` is stored complete and in its newest form."""

    __tablename__ = "portal_configurations"
    __table_args__ = (
        newest_first("portal_configurations"),
        Index(
            "uq_portal_configurations_default",
            "tenant_id",
            unique=True,
            sqlite_where=text("is_default"),
            postgresql_where=text("is_default"),
        ),
    )

    updated: Mapped[int]
    active: Mapped[bool]
    is_default: Mapped[bool]
    name: Mapped[str | None]
    business_profile: Mapped[dict[str, Any]]
    default_return_url: Mapped[str | None]
    features: Mapped[dict[str, Any]]
    login_token: Mapped[str | None] = mapped_column(String(64), unique=True)
    session_limits: Mapped[dict[str, Any]]
    embedding: Mapped[dict[str, Any]] = mapped_column(default=lambda: {"origins": []}, server_default='{"origins": []}')
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)


class PortalSession(TenantOwned, Base):
    """A customer's visit: opened by a link, then held by a cookie; of both only the SHA-256 is stored."""

    __tablename__ = "portal_sessions"
    __table_args__ = (
        tenant_foreign_key("customer_id", "customers"),
        tenant_foreign_key("configuration_id", "portal_configurations"),
        newest_first("portal_sessions"),
        newest_first("portal_sessions", "customer_id"),
    )

    customer_id: Mapped[str] = mapped_column(Id)
    configuration_id: Mapped[str] = mapped_column(Id)
    return_url: Mapped[str | None]
    #: which of the customer's contacts it belongs to, also once that one is gone; None for the customer's own
    contact_id: Mapped[str | None] = mapped_column(Id)
    #: the browser that opened it, as families: `browser`, `system`
    device: Mapped[dict[str, Any] | None]
    locale: Mapped[str | None]
    on_behalf_of: Mapped[str | None]
    after_expiration: Mapped[dict[str, Any] | None]
    #: The origin of the page that shows it, and the part that it shows
    embed: Mapped[dict[str, Any] | None]
    #: what it allows less than its configuration, with rules of its own
    features: Mapped[dict[str, Any] | None]
    #: `link`: by the merchant's app; `login`: by a code to the customer's address
    origin: Mapped[str] = mapped_column(default="link", server_default="link")
    flow: Mapped[dict[str, Any] | None]
    flow_completed_at: Mapped[int | None]
    link_hash: Mapped[str] = mapped_column(String(64), unique=True)
    link_expires_at: Mapped[int]
    secret_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    opened_at: Mapped[int | None]
    last_seen_at: Mapped[int | None]
    expires_at: Mapped[int]
    ended_at: Mapped[int | None]
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)


class RetentionOffer(TenantOwned, Base):
    """A coupon offered to a customer who is about to cancel a subscription, and the answer."""

    __tablename__ = "retention_offers"
    __table_args__ = (
        tenant_foreign_key("customer_id", "customers"),
        tenant_foreign_key("subscription_id", "subscriptions"),
        newest_first("retention_offers"),
        UniqueConstraint("tenant_id", "subscription_id", "coupon_id"),
    )

    customer_id: Mapped[str] = mapped_column(Id)
    subscription_id: Mapped[str] = mapped_column(Id)
    session_id: Mapped[str] = mapped_column(Id)
    coupon_id: Mapped[str] = mapped_column(Id)
    accepted_at: Mapped[int | None]
    declined_at: Mapped[int | None]


class FeedbackOption(TenantOwned, Base):
    """A merchant's own reason that a customer can choose when canceling a subscription."""

    __tablename__ = "feedback_options"
    __table_args__ = (newest_first("feedback_options"),)

    description: Mapped[str]
    deactivated_at: Mapped[int | None]


class EmailChange(TenantOwned, Base):
    """A new address that waits for its code; once confirmed, it can be undone for three days."""

    __tablename__ = "email_changes"
    __table_args__ = (
        tenant_foreign_key("customer_id", "customers"),
        newest_first("email_changes", "customer_id"),
        newest_first("email_changes", "new_email"),
    )

    customer_id: Mapped[str] = mapped_column(Id)
    session_id: Mapped[str] = mapped_column(Id)
    old_email: Mapped[str | None]
    new_email: Mapped[str]
    code_hash: Mapped[str]
    expires_at: Mapped[int]
    tries: Mapped[int] = mapped_column(default=0)
    confirmed_at: Mapped[int | None]
    undo_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    undone_at: Mapped[int | None]
