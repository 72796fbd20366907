"""Tables of events, sent to the merchant's system, and of the audit log, which nothing can change."""

from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Id, TenantOwned, newest_first


class Event(TenantOwned, Base):
    """A change in its wire form. `sequence` rises strictly within the tenant, in the order of commits."""

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("tenant_id", "sequence"),
        newest_first("events"),
        newest_first("events", "type"),
        newest_first("events", "object_id"),
    )

    sequence: Mapped[int]
    type: Mapped[str]
    api_version: Mapped[str]
    object_type: Mapped[str]
    object_id: Mapped[str] = mapped_column(Id)
    customer_id: Mapped[str | None] = mapped_column(Id)
    data: Mapped[dict[str, Any]]
    previous_attributes: Mapped[dict[str, Any] | None]
    request: Mapped[dict[str, Any]]
    actor: Mapped[dict[str, Any]]
    pending_webhooks: Mapped[int] = mapped_column(default=0)


class AuditEntry(TenantOwned, Base):
    """Who did what to which object; personal details are masked. The database refuses updates and deletions."""

    __tablename__ = "audit_log"
    __table_args__ = (
        UniqueConstraint("tenant_id", "sequence"),
        newest_first("audit_log", "customer_id"),
        # the newest entry of a customer, which every page of a visit asks for
        Index("ix_audit_log_customer_id_sequence", "tenant_id", "customer_id", "sequence"),
    )

    sequence: Mapped[int]
    action: Mapped[str]
    object_type: Mapped[str]
    object_id: Mapped[str] = mapped_column(Id)
    customer_id: Mapped[str | None] = mapped_column(Id)
    actor: Mapped[dict[str, Any]]
    request_id: Mapped[str | None]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]


class Journal(Base):
    """The last sequence number of each tenant; its row is locked until the commit, which keeps the order.

    `shared` is the last one that concerns every customer's pages: of an entry that belongs to no customer, or of a
    change that left no entry (`recording.note_unrecorded`).
    """

    __tablename__ = "journals"

    tenant_id: Mapped[int] = mapped_column(Integer, ForeignKey("tenants.id"), primary_key=True, autoincrement=False)
    last: Mapped[int]
    shared: Mapped[int] = mapped_column(default=0, server_default="0")
