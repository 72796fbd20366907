"""Changes of the email address, each confirmed by a code that is sent to the new address."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.customer_portal import codes, sessions
from portal.billing.customers import customers
from portal.billing.customers.params import UpdateCustomer
from portal.db import find_row, lock_and_refresh, lock_row, take_turn
from portal.errors import StalePage
from portal.models import Customer, EmailChange


@dataclass(frozen=True)
class RequestEmailChange:
    """A new address, the session it was typed in, and the hash of the code sent to it."""

    session_id: str
    email: str
    code_hash: str


@dataclass(frozen=True)
class ConfirmEmailChange:
    """The old address, which is sent a notice, and the hash of the notice's link."""

    old_email: str | None
    undo_hash: str | None


def request(db: Session, customer: Customer, command: RequestEmailChange, *, now: int) -> EmailChange:
    """Create a change that waits for its code; an earlier code expires. Raises `TooManyCodes`."""
    lock_and_refresh(db, customer, noun="customer")
    customers.refuse_deleted(customer)
    # other customers may ask for codes to the same address
    take_turn(db, "email codes")
    refuse_over_limit(db, customer.id, command.email, now=now)
    expire_pending(db, customer.id, now)
    change = EmailChange(
        id=ids.new("email_change"),
        created=now,
        customer_id=customer.id,
        session_id=command.session_id,
        old_email=customer.email,
        new_email=command.email,
        code_hash=command.code_hash,
        expires_at=now + codes.LIFETIME,
        tries=0,
    )
    db.add(change)
    return change


def refuse_over_limit(db: Session, customer_id: str, email: str, *, now: int) -> None:
    """Raise `TooManyCodes` where one more code for the customer or to the address would be too many."""
    for own in (EmailChange.customer_id == customer_id, func.lower(EmailChange.new_email) == func.lower(email)):
        for seconds, most in codes.LIMITS:
            sent = select(func.count(EmailChange.id)).where(own, EmailChange.created > now - seconds)
            if (db.scalar(sent) or 0) >= most:
                raise codes.TooManyCodes("Too many codes were asked for. Please try again later.")


def find_pending(db: Session, customer_id: str, session_id: str, *, now: int) -> EmailChange | None:
    """The change of this session that waits for its code."""
    return db.scalars(select(EmailChange).where(*_pending_conditions(customer_id, session_id, now))).first()


def has_just_confirmed(db: Session, customer_id: str, session_id: str, *, now: int) -> bool:
    """Whether this session has confirmed a change within the lifetime of a code."""
    own = (EmailChange.customer_id == customer_id, EmailChange.session_id == session_id)
    statement = select(EmailChange.id).where(*own, EmailChange.confirmed_at > now - codes.LIFETIME)
    return db.scalars(statement.limit(1)).first() is not None


def count_attempt(db: Session, customer_id: str, session_id: str, *, now: int) -> EmailChange | None:
    """Count one try before the code is compared; None when no try is left."""
    counted = (
        update(EmailChange)
        .where(*_pending_conditions(customer_id, session_id, now))
        .values(tries=EmailChange.tries + 1)
        .returning(EmailChange)
    )
    return db.scalars(counted).first()


def confirm(db: Session, change_id: str, command: ConfirmEmailChange, *, now: int) -> Customer:
    """Change the address and end the customer's other sessions.

    Raises `StalePage` when the change is confirmed already or the address was changed in between.
    """
    change = find_row(db, EmailChange, change_id, noun="email change")
    customer = lock_row(db, Customer, change.customer_id, noun="customer")
    db.refresh(change)
    if change.confirmed_at is not None or customer.email != command.old_email:
        raise StalePage("The email address was changed meanwhile.")
    change.confirmed_at = now
    change.old_email = command.old_email
    change.undo_hash = command.undo_hash
    sessions.end_others(db, customer.id, change.session_id, now=now)
    return customers.update(db, customer, UpdateCustomer(email=change.new_email), now=now)


def _pending_conditions(customer_id: str, session_id: str, now: int) -> tuple[Any, ...]:
    return (
        EmailChange.customer_id == customer_id,
        EmailChange.session_id == session_id,
        EmailChange.confirmed_at.is_(None),
        EmailChange.expires_at > now,
        EmailChange.tries < codes.MOST_TRIES,
    )


def expire_pending(db: Session, customer_id: str, now: int) -> None:
    """Expire the codes of a customer that wait to be typed in."""
    waiting = (EmailChange.customer_id == customer_id, EmailChange.confirmed_at.is_(None), EmailChange.expires_at > now)
    db.execute(update(EmailChange).where(*waiting).values(expires_at=now))
