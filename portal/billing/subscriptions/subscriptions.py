"""New subscriptions, with their items, discounts and first invoice."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.discounts import redemptions
from portal.billing.invoices import pending_items
from portal.billing.ledger import locks
from portal.billing.subscriptions import (
    billed_periods,
    end_dates,
    first_invoices,
    interim_invoices,
    items,
    one_time_items,
    starts,
    subscription_settings,
)
from portal.billing.subscriptions.params import CreateSubscription
from portal.errors import InvalidRequest
from portal.models import Customer, Subscription

MOST_PER_CUSTOMER = 500


def create(
    db: Session, command: CreateSubscription, *, now: int, checked: bool = False, bills_pending: bool = True
) -> Subscription:
    """Create a subscription and its first invoice; with `checked` its prices have been validated before.

    Without `bills_pending` what waits for the customer's next invoice goes on waiting.

    With `charge_automatically` the invoice is finalized at once and, where something is due, the
    subscription is `incomplete` until it is paid; with `send_invoice` it stays a draft.
    Raises `InvalidRequest` for prices that don't go together, `CardError` for `error_if_incomplete`.
    """
    customer = locks.billable_customer(db, command.customer)
    _refuse_too_many(db, customer)
    wanted, prices = items.resolve_items(db, command.items, now=now, checked=checked)
    items.refuse_mixed(customer, prices, command.currency)
    start = starts.plan_first_period(command, prices, now=now)
    subscription = starts.build_subscription(customer, command, prices[0], start, now)
    subscription_settings.apply(db, subscription, command)
    db.add(subscription)
    sold = items.add_items(db, subscription, wanted, prices)
    # before the first invoice inherits them
    redemptions.redeem_for_subscription(db, customer, subscription, command, items.period_amount(sold), now=now)
    items.redeem_discounts(db, customer, subscription, sold, command.items, now=now)
    customer.currency = subscription.currency
    end_dates.set_end_date(
        subscription, command.cancel_at_period_end, command.cancel_at, sent=command.was_sent("cancel_at"), now=now
    )
    if command.proration_behavior != "none":
        subscription.current_period_end = billed_periods.billed_until(subscription, subscription.current_period_end)
    if command.pending_invoice_item_interval:
        interim_invoices.set_interval(subscription, prices[0], command.pending_invoice_item_interval, now=now)
    waiting = [] if bills_pending else pending_items.list_without_subscription(db, customer.id)
    one_time_items.create_items(
        db, customer, None, command.add_invoice_items, one_time_items.billing_periods(subscription), now=now
    )
    invoice = first_invoices.create(
        db, customer, subscription, sold, start, command.payment_behavior, left_out=waiting, now=now
    )
    subscription.latest_invoice_id = invoice.id
    return subscription


def _refuse_too_many(db: Session, customer: Customer) -> None:
    live = select(Subscription.id).where(Subscription.customer_id == customer.id, Subscription.ended_at.is_(None))
    if len(db.scalars(live.limit(MOST_PER_CUSTOMER)).all()) >= MOST_PER_CUSTOMER:
        raise InvalidRequest(
            f"A customer has at most {MOST_PER_CUSTOMER} subscriptions.", code="customer_max_subscriptions"
        )
