"""Updates of a running subscription: its items, settings, pauses and end."""

from sqlalchemy.orm import Session

from portal.billing.discounts import redemptions
from portal.billing.ledger import locks
from portal.billing.subscriptions import (
    change_billing,
    end_changes,
    interim_invoices,
    item_changes,
    items,
    one_time_items,
    paused_collection,
    subscription_settings,
)
from portal.billing.subscriptions.change_billing import BillingOptions
from portal.billing.subscriptions.params import UpdateSubscription
from portal.errors import InvalidRequest
from portal.models import Subscription
from portal.rules import subscriptions as rules


def update_subscription(
    db: Session, subscription: Subscription, command: UpdateSubscription, *, now: int
) -> Subscription:
    """Change what was sent; a new quantity is prorated to the second unless the parameters say otherwise.

    Raises `InvalidRequest` for any but descriptive changes on a subscription that has ended, and for an end of one
    that a schedule manages.
    """
    customer = locks.subscription_with_customer(db, subscription)
    _refuse_ended(subscription, command)
    _refuse_end_beside_schedule(subscription, command)
    changing = command.sent_values("items", "billing_cycle_anchor", "trial_end") or command.trial_from_plan
    discounts = command if command.sent_values("coupon", "discounts", "promotion_code") else None
    must_wait = command.was_sent("cancel_at") and command.payment_behavior == "pending_if_incomplete"
    before = (
        change_billing.prepare_pending_update(db, subscription, command, command.payment_behavior, now=now)
        if changing or must_wait
        else None
    )
    subscription_settings.apply(db, subscription, command)
    if command.was_sent("pause_collection"):
        subscription.pause_collection = paused_collection.build_pause_collection(command.pause_collection, now=now)
    if discounts and not changing:
        sold = items.list_items(db, subscription.id)
        redemptions.redeem_for_subscription(db, customer, subscription, command, items.period_amount(sold), now=now)
    end_is_billed = end_changes.change_end(db, customer, subscription, command, now=now)
    one_time_items.create_items(
        db, customer, subscription, command.add_invoice_items, one_time_items.billing_periods(subscription), now=now
    )
    if changing:
        asked = BillingOptions(
            command.proration_behavior,
            command.proration_date,
            command.payment_behavior,
            command.billing_cycle_anchor,
            command.trial_end,
            command.trial_from_plan,
            before,
            discounts,
        )
        item_changes.apply(db, customer, subscription, command.items, asked, now=now)
    elif end_is_billed and command.proration_behavior == "always_invoice":
        end_changes.bill_at_once(db, customer, subscription, command, now=now)
    if command.was_sent("pending_invoice_item_interval"):
        price = items.list_items(db, subscription.id)[0].price
        interim_invoices.set_interval(subscription, price, command.pending_invoice_item_interval, now=now)
    return subscription


def _refuse_ended(subscription: Subscription, command: UpdateSubscription) -> None:
    if rules.may_cancel(subscription.status):
        return
    if command.model_fields_set - {"metadata", "cancellation_details", "expand"}:
        raise InvalidRequest("A canceled subscription can only update its cancellation_details and metadata.")


def _refuse_end_beside_schedule(subscription: Subscription, command: UpdateSubscription) -> None:
    sent = [name for name in ("cancel_at", "cancel_at_period_end") if command.was_sent(name)]
    if sent and subscription.schedule_id is not None and rules.may_cancel(subscription.status):
        raise InvalidRequest(
            f"The subscription is managed by the subscription schedule '{subscription.schedule_id}'. Change its end"
            " there, or release the schedule first.",
            param=sent[0],
        )
