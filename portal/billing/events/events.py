"""What there is to ask about events and the audit log; they are written by `portal.recording` alone."""

from __future__ import annotations

from typing import Annotated, cast

from sqlalchemy import Table, delete, select
from sqlalchemy.orm import Session

from portal import clock
from portal.db import forget, scope_of
from portal.models import Account, AuditEntry, CreditNote, Event, Invoice, WebhookDelivery
from portal.objects.accounts import event_switches
from portal.recording import happened
from portal.wire.commands import Flag, Id, Listing, ListOf, TimestampFilter, text

#: How long an event can be asked for and delivered; the audit log stays.
KEPT_FOR = 30 * clock.DAY

_T, _D = cast(Table, Event.__table__), cast(Table, WebhookDelivery.__table__)

Type = Annotated[str, text(100)]


class ListEvents(Listing):
    created: TimestampFilter = None
    delivery_success: Flag | None = None
    related_object: Id | None = None
    type: Type | None = None
    types: ListOf[Type] = []


class ListEntries(Listing):
    created: TimestampFilter = None


def newest_entries(db: Session, customer_id: str | None, limit: int) -> list[AuditEntry]:
    """The newest entries of the audit log, of one customer or of all, oldest first."""
    statement = select(AuditEntry).order_by(AuditEntry.sequence.desc()).limit(limit)
    if customer_id is not None:
        statement = statement.where(AuditEntry.customer_id == customer_id)
    return list(db.scalars(statement))[::-1]


def note_download(db: Session, row: Invoice | CreditNote) -> None:
    """A customer has taken a document; told where the account wants to hear of it."""
    happened(db, "billing_portal.document.downloaded", row)


def are_wanted(db: Session, switch: str) -> bool:
    """Whether the account wants events of a kind that the reference does not have."""
    return event_switches(db.get_one(Account, scope_of(db).account_id).settings)[switch]


def prune(db: Session, *, now: int) -> int:
    """Forget the events that are older than 30 days, with what was delivered of them; answers how many."""
    old = _T.c.created < now - KEPT_FOR
    # a delivery has the moment of its event
    forget(db, delete(_D).where(_D.c.created < now - KEPT_FOR))
    return forget(db, delete(_T).where(old))
