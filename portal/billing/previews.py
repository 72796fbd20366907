"""What a customer will be billed next, or would be after a change: the change itself, made and not kept.

Everything here writes, in a session that its caller rolls back; so a preview can't differ from what
it is a preview of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing import (
    cancellations,
    drafts,
    invoiceitems,
    invoices,
    item_changes,
    locks,
    renewals,
    schedules,
    subscriptions,
)
from portal.billing.invoiceitems import UpdateInvoiceItem
from portal.billing.subscription_items import ItemChange
from portal.db import find
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import Customer, Invoice, InvoiceItem, Subscription, SubscriptionSchedule
from portal.rules import invoices as rules
from portal.rules import steps
from portal.wire.moments import EndOrTimestamp, NowOrTimestamp
from portal.wire.params import Clearable, Command, Currency, Expanding, Flag, Id, Listing, ListOf, Timestamp


class NothingToCome(ResourceMissing):
    """There is no next invoice."""

    code = "invoice_upcoming_none"

    def __init__(self, customer: Customer) -> None:
        super().__init__("upcoming invoice", customer.id, param=None)
        self.message = f"No upcoming invoices for customer: {customer.id}"


class PreviewedItem(UpdateInvoiceItem):
    currency: Currency | None = None
    invoiceitem: Id | None = None


class Details(Command):
    billing_cycle_anchor: Literal["now", "unchanged"] | None = None
    cancel_at: Clearable[EndOrTimestamp] = None
    cancel_at_period_end: Flag | None = None
    cancel_now: Flag = False
    default_tax_rates: ListOf[Id] = []
    items: ListOf[ItemChange] = []
    proration_behavior: item_changes.Proration = "create_prorations"
    proration_date: Timestamp | None = None
    trial_end: NowOrTimestamp | None = None


class CreatePreview(Expanding):
    currency: Currency | None = None
    customer: Id | None = None
    invoice_items: ListOf[PreviewedItem] = []
    schedule: Id | None = None
    subscription: Id | None = None
    subscription_details: Details = Details()


class Upcoming(Expanding):
    """The same in the older wire, which has no hash around what belongs to the subscription."""

    currency: Currency | None = None
    customer: Id | None = None
    invoice_items: ListOf[PreviewedItem] = []
    schedule: Id | None = None
    subscription: Id | None = None
    subscription_billing_cycle_anchor: Literal["now", "unchanged"] | None = None
    subscription_cancel_at: Clearable[EndOrTimestamp] = None
    subscription_cancel_at_period_end: Flag | None = None
    subscription_cancel_now: Flag = False
    subscription_default_tax_rates: ListOf[Id] = []
    subscription_items: ListOf[ItemChange] = []
    subscription_proration_behavior: item_changes.Proration = "create_prorations"
    subscription_proration_date: Timestamp | None = None
    subscription_trial_end: NowOrTimestamp | None = None

    @property
    def newer(self) -> CreatePreview:
        """As the newer wire has it."""
        of_details = {f"subscription_{name}": name for name in Details.model_fields}
        sent = self.given()
        details = {of_details[name]: value for name, value in sent.items() if name in of_details}
        rest = {name: value for name, value in sent.items() if name in CreatePreview.model_fields}
        return CreatePreview(**rest, subscription_details=Details(**details))


class UpcomingLines(Upcoming, Listing):
    """A page of the lines of such a preview."""


@dataclass(frozen=True)
class Preview:
    """An invoice that will not be kept; `subscription` is None where the preview made it."""

    invoice: Invoice
    subscription: Subscription | None
    proration_date: int | None


def upcoming(db: Session, command: CreatePreview, *, now: int) -> Preview:
    """The next invoice of a customer or subscription, or of a change, or of a new subscription.

    Raises `NothingToCome`, and whatever the change itself would.
    """
    details = command.subscription_details
    if command.schedule and command.subscription is None:
        return _scheduled(db, command, command.schedule, now)
    customer, subscription = _parties(db, command)
    if subscription is None and details.items:
        invoice = _begun(db, customer, command, now)
        return Preview(_as_draft(customer, invoice), None, None)
    subscription = subscription or _next(db, customer)
    _add_items(db, customer, subscription, command, now)
    invoice = _changed(db, customer, subscription, details, now) if subscription else _loose(db, customer, now)
    prorated = details.items or details.cancel_now or details.billing_cycle_anchor == "now"
    return Preview(_as_draft(customer, invoice), subscription, (details.proration_date or now) if prorated else None)


def _scheduled(db: Session, command: CreatePreview, id: str, now: int) -> Preview:
    """Of the subscription that a schedule moves, or that it is to begin."""
    row = find(db, SubscriptionSchedule, id, noun="subscription schedule", param="schedule")
    if row.subscription_id:
        following = command.model_copy(update={"subscription": row.subscription_id, "schedule": None})
        return upcoming(db, following, now=now)
    customer, coming = locks.buyer(db, row.customer_id), steps.of_schedule(row)
    if coming is None:
        raise NothingToCome(customer)
    schedules.begin(db, customer, row, coming.moment)
    begun = find(db, Subscription, row.subscription_id or "", noun="subscription")
    return Preview(_as_draft(customer, renewals.latest(db, begun)), None, None)


def _parties(db: Session, command: CreatePreview) -> tuple[Customer, Subscription | None]:
    if command.subscription is None:
        if command.customer is None:
            raise InvalidRequest("Missing required param: customer.", param="customer", code="parameter_missing")
        return locks.buyer(db, command.customer), None
    found = find(db, Subscription, command.subscription, noun="subscription", param="subscription")
    if command.customer not in {None, found.customer_id}:
        raise ResourceMissing("subscription", command.subscription, param="subscription")
    return locks.subscription(db, found.id, found.customer_id)


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
            invoiceitems.create(db, new, now=now)
            continue
        row = find(db, InvoiceItem, sent.invoiceitem, noun="invoice item", param=f"invoice_items[{index}][invoiceitem]")
        values.pop("currency", None)
        invoiceitems.update(db, row, UpdateInvoiceItem(**values), now=now)
    db.flush()


def _begun(db: Session, customer: Customer, command: CreatePreview, now: int) -> Invoice:
    details = command.subscription_details
    _add_items(db, customer, None, command, now)
    refused = {"id", "deleted", "clear_usage"}
    sent: dict[str, Any] = {
        "items": [
            {name: value for name, value in each.given().items() if name not in refused} for each in details.items
        ],
        **details.given("cancel_at", "default_tax_rates"),
    }
    if details.cancel_at_period_end:
        sent["cancel_at_period_end"] = True
    if details.trial_end is not None:
        sent["trial_end"] = details.trial_end
    if command.currency:
        sent["currency"] = command.currency
    new = subscriptions.CreateSubscription(customer=customer.id, **sent)
    return renewals.latest(db, subscriptions.create(db, new, now=now))


def _changed(db: Session, customer: Customer, subscription: Subscription, details: Details, now: int) -> Invoice:
    """What a change bills at once, else what the period's end will bill after it."""
    before = subscription.latest_invoice_id
    if details.cancel_now:
        ending = cancellations.CancelSubscription(prorate=details.proration_behavior != "none", invoice_now=True)
        cancellations.cancel(db, subscription, ending, now=now, proration_date=details.proration_date)
    elif sent := {name: value for name, value in details.given().items() if name != "cancel_now"}:
        subscriptions.update(db, subscription, subscriptions.UpdateSubscription(**sent), now=now)
    db.flush()
    if subscription.latest_invoice_id != before:
        return renewals.latest(db, subscription)
    invoice = renewals.next_bill(db, customer, subscription)
    if invoice is None:
        raise NothingToCome(customer)
    return invoice


def _loose(db: Session, customer: Customer, now: int) -> Invoice:
    """Of a customer without a subscription only what waits by itself can be billed."""
    waiting = invoiceitems.pending(db, customer.id)
    if not waiting:
        raise NothingToCome(customer)
    invoice = invoices.draft(db, customer, None, waiting[0].currency, "upcoming", now=now)
    drafts.add_items(db, invoice, waiting)
    return invoice


def _as_draft(customer: Customer, invoice: Invoice) -> Invoice:
    """As it stands before it is finalized, also where the change would do that at once."""
    if invoice.status != "draft":
        customer.balance = invoice.starting_balance
    invoice.status, invoice.number = "draft", None
    invoice.finalized_at = invoice.paid_at = invoice.effective_at = None
    invoice.seller = invoice.buyer = None
    invoice.billing_reason = "upcoming"
    invoice.ending_balance = customer.balance + rules.settlement(invoice.total, customer.balance).applied
    return invoice
