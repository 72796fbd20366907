"""Changes of a running subscription's items, and the prorations that bill the rest of its period."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from portal.billing.subscriptions import (
    change_billing,
    item_edits,
    item_targets,
    items,
    pending_invoices,
    periods,
    prorations,
    trials,
)
from portal.billing.subscriptions.change_billing import BillingOptions
from portal.billing.subscriptions.item_edits import ChangeContext
from portal.billing.subscriptions.item_params import ItemChange
from portal.errors import InvalidRequest
from portal.models import Customer, Price, Subscription
from portal.rules import subscriptions as subscription_rules


def apply(
    db: Session,
    customer: Customer,
    subscription: Subscription,
    changes: Sequence[ItemChange],
    asked: BillingOptions,
    *,
    now: int,
) -> None:
    """Change items, the anchor or the trial of a subscription that the caller has locked with its customer.

    Raises `ResourceMissing` for an item of another subscription, `InvalidRequest` for prices that don't
    go together, `CardError` where the change is billed at once and was to be refused unless it is paid.
    """
    moment = prorations.proration_start(subscription, asked.date, now)
    held = items.list_items(db, subscription.id)
    wishes = item_targets.resolve_targets(db, held, changes, now)
    prices = item_targets.prices_after(held, wishes)
    items.refuse_mixed(customer, prices, subscription.currency)
    trial_end = _requested_trial_end(prices, asked, now)
    restarts = _restarts_period(subscription, [each.price for each in held], prices, asked, trial_end)
    prorates = asked.proration != "none" and subscription_rules.is_prorated(subscription.status)
    rest = prorations.RemainingPeriod.since(customer, subscription, moment, now) if prorates else None
    if rest and restarts:
        prorations.credit_unused_time(db, rest, held)
    item_edits.apply_targets(db, wishes, ChangeContext(customer, subscription, None if restarts else rest, asked, now))
    invoice = None
    if restarts:
        invoice = periods.begin(db, customer, subscription, now=now, trial_end=trial_end)
    elif asked.proration == "always_invoice":
        invoice = pending_invoices.invoice_pending(db, customer, subscription, now)
    if trial_end and not restarts:
        periods.move_trial_end(subscription, trial_end)
    change_billing.collect_or_hold(db, customer, subscription, invoice, asked, now)


def _requested_trial_end(prices: Sequence[Price], asked: BillingOptions, now: int) -> int | None:
    if asked.trial_from_plan:
        if asked.trial_end is not None:
            raise InvalidRequest("Send trial_from_plan or trial_end, not both.", param="trial_from_plan")
        return trials.end_by_prices(prices, now)
    if asked.trial_end is None or asked.trial_end == "now":
        return None
    trials.refuse_impossible_end(asked.trial_end, now)
    return asked.trial_end


def _restarts_period(
    subscription: Subscription,
    before: Sequence[Price],
    after: Sequence[Price],
    asked: BillingOptions,
    trial_end: int | None,
) -> bool:
    trialing = subscription.status == "trialing"
    if asked.trial_end == "now":
        return trialing
    if trialing:
        if asked.anchor == "now":
            raise InvalidRequest("A trial keeps its end; send trial_end=now to end it.", param="billing_cycle_anchor")
        return False
    running = subscription_rules.is_paid_ahead(subscription.status)
    return asked.anchor == "now" or trial_end is not None or (running and periods.needs_new_period(before, after))
