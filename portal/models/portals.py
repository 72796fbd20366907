"""Tables of portal configurations and sessions, and of offers, cancellations, feedback options and email changes."""

from typing import Any

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Id, TenantOwned, due_first, newest_first, tenant_foreign_key


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
        Index("uq_portal_configurations_cancel_token", "cancel_token", unique=True),
    )

    updated: Mapped[int]
    active: Mapped[bool]
    is_default: Mapped[bool]
    name: Mapped[str | None]
    business_profile: Mapped[dict[str, Any]]
    default_return_url: Mapped[str | None]
    features: Mapped[dict[str, Any]]
    login_token: Mapped[str | None] = mapped_column(String(64), unique=True)
    cancel_token: Mapped[str | None] = mapped_column(String(64))
    session_limits: Mapped[dict[str, Any]]
    #: where its own pages are; None for the account's
    host: Mapped[str | None]
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
    """What a customer who is about to cancel a subscription was offered, and the answer.

    `type` is `coupon`, `pause` or `price`; `reason` is the one given for canceling, of the wire's or the merchant's.
    """

    __tablename__ = "retention_offers"
    __table_args__ = (
        tenant_foreign_key("customer_id", "customers"),
        tenant_foreign_key("subscription_id", "subscriptions"),
        newest_first("retention_offers"),
        newest_first("retention_offers", "subscription_id"),
    )

    customer_id: Mapped[str] = mapped_column(Id)
    subscription_id: Mapped[str] = mapped_column(Id)
    session_id: Mapped[str] = mapped_column(Id)
    type: Mapped[str] = mapped_column(server_default="coupon")
    reason: Mapped[str | None]
    coupon_id: Mapped[str | None] = mapped_column(Id)
    price_id: Mapped[str | None] = mapped_column(Id)
    accepted_at: Mapped[int | None]
    declined_at: Mapped[int | None]


class PlanCancellation(TenantOwned, Base):
    """The cancellation of a subscription by its customer, and all that the document about it says, frozen.

    `created` is when it was received. `ends_at` is when the subscription ends or has ended by it.
    """

    __tablename__ = "plan_cancellations"
    __table_args__ = (
        tenant_foreign_key("customer_id", "customers"),
        tenant_foreign_key("subscription_id", "subscriptions"),
        newest_first("plan_cancellations"),
        newest_first("plan_cancellations", "subscription_id"),
    )

    customer_id: Mapped[str] = mapped_column(Id)
    subscription_id: Mapped[str] = mapped_column(Id)
    #: None for one by the public page, which needs no visit
    session_id: Mapped[str | None] = mapped_column(Id)
    ends_at: Mapped[int]
    cancellation_details: Mapped[dict[str, Any]]
    seller: Mapped[dict[str, Any]]
    buyer: Mapped[dict[str, Any]]
    #: names of the plan and amounts, as `cancellation_receipts.record` freezes them
    content: Mapped[dict[str, Any]]


class PlanWithdrawal(TenantOwned, Base):
    """The withdrawal of a consumer from the contract of a subscription, and all that its receipt says, frozen.

    `created` is when it was received. Amounts are in minor units: what goes back as money, what became credit, and
    what was open and is not to be paid any more; the credit notes by their ids say of which bills.
    """

    __tablename__ = "plan_withdrawals"
    __table_args__ = (
        tenant_foreign_key("customer_id", "customers"),
        tenant_foreign_key("subscription_id", "subscriptions"),
        newest_first("plan_withdrawals"),
        Index("uq_plan_withdrawals_subscription_id", "tenant_id", "subscription_id", unique=True),
    )

    customer_id: Mapped[str] = mapped_column(Id)
    subscription_id: Mapped[str] = mapped_column(Id)
    #: None for one by the public page or that the merchant has taken in
    session_id: Mapped[str | None] = mapped_column(Id)
    currency: Mapped[str]
    amount_refunded: Mapped[int]
    amount_credited: Mapped[int]
    amount_waived: Mapped[int]
    credit_notes: Mapped[list[Any]]
    seller: Mapped[dict[str, Any]]
    buyer: Mapped[dict[str, Any]]
    #: names of the plan, moment of the conclusion and numbers, as `withdrawals.withdraw` freezes them
    content: Mapped[dict[str, Any]]


class CancellationNotice(TenantOwned, Base):
    """What somebody has declared on a configuration's public page to cancel, as it was received.

    `kind` is `ordinary` or `extraordinary`, `reference` a number of the contract, the customer or an invoice as typed,
    `wanted_on` the day wanted for the end, None for the soonest. A worker finds out whose it is at `next_step_at`:
    `status` is `received` until then, `done` where a subscription is canceled by it, else `waiting` for the merchant.
    `once` is of the page, so that two clicks are one notice.
    """

    __tablename__ = "cancellation_notices"
    __table_args__ = (
        tenant_foreign_key("configuration_id", "portal_configurations"),
        newest_first("cancellation_notices"),
        newest_first("cancellation_notices", "email"),
        due_first("cancellation_notices"),
        Index("uq_cancellation_notices_once", "tenant_id", "once", unique=True),
        Index("ix_cancellation_notices_network", "network_hash", "created"),
        Index("ix_cancellation_notices_wide_network", "wide_network_hash", "created"),
    )

    configuration_id: Mapped[str] = mapped_column(Id)
    kind: Mapped[str]
    name: Mapped[str]
    email: Mapped[str]
    reference: Mapped[str]
    reason: Mapped[str | None]
    wanted_on: Mapped[str | None]
    locale: Mapped[str]
    seller: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(default="received")
    customer_id: Mapped[str | None] = mapped_column(Id)
    subscription_id: Mapped[str | None] = mapped_column(Id)
    next_step_at: Mapped[int | None]
    once: Mapped[str] = mapped_column(String(64))
    network_hash: Mapped[str] = mapped_column(String(64))
    wide_network_hash: Mapped[str | None] = mapped_column(String(64))


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
