"""Previews of a new schedule, and of a change of one."""

from typing import Any

from sqlalchemy.orm import Session

from portal.billing.ledger import locks
from portal.billing.lifecycle import next_invoices
from portal.billing.previews.next_bills import NoUpcomingInvoice
from portal.billing.previews.params import CreatePreview
from portal.billing.schedules import progress, schedules
from portal.billing.schedules.params import CreateSchedule, UpdateSchedule
from portal.db import find_row
from portal.errors import MissingParameter, params_within
from portal.models import Customer, Invoice, Subscription, SubscriptionSchedule
from portal.rules import steps

NOUN = "subscription schedule"


def apply_to_schedule(db: Session, command: CreatePreview, now: int) -> SubscriptionSchedule:
    """Change the named schedule, or create one, as the phases that were sent say."""
    sent = command.schedule_details
    given = sent.sent_values("end_behavior", "pause_schedules", "phases", "proration_behavior") if sent else {}
    if command.schedule is None:
        row = _create_schedule(db, command, given, now)
    else:
        row = find_row(db, SubscriptionSchedule, command.schedule, noun=NOUN, param="schedule")
        if given:
            with params_within("schedule_details"):
                schedules.update(db, row, UpdateSchedule(**given), now=now)
    db.flush()
    return row


def find_subscription(db: Session, command: CreatePreview) -> Subscription | None:
    """The subscription that the named schedule manages, if it has begun."""
    row = (
        find_row(db, SubscriptionSchedule, command.schedule, param="schedule", noun=NOUN) if command.schedule else None
    )
    return find_row(db, Subscription, row.subscription_id, noun="subscription") if row and row.subscription_id else None


def latest_invoice(db: Session, row: SubscriptionSchedule) -> tuple[Customer, Invoice]:
    """The latest invoice by a schedule, and its customer; where it has not begun, the invoice that it begins with.

    Raises `NoUpcomingInvoice` where it has ended.
    """
    customer, coming = locks.billable_customer(db, row.customer_id), steps.next_for_schedule(row)
    if row.subscription_id is None:
        if coming is None:
            raise NoUpcomingInvoice(customer)
        progress.begin(db, customer, row, coming.moment)
    begun = find_row(db, Subscription, row.subscription_id or "", noun="subscription")
    return customer, next_invoices.latest_invoice(db, begun)


def _create_schedule(db: Session, command: CreatePreview, given: dict[str, Any], now: int) -> SubscriptionSchedule:
    """Create the schedule that the sent phases describe."""
    if command.customer is None:
        raise MissingParameter("customer")
    given.pop("proration_behavior", None)
    first = given["phases"][0].start_date if given.get("phases") else None
    start = first if isinstance(first, int) else now
    new = CreateSchedule(customer=command.customer, start_date=max(start, now), **given)
    with params_within("schedule_details"):
        return schedules.create(db, new, now=now)
