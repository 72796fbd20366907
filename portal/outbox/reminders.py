"""Queues reminders of unpaid invoices on the days an account has chosen, before and after the due date."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, case, cast, exists, literal, select
from sqlalchemy.orm import Session

from portal import clock, zones
from portal.assembly import Services
from portal.billing.collection.scheduling import UNDER_WAY
from portal.db import Scope
from portal.models import Account, BankStatement, BankTransaction, DirectDebit, Invoice, InvoicePayment, Mail, Tenant
from portal.recording import notices
from portal.rules import mails

#: When a day's reminders begin to go out, by the merchant's clock: nobody is reminded at night.
OPENING_HOUR = 8 * clock.HOUR
#: What could not be sent on its day still goes out on the next one; after that a new setting would remind of long ago.
LATEST = timedelta(days=1)
BATCH_SIZE = 100


@dataclass(frozen=True)
class ReminderDay:
    """A calendar day in the time zone of an account, and how many days before (minus) or after it invoices are due.

    `offset` 7 reminds on `day` of what was due seven days before it.
    """

    day: date
    offset: int
    zone: str

    @property
    def begins(self) -> int:
        """The first moment of the day."""
        return zones.start_of_day(self.day, self.zone)

    def is_due_day(self) -> ColumnElement[bool]:
        """Whether an invoice is due on the day that this one reminds of."""
        due = self.day - timedelta(days=self.offset)
        first, end = (zones.start_of_day(day, self.zone) for day in (due, due + timedelta(days=1)))
        return and_(Invoice.due_date >= first, Invoice.due_date < end)


def work(services: Services, now: int) -> int:
    """Queue the reminders that are due; returns how many."""
    with services.database.reading() as db:
        wanted = _list_reminder_days(db, now)
    return sum(_queue_reminders(services, scope, each) for scope, days in wanted for each in days)


def _list_reminder_days(db: Session, now: int) -> list[tuple[Scope, list[ReminderDay]]]:
    """The accounts that send reminders, with those of today and of yesterday."""
    chosen = Account.settings["emails"]["payment_reminders"].as_string()
    tenants = select(Tenant, Account.settings).join(Account, Account.id == Tenant.account_id)
    return [
        (Scope.of_tenant(tenant), _days_of_account(settings, now))
        for tenant, settings in db.execute(tenants.where(chosen.is_not(None))).all()
        # what another system bills, that system reminds of
        if settings.get("billing", {}).get("mode") != "mirror"
    ]


def _days_of_account(settings: Mapping[str, Any], now: int) -> list[ReminderDay]:
    days = mails.mail_settings(settings)["payment_reminders"]
    offsets = [*(-day for day in days["days_before_due"]), *days["days_after_due"]]
    zone = zones.of_account(settings)
    today = zones.day_of(now - OPENING_HOUR, zone)
    return [ReminderDay(day, offset, zone) for offset in offsets for day in (today, today - LATEST)]


def _queue_reminders(services: Services, scope: Scope, wanted: ReminderDay) -> int:
    with services.database.reading(scope) as db:
        invoices = db.execute(_select_unpaid(wanted)).all()
    if not invoices:
        return 0
    with services.database.writing(scope) as db:
        return sum(
            notices.enqueue_without_event(db, "payment_reminder", key, customer_id=customer_id, invoice=id)
            for id, customer_id, key in invoices
        )


def _part_key() -> ColumnElement[str]:
    """What tells the reminders of the parts of an invoice apart."""
    return case((Invoice.amounts_due.is_(None), ""), else_=literal(":") + cast(Invoice.due_date, String))


def _select_unpaid(wanted: ReminderDay) -> Select[str, str, str]:
    """Unpaid invoices of that day whose reminder has not been queued, with the key of the reminder.

    An invoice that was made on the day itself was mailed just now. While its payment or its debit is on the way, or a
    transfer of its customer waits for somebody to look at it, nobody is reminded.
    """
    key = literal("payment_reminder:") + Invoice.id + literal(f":{wanted.offset}") + _part_key()
    transfer_waits = and_(
        BankTransaction.customer_id == Invoice.customer_id, BankTransaction.status.in_(("pending", "waiting"))
    )
    payment_waits = and_(InvoicePayment.invoice_id == Invoice.id, InvoicePayment.status == "open")
    debit_waits = and_(DirectDebit.invoice_id == Invoice.id, DirectDebit.status.in_(UNDER_WAY))
    return (
        select(Invoice.id, Invoice.customer_id, key)
        .where(Invoice.status == "open", Invoice.amount_remaining > 0, Invoice.test_clock_id.is_(None))
        .where(wanted.is_due_day(), Invoice.finalized_at < wanted.begins)
        .where(~exists().where(Mail.key == key))
        .where(~exists().where(payment_waits), ~exists().where(debit_waits), ~exists().where(transfer_waits))
        .where(~exists().where(BankStatement.status == "processing"))
        .limit(BATCH_SIZE)
    )
