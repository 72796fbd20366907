"""Tables of subscriptions and subscription items."""

from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Id, TenantOwned, due_first, metadata_index, newest_first, tenant_foreign_key
from portal.rules.statuses import SubscriptionStatus


class Subscription(TenantOwned, Base):
    """`billing_mode` is None for `classic`; `pending_update` is applied once its `invoice` is paid."""

    __tablename__ = "subscriptions"
    __table_args__ = (
        tenant_foreign_key("customer_id", "customers"),
        newest_first("subscriptions"),
        newest_first("subscriptions", "customer_id"),
        newest_first("subscriptions", "status"),
        metadata_index("subscriptions"),
        due_first("subscriptions"),
        due_first("subscriptions", "customer_id"),
    )

    customer_id: Mapped[str] = mapped_column(Id)
    status: Mapped[SubscriptionStatus]
    status_details: Mapped[dict[str, Any] | None]
    currency: Mapped[str]
    collection_method: Mapped[str]
    days_until_due: Mapped[int | None]
    default_payment_method_id: Mapped[str | None] = mapped_column(Id)
    description: Mapped[str | None]
    start_date: Mapped[int]
    billing_cycle_anchor: Mapped[int]
    current_period_start: Mapped[int]
    current_period_end: Mapped[int]
    trial_start: Mapped[int | None]
    trial_end: Mapped[int | None]
    cancel_at: Mapped[int | None]
    cancel_at_period_end: Mapped[bool] = mapped_column(default=False)
    canceled_at: Mapped[int | None]
    ended_at: Mapped[int | None]
    cancellation_details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    default_tax_rates: Mapped[list[Any]] = mapped_column(default=list)
    discounts: Mapped[list[Any]] = mapped_column(default=list)
    latest_invoice_id: Mapped[str | None] = mapped_column(Id)
    schedule_id: Mapped[str | None] = mapped_column(Id)
    pause_collection: Mapped[dict[str, Any] | None]
    trial_ends_in: Mapped[str | None]
    trial_will_end_at: Mapped[int | None]
    invoice_settings: Mapped[dict[str, Any] | None]
    payment_settings: Mapped[dict[str, Any] | None]
    billing_cycle_anchor_config: Mapped[dict[str, Any] | None]
    billing_mode: Mapped[dict[str, Any] | None]
    pending_invoice_item_interval: Mapped[dict[str, Any] | None]
    next_pending_invoice_item_invoice: Mapped[int | None]
    pending_update: Mapped[dict[str, Any] | None]
    test_clock_id: Mapped[str | None] = mapped_column(Id)
    upcoming_at: Mapped[int | None]
    next_step_at: Mapped[int | None]
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
    revision: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 - declarative reads it from the class


class SubscriptionItem(TenantOwned, Base):
    __tablename__ = "subscription_items"
    __table_args__ = (
        tenant_foreign_key("subscription_id", "subscriptions"),
        tenant_foreign_key("price_id", "prices"),
        newest_first("subscription_items", "subscription_id"),
        newest_first("subscription_items", "price_id"),
    )

    subscription_id: Mapped[str] = mapped_column(Id)
    price_id: Mapped[str] = mapped_column(Id)
    quantity: Mapped[int] = mapped_column(default=1)
    tax_rates: Mapped[list[Any]] = mapped_column(default=list)
    discounts: Mapped[list[Any]] = mapped_column(default=list)
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
