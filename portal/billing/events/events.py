"""Reading and pruning events and the audit log; only `portal.recording` writes them."""

from typing import Annotated, cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from portal import clock, pruning
from portal.db import scope_of
from portal.models import Account, AuditEntry, CreditNote, Event, Invoice, WebhookDelivery
from portal.objects.accounts import event_switches
from portal.recording import record_occurrence
from portal.wire.commands import Flag, Id, ListCommand, ListOf, TimestampFilter, text_up_to

#: How long an event can be asked for and delivered; the audit log stays.
KEPT_FOR = 30 * clock.DAY

_EVENTS, _DELIVERIES = cast(Table, Event.__table__), cast(Table, WebhookDelivery.__table__)

EventType = Annotated[str, text_up_to(100)]


class ListEvents(ListCommand):
    """`type` may end in `*`; `types` are several exact ones."""

    created: TimestampFilter = None
    delivery_success: Flag | None = None
    related_object: Id | None = None
    type: EventType | None = None
    types: ListOf[EventType] = []


class ListAuditEntries(ListCommand):
    created: TimestampFilter = None


def newest_audit_entries(db: Session, customer_id: str | None, limit: int) -> list[AuditEntry]:
    """The newest entries of the audit log, of one customer or of all, oldest first."""
    statement = select(AuditEntry).order_by(AuditEntry.sequence.desc()).limit(limit)
    if customer_id is not None:
        statement = statement.where(AuditEntry.customer_id == customer_id)
    return list(db.scalars(statement))[::-1]


def record_download(db: Session, row: Invoice | CreditNote) -> None:
    """Write an event for a customer's download of a document, where the account has these events enabled."""
    record_occurrence(db, "billing_portal.document.downloaded", row)


def is_enabled(db: Session, switch: str) -> bool:
    """Whether the account has a kind of events enabled that the reference does not have."""
    return event_switches(db.get_one(Account, scope_of(db).account_id).settings)[switch]


def prune(db: Session, *, now: int) -> int:
    """Delete a batch of each tenant's events older than 30 days, with their webhook deliveries; returns how many."""
    done = 0
    for tenant_id in pruning.list_tenants(db, _EVENTS, now - KEPT_FOR):
        old = pruning.find_oldest(db, _EVENTS, tenant_id, now - KEPT_FOR)
        pruning.delete_by(db, _DELIVERIES, "event_id", tenant_id, old)
        done += pruning.delete_by(db, _EVENTS, "id", tenant_id, old)
    return done
