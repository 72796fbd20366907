"""A customer changes the plan: at once, or by a schedule at the end of the period that is paid for.

What a configuration allows is decided here as well as shown, so that nothing else can be posted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.catalogue.sold import Sold
from portal.billing.discounts import redemptions
from portal.billing.discounts.discounts import Source
from portal.billing.discounts.promotion_codes import active_key
from portal.billing.invoices import collection
from portal.billing.ledger import locks
from portal.billing.schedules import schedules as schedules_schedules
from portal.billing.subscriptions import subscriptions as subscriptions_subscriptions
from portal.billing.subscriptions.items import ItemChange, items
from portal.db import among, find
from portal.errors import InvalidRequest
from portal.models import Customer, Price, Product, PromotionCode, Subscription, SubscriptionSchedule
from portal.rules import periods, permissions
from portal.rules import plan_changes as rules
from portal.rules import subscriptions as subscription_rules
from portal.rules.money import times
from portal.rules.permissions import Features, Quantities

#: The metadata key of schedules that the portal makes; its value is the portal session's id.
MADE_IN = "portal_session"


class HasPrice(Protocol):
    """A part of a plan."""

    @property
    def price(self) -> Price: ...


class NotChangeable(InvalidRequest):
    """The subscription can't be changed by its customer, or not to this."""


@dataclass(frozen=True)
class Choice:
    """A price that a plan can change to; `quantities` is None where their number stays as it is."""

    product: Product
    price: Price
    quantities: Quantities | None
    current: bool


@dataclass(frozen=True)
class PlanChange:
    """What a customer wants to have: `date` is the moment from which it is prorated."""

    price_id: str
    quantity: int
    discounts: Sequence[Source] = ()
    date: int | None = None


@dataclass(frozen=True)
class Coming:
    """A change that is still to come: at the end of the period, or once `invoice_id` is paid, if it is by then."""

    at: int
    product: Product
    price: Price
    quantity: int
    invoice_id: str | None = None

    @property
    def amount(self) -> int:
        """What a period will cost, in minor units."""
        return times(self.price.unit_amount_decimal, self.quantity)


def may_change(subscription: Subscription, parts: Sequence[HasPrice], schedule: SubscriptionSchedule | None) -> bool:
    """Whether its customer can change it: one item, on its way, and led by no schedule of the merchant's."""
    runs = subscription_rules.may_change(status=subscription.status, cancel_at=subscription.cancel_at)
    return runs and len(parts) == 1 and (schedule is None or _is_over(schedule))


def choices(db: Session, subscription: Subscription, sold: Sold, features: Features) -> list[Choice]:
    """What the plan can be, in the configuration's order; the present one is among them, first if not listed."""
    listed = features["subscription_update"]["products"] if permissions.may_switch(features) else []
    prices = among(db, Price, [id for each in listed for id in each["prices"]])
    products = among(db, Product, [sold.price.product_id, *(each["product"] for each in listed)])
    offered = [prices[id] for each in listed for id in each["prices"] if id in prices]
    fitting = [price for price in offered if price.id == sold.price.id or _is_sold(price, products, subscription)]
    if sold.price.id not in {price.id for price in fitting}:
        fitting.insert(0, sold.price)
    return [
        Choice(
            products[price.product_id],
            price,
            permissions.quantities(features, price.product_id),
            price.id == sold.price.id,
        )
        for price in fitting
    ]


def promotion_code(db: Session, customer_id: str, code: str) -> PromotionCode | None:
    """The active code that reads so, in whatever case: the customer's own before one for everybody."""
    if not code.isalnum():
        return None  # no code is like that, and PostgreSQL could not even look for some of the characters
    keys = [active_key(code, customer_id), active_key(code, None)]
    found = {row.active_key: row for row in db.scalars(select(PromotionCode).where(PromotionCode.active_key.in_(keys)))}
    return next((found[key] for key in keys if key in found), None)


def change(
    db: Session, subscription: Subscription, features: Features, asked: PlanChange, *, session_id: str, now: int
) -> Subscription:
    """Change price and quantity as a configuration says; what it puts off is scheduled for the period's end.

    Raises `NotChangeable`, and `InvalidRequest` for a discount that can't be had.
    """
    customer, subscription = locks.subscription(db, subscription.id, subscription.customer_id)
    sold = _changeable(db, subscription)
    price = allowed(db, subscription, sold, features, asked)
    _let_go(db, subscription, now)
    _redeem(db, customer, subscription, asked, times(price.unit_amount_decimal, asked.quantity), now)
    if waits(subscription, sold, price, asked.quantity, features):
        _schedule(db, subscription, price, asked.quantity, session_id, now)
    else:
        subscriptions_subscriptions.update(db, subscription, _update(subscription, sold, features, asked), now=now)
    return subscription


def allowed(db: Session, subscription: Subscription, sold: Sold, features: Features, asked: PlanChange) -> Price:
    """The price of a change. Raises `NotChangeable` for what the configuration does not offer."""
    offered = choices(db, subscription, sold, features)
    choice = next((each for each in offered if each.price.id == asked.price_id), None)
    if choice is None:
        raise NotChangeable(f"The configuration does not offer the price '{asked.price_id}'.", param="price")
    if not may_have(choice, asked.quantity, sold.item.quantity):
        raise NotChangeable("The configuration does not allow this quantity.", param="quantity")
    return choice.price


def may_have(choice: Choice, quantity: int, before: int) -> bool:
    """Whether so many can be had: as many as before where the number can't be changed."""
    return choice.quantities.hold(quantity) if choice.quantities else quantity == before


def waits(subscription: Subscription, sold: Sold, price: Price, quantity: int, features: Features) -> bool:
    """Whether a change is put off until the end of a period that has been billed."""
    if not subscription_rules.is_paid_ahead(subscription.status):
        return False
    return rules.waits(
        features["subscription_update"]["schedule_at_period_end"],
        _terms(sold.price, sold.item.quantity),
        _terms(price, quantity),
    )


def schedule_of(db: Session, subscription: Subscription) -> SubscriptionSchedule | None:
    """The schedule that leads a subscription, if any."""
    if subscription.schedule_id is None:
        return None
    return find(db, SubscriptionSchedule, subscription.schedule_id, noun="subscription schedule")


def coming(
    db: Session, subscriptions: Sequence[Subscription], schedules: Sequence[SubscriptionSchedule]
) -> dict[str, Coming]:
    """The changes that customers have made and that are still to come, by subscription."""
    waiting = {row.subscription_id: _of_phase(row.phases[-1]) for row in schedules if _is_coming(row)}
    waiting |= {row.id: _of_update(row.pending_update) for row in subscriptions if _is_unpaid(row)}
    prices = among(db, Price, [price for _, price, _, _ in waiting.values()])
    products = among(db, Product, [price.product_id for price in prices.values()])
    return {
        id: Coming(at, products[prices[price].product_id], prices[price], quantity, invoice_id)
        for id, (at, price, quantity, invoice_id) in waiting.items()
        if id is not None
    }


def keep(db: Session, subscription: Subscription, *, now: int) -> bool:
    """Take a coming change back, with the bill that it waits for; False where there is none."""
    schedule = schedule_of(db, subscription)
    if not _is_unpaid(subscription) and not (schedule and _is_coming(schedule)):
        return False
    _let_go(db, subscription, now)
    return True


def _is_sold(price: Price, products: dict[str, Product], subscription: Subscription) -> bool:
    """Whether a customer of this subscription can have a price that a configuration lists."""
    product = products.get(price.product_id)
    on_sale = price.active and product is not None and product.active
    return on_sale and price.interval is not None and price.currency == subscription.currency


def _changeable(db: Session, subscription: Subscription) -> Sold:
    sold = items(db, subscription.id)
    if not may_change(subscription, sold, schedule_of(db, subscription)):
        raise NotChangeable(f"The subscription '{subscription.id}' can't be changed by its customer.", param=None)
    return sold[0]


def _redeem(
    db: Session, customer: Customer, subscription: Subscription, asked: PlanChange, amount: int, now: int
) -> None:
    """Before anything is billed, so that what is billed at once is lowered too."""
    if not asked.discounts:
        return
    kept = [Source(discount=id) for id in subscription.discounts]
    wanted = redemptions.Discounts(discounts=[*kept, *asked.discounts])
    redemptions.put_on_subscription(db, customer, subscription, wanted, amount, now=now)
    db.flush()


def _update(
    subscription: Subscription, sold: Sold, features: Features, asked: PlanChange
) -> subscriptions_subscriptions.UpdateSubscription:
    feature = features["subscription_update"]
    trialing = subscription.status == "trialing"
    sent: dict[str, Any] = {
        "items": [ItemChange(id=sold.item.id, price=asked.price_id, quantity=asked.quantity)],
        "proration_behavior": feature["proration_behavior"],
    }
    if asked.date is not None:
        sent["proration_date"] = asked.date
    if trialing and feature["trial_update_behavior"] == "end_trial":
        sent["trial_end"] = "now"
    if feature["billing_cycle_anchor"] == "now" and not trialing:
        sent["billing_cycle_anchor"] = "now"
    if subscription.collection_method == "charge_automatically" and not asked.discounts:
        # a discount can't wait for a payment, so that a change with one is made at once
        sent["payment_behavior"] = "pending_if_incomplete"
    return subscriptions_subscriptions.UpdateSubscription(**sent)


def _schedule(db: Session, subscription: Subscription, price: Price, quantity: int, session_id: str, now: int) -> None:
    """The present phase to the period's end, then a period of what was chosen; after it the subscription goes on."""
    sent = schedules_schedules.CreateSchedule(from_subscription=subscription.id, metadata={MADE_IN: session_id})
    row = schedules_schedules.create(db, sent, now=now)
    present = row.phases[0]
    end = present["end_date"]
    following = {
        **present,
        "items": [{**present["items"][0], "price": price.id, "quantity": quantity}],
        "proration_behavior": "none",
        "start_date": end,
        "end_date": periods.step(end, price.interval or "month", price.interval_count or 1, 1),
    }
    row.phases = [present, following]
    db.flush()


def _let_go(db: Session, subscription: Subscription, now: int) -> None:
    """Nothing is to come any more, and no schedule leads the subscription."""
    collection.drop_pending_update(db, subscription, now=now)
    row = schedule_of(db, subscription)
    if row is not None:
        schedules_schedules.release(db, row, schedules_schedules.ReleaseSchedule(preserve_cancel_date=True), now=now)
        db.flush()


#: When, the price, how many, and what is to be paid first.
_Waiting = tuple[int, str, int, str | None]


def _of_phase(phase: Mapping[str, Any]) -> _Waiting:
    (item,) = phase["items"]
    return phase["start_date"], item["price"], item["quantity"], None


def _of_update(held: Any) -> _Waiting:
    (item,) = held["items"]
    return held["expires_at"], item["price_id"], item["quantity"], held["invoice"]


def _is_unpaid(subscription: Subscription) -> bool:
    """Whether a change of one item waits for its payment."""
    return subscription.pending_update is not None and len(subscription.pending_update["items"]) == 1


def _is_coming(row: SubscriptionSchedule) -> bool:
    return row.status == "active" and MADE_IN in row.metadata_ and row.phase == 0 and len(row.phases) > 1


def _is_over(row: SubscriptionSchedule) -> bool:
    """Whether a schedule that a customer made has done what it was for."""
    return MADE_IN in row.metadata_ and row.phase == len(row.phases) - 1


def _terms(price: Price, quantity: int) -> rules.Terms:
    amount = times(price.unit_amount_decimal, quantity)
    return rules.Terms(amount, price.interval or "month", price.interval_count or 1)
