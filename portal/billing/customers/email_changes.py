"""Changes of the email address: a code proves the new one, and a link from the old one takes it back.

The link is kept as SHA-256.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from portal import clock, ids
from portal.billing.customer_portal import codes, sessions
from portal.billing.customers import customers
from portal.db import Scope, find, forget, locked, select_with_owner
from portal.errors import Stale
from portal.models import Customer, EmailChange

UNDO_LIVES = 72 * clock.HOUR
KEPT_FOR = UNDO_LIVES + clock.DAY

_T = EmailChange.__table__


@dataclass(frozen=True)
class RequestEmailChange:
    """A new address, the visit it was typed in, and the hash of the code sent to it."""

    session_id: str
    email: str
    code_hash: str


@dataclass(frozen=True)
class ConfirmEmailChange:
    """The address as the notice to it assumes, and the hash of the notice's link."""

    old_email: str | None
    undo_hash: str | None


@dataclass(frozen=True)
class Undoable:
    """A confirmed change of the last three days, whose it is, and whether it was taken back."""

    id: str
    customer_id: str
    scope: Scope
    old_email: str
    undone: bool


def undo_token(change: EmailChange, secret_key: str) -> str:
    """The secret of the change's undo link; the same each time, so that a repeated notice stays true."""
    message = f"undo-email:{change.id}:{change.code_hash}".encode()
    return base64.urlsafe_b64encode(hmac.digest(secret_key.encode(), message, "sha256")).decode().rstrip("=")


def request(db: Session, customer: Customer, command: RequestEmailChange, *, now: int) -> EmailChange:
    """A change that waits for its code; a code sent before is void. Raises `TooManyCodes`."""
    customer = locked(db, Customer, customer.id, noun="customer")
    customers.refuse_deleted(customer)
    _refuse_too_many(db, customer.id, command.email, now)
    _void_pending(db, customer.id, now)
    change = EmailChange(
        id=ids.new("email_change"),
        created=now,
        customer_id=customer.id,
        session_id=command.session_id,
        old_email=customer.email,
        new_email=command.email,
        code_hash=command.code_hash,
        expires_at=now + codes.LIVES,
        tries=0,
    )
    db.add(change)
    return change


def withdraw(db: Session, change_id: str) -> None:
    """Forget a change whose code could not be sent."""
    db.execute(delete(EmailChange).where(EmailChange.id == change_id))


def pending(db: Session, customer_id: str, session_id: str, *, now: int) -> EmailChange | None:
    """The change that waits for its code in this visit."""
    return db.scalars(select(EmailChange).where(*_waiting(customer_id, session_id, now))).first()


def just_confirmed(db: Session, customer_id: str, session_id: str, *, now: int) -> bool:
    """Whether this visit has confirmed a change while its code would still be good."""
    own = (EmailChange.customer_id == customer_id, EmailChange.session_id == session_id)
    statement = select(EmailChange.id).where(*own, EmailChange.confirmed_at > now - codes.LIVES)
    return db.scalars(statement.limit(1)).first() is not None


def attempt(db: Session, customer_id: str, session_id: str, *, now: int) -> EmailChange | None:
    """Use up one try, before anyone looks at the code; None when there is none left to use."""
    counted = (
        update(EmailChange)
        .where(*_waiting(customer_id, session_id, now))
        .values(tries=EmailChange.tries + 1)
        .returning(EmailChange)
    )
    return db.scalars(counted).first()


def confirm(db: Session, change_id: str, command: ConfirmEmailChange, *, now: int) -> Customer:
    """Swap the address and end the customer's other visits.

    Raises `Stale` when the change is confirmed already or the address was changed in between.
    """
    change = find(db, EmailChange, change_id, noun="email change")
    customer = locked(db, Customer, change.customer_id, noun="customer")
    db.refresh(change)
    if change.confirmed_at is not None or customer.email != command.old_email:
        raise Stale("The email address was changed meanwhile.")
    change.confirmed_at = now
    change.old_email = command.old_email
    change.undo_hash = command.undo_hash
    sessions.end_others(db, customer.id, change.session_id, now=now)
    return customers.update(db, customer, customers.UpdateCustomer(email=change.new_email), now=now)


def undoable(db: Session, token: str, *, now: int) -> Undoable | None:
    """The change that a link is for, while it is good; needs no scope, and yields it."""
    row = db.execute(
        select_with_owner(_T, _T.c.id, _T.c.customer_id, _T.c.old_email, _T.c.undone_at).where(
            _T.c.undo_hash == sessions.digest(token), _T.c.confirmed_at > now - UNDO_LIVES
        )
    ).first()
    if row is None:
        return None
    scope = Scope.of(row)
    return Undoable(row.id, row.customer_id, scope, row.old_email, undone=row.undone_at is not None)


def undo(db: Session, change_id: str, *, now: int) -> Customer:
    """Bring the old address back, whatever came after it, and end every visit of the customer.

    Raises `Stale` when it was taken back before.
    """
    change = find(db, EmailChange, change_id, noun="email change")
    customer = locked(db, Customer, change.customer_id, noun="customer")
    db.refresh(change)
    if change.undone_at is not None or change.undo_hash is None:
        raise Stale("The change was taken back already.")
    change.undone_at = now
    _void_pending(db, customer.id, now)
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
    return customers.update(db, customer, customers.UpdateCustomer(email=change.old_email), now=now)


def prune(db: Session, *, now: int) -> int:
    """Forget changes that nothing can be done with any more; answers how many."""
    old = delete(_T).where(_T.c.created < now - KEPT_FOR)  # type: ignore[arg-type]
    return forget(db, old)


def _waiting(customer_id: str, session_id: str, now: int) -> tuple[Any, ...]:
    return (
        EmailChange.customer_id == customer_id,
        EmailChange.session_id == session_id,
        EmailChange.confirmed_at.is_(None),
        EmailChange.expires_at > now,
        EmailChange.tries < codes.MOST_TRIES,
    )


def _void_pending(db: Session, customer_id: str, now: int) -> None:
    waiting = (EmailChange.customer_id == customer_id, EmailChange.confirmed_at.is_(None), EmailChange.expires_at > now)
    db.execute(update(EmailChange).where(*waiting).values(expires_at=now))


def _refuse_too_many(db: Session, customer_id: str, email: str, now: int) -> None:
    for own in (EmailChange.customer_id == customer_id, func.lower(EmailChange.new_email) == func.lower(email)):
        for seconds, most in codes.LIMITS:
            sent = select(func.count(EmailChange.id)).where(own, EmailChange.created > now - seconds)
            if (db.scalar(sent) or 0) >= most:
                raise codes.TooManyCodes("Too many codes were asked for. Please try again later.")
