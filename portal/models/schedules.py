"""The table of subscription schedules: the phases that a subscription goes through."""

from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Id, TenantOwned, due_first, newest_first, tenant_foreign_key
from portal.rules.statuses import ScheduleStatus


class SubscriptionSchedule(TenantOwned, Base):
    """`phases` are stored complete, each with its start and its end (exclusive); `phase` is the current one's index.
    `pause_schedules` is in the wire's form.

    `taken_over_end` is the end that its subscription had before: the schedule did not set it, and takes it not back.
    """

    __tablename__ = "subscription_schedules"
    __table_args__ = (
        tenant_foreign_key("customer_id", "customers"),
        tenant_foreign_key("subscription_id", "subscriptions"),
        newest_first("subscription_schedules"),
        newest_first("subscription_schedules", "customer_id"),
        due_first("subscription_schedules"),
        due_first("subscription_schedules", "customer_id"),
    )

    customer_id: Mapped[str] = mapped_column(Id)
    subscription_id: Mapped[str | None] = mapped_column(Id)
    released_subscription_id: Mapped[str | None] = mapped_column(Id)
    status: Mapped[ScheduleStatus]
    phase: Mapped[int | None]
    phases: Mapped[list[Any]]
    pause_schedules: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    default_settings: Mapped[dict[str, Any]]
    end_behavior: Mapped[str]
    taken_over_end: Mapped[int | None]
    billing_mode: Mapped[dict[str, Any] | None]
    canceled_at: Mapped[int | None]
    completed_at: Mapped[int | None]
    released_at: Mapped[int | None]
    next_step_at: Mapped[int | None]
    test_clock_id: Mapped[str | None] = mapped_column(Id)
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
    revision: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 - declarative reads it from the class
