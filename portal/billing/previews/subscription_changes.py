"""Previews of a new subscription, and of a change of one."""

from typing import Any

from sqlalchemy.orm import Session

from portal.billing.lifecycle import next_invoices
from portal.billing.previews import next_bills, params, sent_values
from portal.billing.previews.params import CreatePreview, SubscriptionDetails
from portal.billing.subscriptions import cancellations, pauses, subscriptions, updates
from portal.billing.subscriptions.params import (
    CancelSubscription,
    CreateSubscription,
    ResumeSubscription,
    UpdateSubscription,
)
from portal.models import Customer, Invoice, Subscription


def preview_new_subscription(db: Session, customer: Customer, command: CreatePreview, now: int) -> Invoice:
    """The first invoice of a subscription that is created for this."""
    details = command.subscription_details
    sent_values.drop_inherited_discounts(customer, command)
    sent_values.add_invoice_items(db, customer, None, command, now)
    refused = {"id", "deleted", "clear_usage"}
    sent: dict[str, Any] = {
        "items": [
            {name: value for name, value in each.sent_values().items() if name not in refused} for each in details.items
        ],
        **details.sent_values(*_NEW_PARAMS),
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
    with params.newer_param_names():
        subscription = subscriptions.create(db, new, now=max(start, now))
    db.flush()
    if command.preview_mode == "recurring":
        return next_bills.recurring_invoice(db, customer, subscription)
    return next_invoices.latest_invoice(db, subscription)


def preview_update(
    db: Session, customer: Customer, subscription: Subscription, command: CreatePreview, now: int
) -> Invoice:
    """The invoice that a change bills at once, else the next one at the period's end."""
    before, details = subscription.latest_invoice_id, command.subscription_details
    sent = details.sent_values(*_UPDATE_PARAMS)
    if command.preview_mode == "recurring":
        sent["proration_behavior"] = "none"
    if details.cancel_now or details.resume_at or not sent:
        sent_values.redeem_discounts(db, customer, subscription, command, now)
    with params.newer_param_names():
        if details.resume_at:
            pauses.resume(db, subscription, ResumeSubscription(), now=now)
        if details.cancel_now:
            ending = CancelSubscription(prorate=details.proration_behavior != "none", invoice_now=True)
            cancellations.cancel(db, subscription, ending, now=now, proration_date=details.proration_date)
        elif sent:
            sent |= {} if details.resume_at else command.sent_values("discounts")
            updates.update_subscription(db, subscription, UpdateSubscription(**sent), now=now)
    db.flush()
    if command.preview_mode == "recurring":
        return next_bills.recurring_invoice(db, customer, subscription)
    if subscription.latest_invoice_id != before:
        return next_invoices.latest_invoice(db, subscription)
    return next_bills.next_invoice(db, customer, subscription)


#: What a new subscription may say beside its items, start, trial and end of the period.
_NEW_PARAMS = ("billing_mode", "cancel_at", "default_tax_rates", "metadata", "proration_behavior", "trial_from_plan")
#: What a change of a running subscription may say.
_UPDATE_PARAMS = sorted(set(SubscriptionDetails.model_fields) & set(UpdateSubscription.model_fields))
