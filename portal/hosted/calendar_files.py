"""Coming payments in words, on the page and in calendar files."""

from dataclasses import dataclass

from flask import Response
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.billing.customer_portal.coming_payments import ComingPayment, list_coming
from portal.billing.customers import test_clocks
from portal.db import rows_by_id
from portal.hosted.languages import money
from portal.hosted.own_subscriptions import plan_name
from portal.models import Customer, Invoice
from portal.rules.icalendar import MEDIA_TYPE, DayEvent, render_calendar
from portal.web.responses import file_response

#: Seconds for which a calendar program may keep a file before it asks again.
_KEPT_FOR = 3600


@dataclass(frozen=True)
class DescribedPayment:
    """A payment, and in words what it is for."""

    payment: ComingPayment
    words: str


def describe_coming(db: Session, customer: Customer) -> list[DescribedPayment]:
    """What comes, the next first, in a session that the caller rolls back."""
    coming = list_coming(db, customer)
    invoices = rows_by_id(db, Invoice, [each.id for each in coming if each.kind != "renewal"])
    numbers = {id: row.number or "" for id, row in invoices.items()}
    return [DescribedPayment(each, _describe(db, each, numbers)) for each in coming]


def calendar_response(db: Session, customer: Customer, merchant: str | None, now: int) -> Response:
    """The file as a download."""
    name = _("Payments to %(merchant)s", merchant=merchant) if merchant else _("Coming payments")
    events = [_build_event(each) for each in describe_coming(db, customer)]
    return file_response(render_calendar(name, events, now), MEDIA_TYPE, f"{name}.ics")


def subscribed_response(db: Session, customer: Customer, merchant: str | None) -> Response:
    """The file for programs that ask for it again."""
    response = calendar_response(db, customer, merchant, test_clocks.time_for_row(db, customer))
    response.headers["Cache-Control"] = f"private, max-age={_KEPT_FOR}"
    return response


def _describe(db: Session, payment: ComingPayment, numbers: dict[str, str]) -> str:
    if payment.kind == "renewal":
        return str(_("%(plan)s renews", plan=plan_name(db, payment.id)))
    number = numbers[payment.id]
    if payment.kind == "debit":
        return str(_("Invoice %(number)s is collected", number=number))
    return str(_("Invoice %(number)s is due", number=number))


def _build_event(described: DescribedPayment) -> DayEvent:
    payment = described.payment
    uid = f"{payment.kind}-{payment.id}"
    # each renewal is an event of its own, while a due date that moves stays the same one
    uid = f"{uid}-{payment.day:%Y%m%d}" if payment.kind == "renewal" else uid
    amount = money(payment.amount, payment.currency)
    return DayEvent(f"{uid}@billing", payment.day, f"{described.words}: {amount}")
