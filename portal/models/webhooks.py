"""Tables of webhook endpoints, deliveries, and the queues of events that wait for an endpoint."""

from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, Integer, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Id, TenantOwned, newest_first, tenant_foreign_key
from portal.rules.statuses import WebhookDeliveryStatus, WebhookEndpointStatus


class WebhookEndpoint(TenantOwned, Base):
    """An address that events are sent to. Secrets are encrypted; the previous one still signs for a while.

    `failing_since` is the first failure after the last success, `alerted_at` when the merchant was notified of it,
    `resumes_at` the time before which the receiver asked not to be called.
    """

    __tablename__ = "webhook_endpoints"
    __table_args__ = (newest_first("webhook_endpoints"),)

    url: Mapped[str]
    enabled_events: Mapped[list[Any]]
    description: Mapped[str | None]
    api_version: Mapped[str | None]
    status: Mapped[WebhookEndpointStatus] = mapped_column(default="enabled")
    disabled_reason: Mapped[str | None]
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    secret_rolled_at: Mapped[int | None]
    previous_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    previous_secret_expires_at: Mapped[int | None]
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
    failing_since: Mapped[int | None]
    alerted_at: Mapped[int | None]
    resumes_at: Mapped[int | None]


class WebhookDelivery(TenantOwned, Base):
    """An event to be sent to an endpoint, with its latest try. `customer_id` is empty if it concerns no customer."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        tenant_foreign_key("endpoint_id", "webhook_endpoints"),
        tenant_foreign_key("event_id", "events"),
        UniqueConstraint("tenant_id", "event_id", "endpoint_id"),
        newest_first("webhook_deliveries", "endpoint_id"),
        Index(
            "ix_webhook_deliveries_pending",
            "tenant_id",
            "endpoint_id",
            "customer_id",
            "sequence",
            sqlite_where=text("status = 'pending'"),
            postgresql_where=text("status = 'pending'"),
        ),
    )

    endpoint_id: Mapped[str] = mapped_column(Id)
    event_id: Mapped[str] = mapped_column(Id)
    event_type: Mapped[str]
    customer_id: Mapped[str] = mapped_column(Id)
    sequence: Mapped[int]
    status: Mapped[WebhookDeliveryStatus] = mapped_column(default="pending")
    tries: Mapped[int] = mapped_column(default=0)
    first_try_at: Mapped[int | None]
    last_try_at: Mapped[int | None]
    next_try_at: Mapped[int | None]
    duration: Mapped[int | None]
    response_status: Mapped[int | None]
    response_body: Mapped[str | None]
    failure: Mapped[str | None]


class WebhookQueue(Base):
    """One customer's events that wait for one endpoint; they are sent one by one by the holder of the `lease`.

    `next_try_at` is when the first of them is to be tried, or when the lease expires. The row is deleted as soon as
    nothing waits.
    """

    __tablename__ = "webhook_queues"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "endpoint_id"],
            ["webhook_endpoints.tenant_id", "webhook_endpoints.id"],
            deferrable=True,
            initially="DEFERRED",
        ),
        Index("ix_webhook_queues_due", "tenant_id", "endpoint_id", "next_try_at"),
    )

    tenant_id: Mapped[int] = mapped_column(Integer, ForeignKey("tenants.id"), primary_key=True)
    endpoint_id: Mapped[str] = mapped_column(Id, primary_key=True)
    customer_id: Mapped[str] = mapped_column(Id, primary_key=True)
    next_try_at: Mapped[int]
    lease: Mapped[str | None]
