"""Checkout sessions once they are made: found by their link, changed, expired, and followed until they are paid."""

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal import clock
from portal.billing.checkout import amounts, orders_under_way
from portal.billing.checkout.order_states import is_ordered
from portal.billing.checkout.params import ExpireCheckoutSession, UpdateCheckoutSession
from portal.billing.customer_portal import session_secrets
from portal.billing.ledger.locks import Billed
from portal.db import Scope, find_row, forget, lock_and_refresh, select_with_owner
from portal.errors import InvalidRequest
from portal.models import CheckoutSession, DirectDebit, Invoice
from portal.wire.commands import merge_metadata

NOUN = "checkout session"
#: How long a session is kept that nothing came of.
KEPT_FOR = 90 * clock.DAY
_SESSIONS: Any = CheckoutSession.__table__
_INVOICES: Any = Invoice.__table__
_DEBITS: Any = DirectDebit.__table__
#: Statuses of an invoice that nobody pays any more.
_GIVEN_UP = ("uncollectible", "void")


def find(db: Session, id: str) -> CheckoutSession:
    """The session of this id. Raises `ResourceMissing`."""
    return find_row(db, CheckoutSession, id, noun=NOUN)


def find_by_secret(db: Session, secret: str) -> tuple[Scope, str] | None:
    """Whose the session of a link is, and its id; needs no scope."""
    mine = select_with_owner(_SESSIONS, _SESSIONS.c.id).where(
        _SESSIONS.c.link_hash == session_secrets.hash_secret(secret)
    )
    row = db.execute(mine).first()
    return (Scope.of(row), row.id) if row else None


def update(db: Session, session: CheckoutSession, command: UpdateCheckoutSession, *, now: int) -> CheckoutSession:
    """Change the metadata."""
    lock_and_refresh(db, session, noun=NOUN)
    if command.was_sent("metadata"):
        session.metadata_ = merge_metadata(session.metadata_, command.metadata)
    return session


def expire(db: Session, session: CheckoutSession, command: ExpireCheckoutSession, *, now: int) -> CheckoutSession:
    """End a session that is open. Raises `InvalidRequest` for one that is over."""
    billed = orders_under_way.lock(db, session)
    if session.status != "open":
        raise InvalidRequest(
            f"Only Checkout Sessions with a status in [open] can be expired. This one is {session.status}."
        )
    if not _end(db, session, billed, now):
        raise InvalidRequest("This Checkout Session can't be expired: a payment is under way.")
    return session


def list_expired(db: Session, *, now: int) -> list[tuple[Scope, str]]:
    """Sessions of all accounts whose time is over and that are not marked so yet, at most 100."""
    over = select_with_owner(_SESSIONS, _SESSIONS.c.id).where(
        _SESSIONS.c.status == "open", _SESSIONS.c.expires_at <= now
    )
    return [(Scope.of(row), row.id) for row in db.execute(over.limit(100))]


def mark_expired(db: Session, id: str, *, now: int) -> None:
    """Mark a session as expired, unless it was completed meanwhile."""
    session = find(db, id)
    billed = orders_under_way.lock(db, session)
    if session.status == "open" and session.expires_at <= now:
        _end(db, session, billed, now)


def prune(db: Session, *, now: int) -> int:
    """Delete sessions that nothing came of and that expired long ago; return how many."""
    old = delete(_SESSIONS).where(_SESSIONS.c.status == "expired", _SESSIONS.c.expires_at < now - KEPT_FOR)
    return forget(db, old)


def list_settled(db: Session) -> list[tuple[Scope, str]]:
    """Sessions of all accounts, ordered or completed, whose payment has succeeded or failed since, at most 100."""
    failed_debit = (
        select(_DEBITS.c.id)
        .where(
            _DEBITS.c.tenant_id == _SESSIONS.c.tenant_id,
            _DEBITS.c.invoice_id == _SESSIONS.c.invoice_id,
            _DEBITS.c.status == "failed",
        )
        .exists()
    )
    failed = _SESSIONS.c.payment_failed_at.is_(None) & (_INVOICES.c.status.in_(_GIVEN_UP) | failed_debit)
    settled = (
        select_with_owner(_SESSIONS, _SESSIONS.c.id)
        .join(
            _INVOICES,
            (_INVOICES.c.tenant_id == _SESSIONS.c.tenant_id) & (_INVOICES.c.id == _SESSIONS.c.invoice_id),
        )
        .where(
            _SESSIONS.c.invoice_id.is_not(None),
            _SESSIONS.c.payment_status == "unpaid",
            (_INVOICES.c.status == "paid")
            | (_SESSIONS.c.status == "complete") & failed
            | (_SESSIONS.c.status == "open") & _INVOICES.c.status.in_(_GIVEN_UP),
            _SESSIONS.c.status != "expired",
        )
    )
    return [(Scope.of(row), row.id) for row in db.execute(settled.limit(100))]


def settle(db: Session, id: str, *, now: int) -> None:
    """Note in a session what has become of its payment."""
    session = find(db, id)
    if is_ordered(session):
        orders_under_way.follow(db, session, now=now)
        return
    lock_and_refresh(db, session, noun=NOUN)
    if session.payment_status != "unpaid" or not amounts.amount_total(session):
        return
    invoice = find_row(db, Invoice, session.invoice_id or "", noun="invoice")
    if invoice.status == "paid":
        session.payment_status = "paid"
    elif session.payment_failed_at is None:
        session.payment_failed_at = now


def _end(db: Session, session: CheckoutSession, billed: Billed | None, now: int) -> bool:
    """Expire a session that is locked and open; answers whether that was possible, as a payment may be under way."""
    if is_ordered(session):
        # ordered between being found and being locked: its payment has only begun
        return billed is not None and orders_under_way.give_up(db, session, billed, now=now)
    session.status = "expired"
    return True
