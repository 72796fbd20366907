"""The invoice lines of a subscription's items for a period."""

from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.catalogue.sold import SoldItem
from portal.billing.subscriptions import billed_periods, item_costs, line_texts
from portal.billing.subscriptions.starts import FirstPeriod
from portal.db import scope_of
from portal.models import Customer, Subscription
from portal.objects.catalogue import frozen_price
from portal.rules.money import decimal_text
from portal.rules.proration import amount_between

#: Decimals of a unit amount on the wire.
_SMALLEST_UNIT = Decimal("1e-12")


def unit_amount(amount: int, quantity: int) -> str:
    """The amount per unit as decimal text, so exact that times the quantity it rounds to `amount` again."""
    return decimal_text((Decimal(amount) / quantity).quantize(_SMALLEST_UNIT)) if quantity else "0"


def build_line(db: Session, customer: Customer, subscription: Subscription, sold: SoldItem) -> dict[str, Any]:
    """The invoice line of an item for the current period: free during a trial, prorated where it is shortened."""
    trialing = subscription.status == "trialing"
    words = line_texts.trial_period(db, customer, sold) if trialing else line_texts.item_name(db, sold)
    return {
        **({"amount": 0, "unit_amount_decimal": "0"} if trialing else _period_columns(subscription, sold)),
        "description": words,
        "quantity": sold.item.quantity,
        "period_start": subscription.current_period_start,
        "period_end": subscription.current_period_end,
        "price_id": sold.price.id,
        "price": frozen_price(sold.price, scope_of(db).livemode),
        "subscription_id": subscription.id,
        "subscription_item_id": sold.item.id,
        "discounts": sold.item.discounts,
        "tax_rates": sold.item.tax_rates,
        "metadata_": subscription.metadata_,
    }


def build_first_line(
    db: Session, customer: Customer, subscription: Subscription, sold: SoldItem, begun: FirstPeriod
) -> dict[str, Any]:
    """The line for the first period, which may be shorter than a full one."""
    line = build_line(db, customer, subscription, sold)
    if not begun.is_partial:
        return line
    stop = subscription.current_period_end
    amount = _prorated_amount(sold, begun, subscription.current_period_start, stop) if begun.prorates else 0
    return {**line, **_amount_columns(amount, sold), "proration": begun.prorates}


def build_backdated_line(
    db: Session, customer: Customer, subscription: Subscription, sold: SoldItem, begun: FirstPeriod, now: int
) -> dict[str, Any]:
    """The line for the time between the backdated start and now."""
    amount = _prorated_amount(sold, begun, begun.start_date, now)
    return {
        **build_line(db, customer, subscription, sold),
        **_amount_columns(amount, sold),
        "description": line_texts.remaining_time(db, customer, line_texts.item_name(db, sold), begun.start_date),
        "period_start": begun.start_date,
        "period_end": now,
        "proration": True,
    }


def _period_columns(subscription: Subscription, sold: SoldItem) -> dict[str, Any]:
    """Amount, unit amount and whether that is prorated, as the period is only a part of a whole one."""
    running = (subscription.current_period_start, subscription.current_period_end)
    if running == billed_periods.whole_period(subscription, sold.price):
        return {"amount": sold.amount, "unit_amount_decimal": sold.price.unit_amount_decimal}
    amount = item_costs.unused_amount(subscription, sold, sold.amount, now=running[0], until=running[1])
    return {**_amount_columns(amount, sold), "proration": True}


def _amount_columns(amount: int, sold: SoldItem) -> dict[str, Any]:
    return {"amount": amount, "unit_amount_decimal": unit_amount(amount, sold.item.quantity)}


def _prorated_amount(sold: SoldItem, begun: FirstPeriod, start: int, stop: int) -> int:
    """The price of the time from `start` to `stop`, in periods counted back from the anchor or the trial's end."""
    anchor = stop if begun.trial_end else begun.anchor
    interval, count = sold.price.interval or "month", sold.price.interval_count or 1
    return amount_between(sold.amount, anchor, interval, count, start, stop)
