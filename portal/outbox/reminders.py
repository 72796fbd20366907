"""Queues reminders of unpaid invoices on the days an account has chosen, before and after the due date."""

from sqlalchemy import Select, exists, literal, select
from sqlalchemy.orm import Session

from portal import clock
from portal.assembly import Services
from portal.db import Scope
from portal.models import Account, Invoice, Mail, Tenant
from portal.recording import notices
from portal.rules import mails

#: A reminder that could not be sent for so long is left out, so that a new setting does not remind of long ago.
STALE_AFTER = 2 * clock.DAY
BATCH_SIZE = 100


def work(services: Services, now: int) -> int:
    """Queue the reminders that are due; returns how many."""
    with services.database.reading() as db:
        wanted = _list_reminder_days(db)
    queued = 0
    for scope, days in wanted:
        for day in days:
            queued += _queue_reminders(services, scope, day, now)
    return queued


def _list_reminder_days(db: Session) -> list[tuple[Scope, list[int]]]:
    """The accounts that send reminders, and the days counted from the due date."""
    chosen = Account.settings["emails"]["payment_reminders"].as_string()
    tenants = select(Tenant, Account.settings).join(Account, Account.id == Tenant.account_id)
    found = []
    for tenant, settings in db.execute(tenants.where(chosen.is_not(None))).all():
        days = mails.mail_settings(settings)["payment_reminders"]
        offsets = [*(-day for day in days["days_before_due"]), *days["days_after_due"]]
        found.append((Scope.of_tenant(tenant), offsets))
    return found


def _queue_reminders(services: Services, scope: Scope, day: int, now: int) -> int:
    with services.database.reading(scope) as db:
        invoices = db.execute(_due_invoices(day, now)).all()
    if not invoices:
        return 0
    with services.database.writing(scope) as db:
        return sum(
            notices.enqueue_without_event(db, "payment_reminder", key, customer_id=customer_id, invoice=id)
            for id, customer_id, key in invoices
        )


def _due_invoices(day: int, now: int) -> Select[str, str, str]:
    """Unpaid invoices whose reminder of this day has not been queued."""
    key = literal("payment_reminder:") + Invoice.id + literal(f":{day}")
    at = now - day * clock.DAY
    return (
        select(Invoice.id, Invoice.customer_id, key)
        .where(Invoice.status == "open", Invoice.amount_remaining > 0, Invoice.test_clock_id.is_(None))
        .where(Invoice.due_date > at - STALE_AFTER, Invoice.due_date <= at)
        .where(~exists().where(Mail.key == key))
        .limit(BATCH_SIZE)
    )
