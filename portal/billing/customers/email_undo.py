"""The link in the notice of a changed address, which restores the old one; it is stored as SHA-256."""

from dataclasses import dataclass

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from portal import clock
from portal.billing.customer_portal import session_secrets, sessions
from portal.billing.customers import customers
from portal.billing.customers.email_changes import expire_pending
from portal.billing.customers.params import UpdateCustomer
from portal.db import Scope, find_row, forget, lock_row, select_with_owner
from portal.errors import StalePage
from portal.models import Customer, EmailChange

UNDO_LIFETIME = 72 * clock.HOUR
KEPT_FOR = UNDO_LIFETIME + clock.DAY
_EMAIL_CHANGES = EmailChange.__table__


@dataclass(frozen=True)
class UndoableChange:
    """A confirmed change of the last three days, its customer and tenant, and whether it was undone."""

    id: str
    customer_id: str
    scope: Scope
    old_email: str
    undone: bool


def find_undoable(db: Session, token: str, *, now: int) -> UndoableChange | None:
    """The change that a link undoes, while it is valid; needs no scope, and returns it."""
    row = db.execute(
        select_with_owner(
            _EMAIL_CHANGES,
            _EMAIL_CHANGES.c.id,
            _EMAIL_CHANGES.c.customer_id,
            _EMAIL_CHANGES.c.old_email,
            _EMAIL_CHANGES.c.undone_at,
        ).where(
            _EMAIL_CHANGES.c.undo_hash == session_secrets.hash_secret(token),
            _EMAIL_CHANGES.c.confirmed_at > now - UNDO_LIFETIME,
        )
    ).first()
    if row is None:
        return None
    scope = Scope.of(row)
    return UndoableChange(row.id, row.customer_id, scope, row.old_email, undone=row.undone_at is not None)


def undo(db: Session, change_id: str, *, now: int) -> Customer:
    """Restore the old address, whatever changed after it, and end every session of the customer.

    Raises `StalePage` when it was undone before.
    """
    change = find_row(db, EmailChange, change_id, noun="email change")
    customer = lock_row(db, Customer, change.customer_id, noun="customer")
    db.refresh(change)
    if change.undone_at is not None or change.undo_hash is None:
        raise StalePage("The change was taken back already.")
    change.undone_at = now
    expire_pending(db, customer.id, now)
    # whoever took over the address must not get it back by a notice of their own
    db.execute(
        update(EmailChange)
        .where(
            EmailChange.customer_id == customer.id,
            EmailChange.created >= change.created,
            EmailChange.id != change.id,
        )
        .values(undo_hash=None)
    )
    sessions.end_others(db, customer.id, None, now=now)
    return customers.update(db, customer, UpdateCustomer(email=change.old_email), now=now)


def prune(db: Session, *, now: int) -> int:
    """Delete changes that can't be undone any more; returns how many."""
    old = delete(_EMAIL_CHANGES).where(_EMAIL_CHANGES.c.created < now - KEPT_FOR)  # type: ignore[arg-type]
    return forget(db, old)
