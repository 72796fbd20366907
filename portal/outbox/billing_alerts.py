"""Notifies merchants by mail of due steps that go on failing: at most one mail a day."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import clock
from portal.assembly import Services
from portal.billing.accounts import accounts
from portal.billing.lifecycle import failed_steps
from portal.db import rows_by_id, scope_of
from portal.models import FailedStep, Mail
from portal.outbox.mail_frames import mail_to_merchant
from portal.outbox.mail_texts import OutgoingMail
from portal.recording import notices

#: Tries that have to fail first: what succeeds at the second one needs nobody.
ALERT_AFTER_TRIES = 2
#: Steps that one mail names; it counts the others.
_MOST_NAMED = 10


def work(services: Services, now: int) -> int:
    """Queue the alerts that are due; returns how many."""
    with services.database.reading() as db:
        scopes = failed_steps.scopes_with_unresolved(db)
    count = 0
    for scope in scopes:
        with services.database.writing(scope) as db:
            count += _queue_alert(db, now)
    return count


def build_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """Sent to the account's own address; None when it has none, or nothing fails any more."""
    account = accounts.find_account(db, scope_of(db).account_id)
    rows = [row for row in rows_by_id(db, FailedStep, mail.data["steps"]).values() if row.resolved_at is None]
    if not rows or not account.email:
        return None
    context = {"count": mail.data["count"], "steps": [_describe(row) for row in rows]}
    return mail_to_merchant(account, account.email, context)


def _queue_alert(db: Session, now: int) -> int:
    if (db.scalar(select(func.max(FailedStep.alerted_at))) or 0) > now - clock.DAY:
        return 0
    failing = select(FailedStep).where(FailedStep.resolved_at.is_(None), FailedStep.tries >= ALERT_AFTER_TRIES)
    rows = db.scalars(failing.where(FailedStep.alerted_at.is_(None)).order_by(FailedStep.created)).all()
    if not rows:
        return 0
    for row in rows:
        row.alerted_at = now
    named = [row.id for row in rows[:_MOST_NAMED]]
    return notices.enqueue_without_event(
        db, "billing_failing", f"billing_failing:{named[0]}", count=len(rows), steps=named
    )


def _describe(row: FailedStep) -> dict[str, Any]:
    return {
        "customer": row.customer_id,
        "record": row.object_id,
        "step": row.verb,
        "since": row.created,
        "failure": row.failure,
    }
