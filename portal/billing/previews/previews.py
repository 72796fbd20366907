"""What a customer will be billed next, or would be after a change: the change itself, made and not kept.

Everything here writes, in a session that its caller rolls back; so a preview can't differ from what
it is a preview of.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.customers import customers
from portal.billing.discounts import redemptions
from portal.billing.invoices import drafts, invoiceitems, invoices
from portal.billing.invoices.invoiceitems import UpdateInvoiceItem
from portal.billing.ledger import locks, totals
from portal.billing.lifecycle import steps as renewals
from portal.billing.lifecycle.preview_shapes import Preview, as_draft
from portal.billing.previews.params import CreatePreview, Details, newer_name
from portal.billing.schedules import schedules
from portal.billing.subscriptions import cancellations, items, pauses, subscriptions
from portal.db import find
from portal.errors import MissingParameter, PortalError, ResourceMissing
from portal.models import Customer, Invoice, InvoiceItem, Subscription, SubscriptionSchedule
from portal.rules import steps


class NothingToCome(ResourceMissing):
    """There is no next invoice."""

    code = "invoice_upcoming_none"

    def __init__(self, customer: Customer) -> None:
        super().__init__("upcoming invoice", customer.id, param=None)
        self.message = f"No upcoming invoices for customer: {customer.id}"


def upcoming(db: Session, command: CreatePreview, *, now: int) -> Preview:
    """The next invoice of a customer or subscription, or of a change, or of a new subscription.

    Raises `NothingToCome`, and whatever the change itself would.
    """
    details = command.subscription_details
    if command.schedule_details or (command.schedule and command.subscription is None):
        return _scheduled(db, command, now)
    customer, subscription = _parties(db, command, now)
    known = command.customer is not None or subscription is not None
    if subscription is None and details.items:
        invoice = _begun(db, customer, command, now)
        return Preview(as_draft(customer, invoice), None, None, known)
    subscription = subscription or _next(db, customer)
    _discount(db, customer, subscription, command, now)
    _add_items(db, customer, subscription, command, now)
    if subscription is None:
        return Preview(as_draft(customer, _loose(db, customer, command, now)), None, None, known)
    invoice = _changed(db, customer, subscription, command, now)
    prorated = details.items or details.cancel_now or details.billing_cycle_anchor == "now"
    return Preview(as_draft(customer, invoice), subscription, (details.proration_date or now) if prorated else None)


def _scheduled(db: Session, command: CreatePreview, now: int) -> Preview:
    """Of the subscription that a schedule moves, or that it is to begin; of other phases where those are sent."""
    sent = command.schedule_details
    given = sent.given("end_behavior", "phases", "proration_behavior") if sent else {}
    if command.schedule:
        row = find(db, SubscriptionSchedule, command.schedule, noun="subscription schedule", param="schedule")
        if given:
            with _within("schedule_details"):
                schedules.update(db, row, schedules.UpdateSchedule(**given), now=now)
    else:
        row = _planned(db, command, given, now)
    db.flush()
    if row.subscription_id:
        following = {"subscription": row.subscription_id, "schedule": None, "schedule_details": None}
        if command.schedule:
            return upcoming(db, command.model_copy(update=following), now=now)
    customer, coming = locks.buyer(db, row.customer_id), steps.of_schedule(row)
    if row.subscription_id is None:
        if coming is None:
            raise NothingToCome(customer)
        schedules.begin(db, customer, row, coming.moment)
    begun = find(db, Subscription, row.subscription_id or "", noun="subscription")
    return Preview(as_draft(customer, renewals.latest(db, begun)), None, None)


def _planned(db: Session, command: CreatePreview, given: dict[str, Any], now: int) -> SubscriptionSchedule:
    """The schedule that the sent phases would make."""
    if command.customer is None:
        raise MissingParameter("customer")
    given.pop("proration_behavior", None)
    first = given["phases"][0].start_date if given.get("phases") else None
    start = first if isinstance(first, int) else now
    new = schedules.CreateSchedule(customer=command.customer, start_date=max(start, now), **given)
    with _within("schedule_details"):
        return schedules.create(db, new, now=now)


def _parties(db: Session, command: CreatePreview, now: int) -> tuple[Customer, Subscription | None]:
    if command.subscription is None:
        if command.customer is None and command.customer_details is None:
            raise MissingParameter("customer")
        return _customer(db, command, now), None
    found = find(db, Subscription, command.subscription, noun="subscription", param="subscription")
    if command.customer not in {None, found.customer_id}:
        raise ResourceMissing("subscription", command.subscription, param="subscription")
    following = command.model_copy(update={"customer": found.customer_id})
    return _customer(db, following, now), locks.subscription(db, found.id, found.customer_id)[1]


def _customer(db: Session, command: CreatePreview, now: int) -> Customer:
    """Who is billed, as they are or as they are supposed to be."""
    sent = command.customer_details
    values = sent.given("address", "shipping", "tax_exempt") if sent else {}
    tax_ids = sent.tax_ids if sent else []
    with _within("customer_details"):
        if command.customer is None:
            return customers.create(db, customers.CreateCustomer(**values, tax_id_data=tax_ids), now=now)
        customer = locks.buyer(db, command.customer)
        if values:
            customers.update(db, customer, customers.UpdateCustomer(**values), now=now)
        return customer


def _discount(
    db: Session, customer: Customer, subscription: Subscription | None, command: CreatePreview, now: int
) -> None:
    """Redeem what the preview supposes, in place of what would be inherited."""
    if not command.has("discounts"):
        return
    if not command.discounts:
        customer.discount_id = None
    if subscription:
        sent = redemptions.Discounts(discounts=command.discounts)
        price = sum(each.amount for each in items.items(db, subscription.id))
        redemptions.put_on_subscription(db, customer, subscription, sent, price, now=now)


def _next(db: Session, customer: Customer) -> Subscription | None:
    """The subscription that is billed next."""
    own = select(Subscription).where(Subscription.customer_id == customer.id, Subscription.ended_at.is_(None))
    return db.scalars(own.order_by(Subscription.current_period_end, Subscription.id).limit(1)).first()


def _add_items(
    db: Session, customer: Customer, subscription: Subscription | None, command: CreatePreview, now: int
) -> None:
    """What the preview supposes to be waiting."""
    own: dict[str, Any] = {"subscription": subscription.id} if subscription else {}
    for index, sent in enumerate(command.invoice_items):
        values = {name: value for name, value in sent.given().items() if name != "invoiceitem"}
        if sent.invoiceitem is None:
            new = invoiceitems.CreateInvoiceItem(customer=customer.id, **own, **values)
            with _within(f"invoice_items[{index}]"):
                invoiceitems.create(db, new, now=now)
            continue
        row = find(db, InvoiceItem, sent.invoiceitem, noun="invoice item", param=f"invoice_items[{index}][invoiceitem]")
        values.pop("currency", None)
        with _within(f"invoice_items[{index}]"):
            invoiceitems.update(db, row, UpdateInvoiceItem(**values), now=now)
    db.flush()


def _begun(db: Session, customer: Customer, command: CreatePreview, now: int) -> Invoice:
    details = command.subscription_details
    _discount(db, customer, None, command, now)
    _add_items(db, customer, None, command, now)
    refused = {"id", "deleted", "clear_usage"}
    sent: dict[str, Any] = {
        "items": [
            {name: value for name, value in each.given().items() if name not in refused} for each in details.items
        ],
        **details.given("billing_mode", "cancel_at", "default_tax_rates", "metadata", "trial_from_plan"),
        **command.given("discounts"),
    }
    start = details.start_date or now
    if start < now:
        sent["backdate_start_date"] = start
    if details.cancel_at_period_end:
        sent["cancel_at_period_end"] = True
    if details.trial_end is not None:
        sent["trial_end"] = details.trial_end
    if command.currency:
        sent["currency"] = command.currency
    new = subscriptions.CreateSubscription(customer=customer.id, **sent)
    with _named():
        subscription = subscriptions.create(db, new, now=max(start, now))
    db.flush()
    if command.preview_mode == "recurring":
        return _recurring(db, customer, subscription)
    return renewals.latest(db, subscription)


def _changed(db: Session, customer: Customer, subscription: Subscription, command: CreatePreview, now: int) -> Invoice:
    """What a change bills at once, else what the period's end will bill after it."""
    before, details = subscription.latest_invoice_id, command.subscription_details
    sent = details.given(*_CHANGES)
    if command.preview_mode == "recurring":
        sent["proration_behavior"] = "none"
    with _named():
        if details.resume_at:
            pauses.resume(db, subscription, pauses.ResumeSubscription(), now=now)
        if details.cancel_now:
            ending = cancellations.CancelSubscription(prorate=details.proration_behavior != "none", invoice_now=True)
            cancellations.cancel(db, subscription, ending, now=now, proration_date=details.proration_date)
        elif sent:
            subscriptions.update(db, subscription, subscriptions.UpdateSubscription(**sent), now=now)
    db.flush()
    if command.preview_mode == "recurring":
        return _recurring(db, customer, subscription)
    if subscription.latest_invoice_id != before:
        return renewals.latest(db, subscription)
    return _following(db, customer, subscription)


#: What a change of a running subscription may say.
_CHANGES = sorted(set(Details.model_fields) & set(subscriptions.UpdateSubscription.model_fields))


def _recurring(db: Session, customer: Customer, subscription: Subscription) -> Invoice:
    """A period's bill without what is billed once."""
    for item in invoiceitems.due_with(db, customer.id, subscription.id):
        db.delete(item)
    db.flush()
    return _following(db, customer, subscription)


def _following(db: Session, customer: Customer, subscription: Subscription) -> Invoice:
    invoice = renewals.next_bill(db, customer, subscription)
    if invoice is None:
        raise NothingToCome(customer)
    return invoice


@contextmanager
def _within(hash: str) -> Iterator[None]:
    """Name parameters by the hash of the preview that they stand in."""
    try:
        yield
    except PortalError as error:
        first, bracket, rest = (error.param or "").partition("[")
        error.param = f"{hash}[{first}]{bracket}{rest}" if first else hash
        raise


@contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except PortalError as error:
        error.param = newer_name(error.param)
        raise


def _loose(db: Session, customer: Customer, command: CreatePreview, now: int) -> Invoice:
    """Of a customer without a subscription only what waits by itself can be billed."""
    waiting = invoiceitems.pending(db, customer.id)
    if not waiting:
        raise NothingToCome(customer)
    invoice = invoices.draft(db, customer, None, waiting[0].currency, "upcoming", now=now)
    drafts.add_items(db, invoice, waiting)
    if command.has("discounts"):
        db.flush()
        redemptions.put_on_invoice(db, locks.Billed(customer, None, invoice), command.discounts, now=now)
        totals.total(db, invoice)
    return invoice
