"""Invoice previews: what a customer will be billed next, or would be billed after a change.

Everything here writes, in a session that the caller rolls back. The change itself is made, so a preview can't
differ from the real invoice.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.customers import customers
from portal.billing.discounts import redemptions
from portal.billing.invoices import drafts, invoiceitems, pending_items
from portal.billing.invoices.item_params import CreateInvoiceItem, UpdateInvoiceItem
from portal.billing.ledger import locks, totals
from portal.billing.lifecycle import next_invoices
from portal.billing.lifecycle.preview_shapes import Preview, revert_to_draft
from portal.billing.previews.params import CreatePreview, SubscriptionDetails, newer_param_name
from portal.billing.schedules import progress, schedules
from portal.billing.schedules.params import CreateSchedule, UpdateSchedule
from portal.billing.subscriptions import cancellations, items, pauses, subscriptions, updates
from portal.billing.subscriptions.params import (
    CancelSubscription,
    CreateSubscription,
    ResumeSubscription,
    UpdateSubscription,
)
from portal.db import find_row
from portal.errors import MissingParameter, PortalError, ResourceMissing, params_within
from portal.models import Customer, Invoice, InvoiceItem, Subscription, SubscriptionSchedule
from portal.rules import steps


class NoUpcomingInvoice(ResourceMissing):
    """There is no next invoice."""

    code = "invoice_upcoming_none"

    def __init__(self, customer: Customer) -> None:
        super().__init__("upcoming invoice", customer.id, param=None)
        self.message = f"No upcoming invoices for customer: {customer.id}"


def upcoming_invoice(db: Session, command: CreatePreview, *, now: int) -> Preview:
    """The next invoice of a customer or subscription, of a change, or of a new subscription.

    Raises `NoUpcomingInvoice`, and whatever the change itself raises.
    """
    details = command.subscription_details
    if command.schedule_details or (command.schedule and command.subscription is None):
        return _preview_schedule(db, command, now)
    customer, subscription = _customer_and_subscription(db, command, now)
    known = command.customer is not None or subscription is not None
    if subscription is None and details.items:
        invoice = _preview_new_subscription(db, customer, command, now)
        return Preview(revert_to_draft(customer, invoice), None, None, known)
    subscription = subscription or _next_billed_subscription(db, customer)
    _redeem_discounts(db, customer, subscription, command, now)
    _add_invoice_items(db, customer, subscription, command, now)
    if subscription is None:
        return Preview(revert_to_draft(customer, _pending_items_invoice(db, customer, command, now)), None, None, known)
    invoice = _preview_update(db, customer, subscription, command, now)
    prorated = details.items or details.cancel_now or details.billing_cycle_anchor == "now"
    return Preview(
        revert_to_draft(customer, invoice), subscription, (details.proration_date or now) if prorated else None
    )


def _preview_schedule(db: Session, command: CreatePreview, now: int) -> Preview:
    """Preview the subscription that a schedule changes or will create, with other phases where those are sent."""
    sent = command.schedule_details
    given = sent.sent_values("end_behavior", "phases", "proration_behavior") if sent else {}
    if command.schedule:
        row = find_row(db, SubscriptionSchedule, command.schedule, noun="subscription schedule", param="schedule")
        if given:
            with params_within("schedule_details"):
                schedules.update(db, row, UpdateSchedule(**given), now=now)
    else:
        row = _create_schedule(db, command, given, now)
    db.flush()
    if row.subscription_id:
        following = {"subscription": row.subscription_id, "schedule": None, "schedule_details": None}
        if command.schedule:
            return upcoming_invoice(db, command.model_copy(update=following), now=now)
    customer, coming = locks.billable_customer(db, row.customer_id), steps.next_for_schedule(row)
    if row.subscription_id is None:
        if coming is None:
            raise NoUpcomingInvoice(customer)
        progress.begin(db, customer, row, coming.moment)
    begun = find_row(db, Subscription, row.subscription_id or "", noun="subscription")
    return Preview(revert_to_draft(customer, next_invoices.latest_invoice(db, begun)), None, None)


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


def _customer_and_subscription(db: Session, command: CreatePreview, now: int) -> tuple[Customer, Subscription | None]:
    if command.subscription is None:
        if command.customer is None and command.customer_details is None:
            raise MissingParameter("customer")
        return _preview_customer(db, command, now), None
    found = find_row(db, Subscription, command.subscription, noun="subscription", param="subscription")
    if command.customer not in {None, found.customer_id}:
        raise ResourceMissing("subscription", command.subscription, param="subscription")
    following = command.model_copy(update={"customer": found.customer_id})
    customer = _preview_customer(db, following, now)
    locks.subscription_with_customer(db, found)
    return customer, found


def _preview_customer(db: Session, command: CreatePreview, now: int) -> Customer:
    """The customer to bill, with the values that the preview sends."""
    sent = command.customer_details
    values = sent.sent_values("address", "shipping", "tax_exempt") if sent else {}
    tax_ids = sent.tax_ids if sent else []
    with params_within("customer_details"):
        if command.customer is None:
            return customers.create(db, customers.CreateCustomer(**values, tax_id_data=tax_ids), now=now)
        customer = locks.billable_customer(db, command.customer)
        if values:
            customers.update(db, customer, customers.UpdateCustomer(**values), now=now)
        return customer


def _redeem_discounts(
    db: Session, customer: Customer, subscription: Subscription | None, command: CreatePreview, now: int
) -> None:
    """Redeem the discounts of the preview, in place of those that would be inherited."""
    if not command.was_sent("discounts"):
        return
    if not command.discounts:
        customer.discount_id = None
    if subscription:
        sent = redemptions.DiscountParams(discounts=command.discounts)
        price = sum(each.amount for each in items.list_items(db, subscription.id))
        redemptions.redeem_for_subscription(db, customer, subscription, sent, price, now=now)


def _next_billed_subscription(db: Session, customer: Customer) -> Subscription | None:
    """The subscription that is billed next."""
    own = select(Subscription).where(Subscription.customer_id == customer.id, Subscription.ended_at.is_(None))
    return db.scalars(own.order_by(Subscription.current_period_end, Subscription.id).limit(1)).first()


def _add_invoice_items(
    db: Session, customer: Customer, subscription: Subscription | None, command: CreatePreview, now: int
) -> None:
    """Create or change the pending invoice items that the preview sends."""
    own: dict[str, Any] = {"subscription": subscription.id} if subscription else {}
    for index, sent in enumerate(command.invoice_items):
        values = {name: value for name, value in sent.sent_values().items() if name != "invoiceitem"}
        if sent.invoiceitem is None:
            new = CreateInvoiceItem(customer=customer.id, **own, **values)
            with params_within(f"invoice_items[{index}]"):
                invoiceitems.create(db, new, now=now)
            continue
        row = find_row(
            db, InvoiceItem, sent.invoiceitem, noun="invoice item", param=f"invoice_items[{index}][invoiceitem]"
        )
        values.pop("currency", None)
        with params_within(f"invoice_items[{index}]"):
            invoiceitems.update(db, row, UpdateInvoiceItem(**values), now=now)
    db.flush()


def _preview_new_subscription(db: Session, customer: Customer, command: CreatePreview, now: int) -> Invoice:
    details = command.subscription_details
    _redeem_discounts(db, customer, None, command, now)
    _add_invoice_items(db, customer, None, command, now)
    refused = {"id", "deleted", "clear_usage"}
    sent: dict[str, Any] = {
        "items": [
            {name: value for name, value in each.sent_values().items() if name not in refused} for each in details.items
        ],
        **details.sent_values("billing_mode", "cancel_at", "default_tax_rates", "metadata", "trial_from_plan"),
        **command.sent_values("discounts"),
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
    new = CreateSubscription(customer=customer.id, **sent)
    with _newer_param_names():
        subscription = subscriptions.create(db, new, now=max(start, now))
    db.flush()
    if command.preview_mode == "recurring":
        return _recurring_invoice(db, customer, subscription)
    return next_invoices.latest_invoice(db, subscription)


def _preview_update(
    db: Session, customer: Customer, subscription: Subscription, command: CreatePreview, now: int
) -> Invoice:
    """The invoice that a change bills at once, else the next one at the period's end."""
    before, details = subscription.latest_invoice_id, command.subscription_details
    sent = details.sent_values(*_UPDATE_PARAMS)
    if command.preview_mode == "recurring":
        sent["proration_behavior"] = "none"
    with _newer_param_names():
        if details.resume_at:
            pauses.resume(db, subscription, ResumeSubscription(), now=now)
        if details.cancel_now:
            ending = CancelSubscription(prorate=details.proration_behavior != "none", invoice_now=True)
            cancellations.cancel(db, subscription, ending, now=now, proration_date=details.proration_date)
        elif sent:
            updates.update_subscription(db, subscription, UpdateSubscription(**sent), now=now)
    db.flush()
    if command.preview_mode == "recurring":
        return _recurring_invoice(db, customer, subscription)
    if subscription.latest_invoice_id != before:
        return next_invoices.latest_invoice(db, subscription)
    return _next_invoice(db, customer, subscription)


#: What a change of a running subscription may say.
_UPDATE_PARAMS = sorted(set(SubscriptionDetails.model_fields) & set(UpdateSubscription.model_fields))


def _recurring_invoice(db: Session, customer: Customer, subscription: Subscription) -> Invoice:
    """The invoice of a period without one-time items."""
    for item in pending_items.list_due_with(db, customer.id, subscription.id):
        db.delete(item)
    db.flush()
    return _next_invoice(db, customer, subscription)


def _next_invoice(db: Session, customer: Customer, subscription: Subscription) -> Invoice:
    invoice = next_invoices.create_next_invoice(db, customer, subscription)
    if invoice is None:
        raise NoUpcomingInvoice(customer)
    return invoice


@contextmanager
def _newer_param_names() -> Iterator[None]:
    try:
        yield
    except PortalError as error:
        error.param = newer_param_name(error.param)
        raise


def _pending_items_invoice(db: Session, customer: Customer, command: CreatePreview, now: int) -> Invoice:
    """The invoice of a customer without a subscription: only pending items can be billed."""
    waiting = pending_items.list_pending(db, customer.id)
    if not waiting:
        raise NoUpcomingInvoice(customer)
    invoice = drafts.create(db, customer, None, waiting[0].currency, "upcoming", now=now)
    drafts.add_items(db, invoice, waiting)
    if command.was_sent("discounts"):
        db.flush()
        redemptions.redeem_for_invoice(db, locks.Billed(customer, None, invoice), command.discounts, now=now)
        totals.compute_totals(db, invoice)
    return invoice
