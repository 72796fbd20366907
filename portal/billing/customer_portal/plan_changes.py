"""Plan changes by customers: made at once, or scheduled for the end of the paid period.

What a configuration allows is checked here as well as on the pages, so that a request can't go beyond it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.catalogue.sold import SoldItem
from portal.billing.discounts import redemptions
from portal.billing.discounts.discounts import DiscountSource
from portal.billing.discounts.promotion_codes import active_key
from portal.billing.invoices import collection
from portal.billing.ledger import locks
from portal.billing.schedules import schedules as schedules_schedules
from portal.billing.schedules.params import CreateSchedule, ReleaseSchedule
from portal.billing.subscriptions import updates
from portal.billing.subscriptions.item_params import ItemChange
from portal.billing.subscriptions.items import list_items
from portal.billing.subscriptions.params import UpdateSubscription
from portal.db import find_row, rows_by_id
from portal.errors import InvalidRequest
from portal.models import Customer, Price, Product, PromotionCode, Subscription, SubscriptionSchedule
from portal.rules import periods, permissions
from portal.rules import plan_changes as rules
from portal.rules import subscriptions as subscription_rules
from portal.rules.money import multiply_price
from portal.rules.permissions import Features, QuantityRange
from portal.rules.plan_changes import SESSION_METADATA_KEY


class HasPrice(Protocol):
    """Anything with a price, such as an item of a subscription."""

    @property
    def price(self) -> Price: ...


class NotChangeable(InvalidRequest):
    """The customer can't change this subscription, or not to this price or quantity."""


@dataclass(frozen=True)
class PlanChoice:
    """A price that a plan can change to; `quantities` is None where the quantity can't be changed."""

    product: Product
    price: Price
    quantities: QuantityRange | None
    current: bool


@dataclass(frozen=True)
class PlanChange:
    """The change that a customer requests; `date` is the time from which it is prorated."""

    price_id: str
    quantity: int
    discounts: Sequence[DiscountSource] = ()
    date: int | None = None


@dataclass(frozen=True)
class UpcomingChange:
    """A change at the period's end `at`; with `invoice_id` once that is paid, if it is by then."""

    at: int
    product: Product
    price: Price
    quantity: int
    invoice_id: str | None = None

    @property
    def amount(self) -> int:
        """What a period will cost, in minor units."""
        return multiply_price(self.price.unit_amount_decimal, self.quantity)


def may_change(subscription: Subscription, parts: Sequence[HasPrice], schedule: SubscriptionSchedule | None) -> bool:
    """Whether the customer can change the plan: one item, a running subscription, no schedule of the merchant's."""
    runs = subscription_rules.may_change(status=subscription.status, cancel_at=subscription.cancel_at)
    return runs and len(parts) == 1 and (schedule is None or _is_finished(schedule))


def list_choices(db: Session, subscription: Subscription, sold: SoldItem, features: Features) -> list[PlanChoice]:
    """The prices that the plan can change to, in the configuration's order; the present one is among them."""
    listed = features["subscription_update"]["products"] if permissions.may_switch(features) else []
    prices = rows_by_id(db, Price, [id for each in listed for id in each["prices"]])
    products = rows_by_id(db, Product, [sold.price.product_id, *(each["product"] for each in listed)])
    offered = [prices[id] for each in listed for id in each["prices"] if id in prices]
    fitting = [price for price in offered if price.id == sold.price.id or _is_available(price, products, subscription)]
    if sold.price.id not in {price.id for price in fitting}:
        fitting.insert(0, sold.price)
    return [
        PlanChoice(
            products[price.product_id],
            price,
            permissions.allowed_quantities(features, price.product_id),
            price.id == sold.price.id,
        )
        for price in fitting
    ]


def find_promotion_code(db: Session, customer_id: str, code: str) -> PromotionCode | None:
    """The active promotion code with this text, in any case; the customer's own goes before one for everybody."""
    if not code.isalnum():
        return None  # no code is like that, and PostgreSQL could not even look for some of the characters
    keys = [active_key(code, customer_id), active_key(code, None)]
    found = {row.active_key: row for row in db.scalars(select(PromotionCode).where(PromotionCode.active_key.in_(keys)))}
    return next((found[key] for key in keys if key in found), None)


def change_plan(
    db: Session, subscription: Subscription, features: Features, asked: PlanChange, *, session_id: str, now: int
) -> Subscription:
    """Change price and quantity as a configuration allows; a deferred change is scheduled for the period's end.

    Raises `NotChangeable`, and `InvalidRequest` for a discount that can't be redeemed.
    """
    customer = locks.subscription_with_customer(db, subscription)
    sold = _find_changeable_item(db, subscription)
    price = find_allowed_price(db, subscription, sold, features, asked)
    _clear_upcoming(db, subscription, now)
    _redeem_discounts(db, customer, subscription, asked, multiply_price(price.unit_amount_decimal, asked.quantity), now)
    if is_deferred(subscription, sold, price, asked.quantity, features):
        _schedule_change(db, subscription, price, asked.quantity, session_id, now)
    else:
        updates.update_subscription(db, subscription, _build_update(subscription, sold, features, asked), now=now)
    return subscription


def find_allowed_price(
    db: Session, subscription: Subscription, sold: SoldItem, features: Features, asked: PlanChange
) -> Price:
    """The price of a change. Raises `NotChangeable` for what the configuration does not offer."""
    offered = list_choices(db, subscription, sold, features)
    choice = next((each for each in offered if each.price.id == asked.price_id), None)
    if choice is None:
        raise NotChangeable(f"The configuration does not offer the price '{asked.price_id}'.", param="price")
    if not may_have_quantity(choice, asked.quantity, sold.item.quantity):
        raise NotChangeable("The configuration does not allow this quantity.", param="quantity")
    return choice.price


def may_have_quantity(choice: PlanChoice, quantity: int, before: int) -> bool:
    """Whether this quantity is allowed: only the present one where it can't be changed."""
    return choice.quantities.allows_quantity(quantity) if choice.quantities else quantity == before


def is_deferred(subscription: Subscription, sold: SoldItem, price: Price, quantity: int, features: Features) -> bool:
    """Whether a change is deferred to the end of a period that has been billed."""
    if not subscription_rules.is_paid_ahead(subscription.status):
        return False
    return rules.waits_for_period_end(
        features["subscription_update"]["schedule_at_period_end"],
        _plan_terms(sold.price, sold.item.quantity),
        _plan_terms(price, quantity),
    )


def find_schedule(db: Session, subscription: Subscription) -> SubscriptionSchedule | None:
    """The schedule that manages a subscription, if any."""
    if subscription.schedule_id is None:
        return None
    return find_row(db, SubscriptionSchedule, subscription.schedule_id, noun="subscription schedule")


def upcoming_changes(
    db: Session, subscriptions: Sequence[Subscription], schedules: Sequence[SubscriptionSchedule]
) -> dict[str, UpcomingChange]:
    """The upcoming changes that customers have made, by subscription."""
    waiting = {row.subscription_id: _waiting_in_phase(row.phases[-1]) for row in schedules if _has_upcoming_change(row)}
    waiting |= {row.id: _waiting_in_update(row.pending_update) for row in subscriptions if _has_unpaid_change(row)}
    prices = rows_by_id(db, Price, [price for _, price, _, _ in waiting.values()])
    products = rows_by_id(db, Product, [price.product_id for price in prices.values()])
    return {
        id: UpcomingChange(at, products[prices[price].product_id], prices[price], quantity, invoice_id)
        for id, (at, price, quantity, invoice_id) in waiting.items()
        if id is not None
    }


def cancel_upcoming_change(db: Session, subscription: Subscription, *, now: int) -> bool:
    """Cancel an upcoming change, with the invoice that it waits for; False where there is none."""
    schedule = find_schedule(db, subscription)
    if not _has_unpaid_change(subscription) and not (schedule and _has_upcoming_change(schedule)):
        return False
    _clear_upcoming(db, subscription, now)
    return True


def _is_available(price: Price, products: dict[str, Product], subscription: Subscription) -> bool:
    """Whether a customer of this subscription can have a price that a configuration lists."""
    product = products.get(price.product_id)
    on_sale = price.active and product is not None and product.active
    return on_sale and price.interval is not None and price.currency == subscription.currency


def _find_changeable_item(db: Session, subscription: Subscription) -> SoldItem:
    sold = list_items(db, subscription.id)
    if not may_change(subscription, sold, find_schedule(db, subscription)):
        raise NotChangeable(f"The subscription '{subscription.id}' can't be changed by its customer.", param=None)
    return sold[0]


def _redeem_discounts(
    db: Session, customer: Customer, subscription: Subscription, asked: PlanChange, amount: int, now: int
) -> None:
    """Redeem discounts before anything is billed, so that they lower what is billed at once too."""
    if not asked.discounts:
        return
    kept = [DiscountSource(discount=id) for id in subscription.discounts]
    wanted = redemptions.DiscountParams(discounts=[*kept, *asked.discounts])
    redemptions.redeem_for_subscription(db, customer, subscription, wanted, amount, now=now)
    db.flush()


def _build_update(
    subscription: Subscription, sold: SoldItem, features: Features, asked: PlanChange
) -> UpdateSubscription:
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
    return UpdateSubscription(**sent)


def _schedule_change(
    db: Session, subscription: Subscription, price: Price, quantity: int, session_id: str, now: int
) -> None:
    """A schedule: the present phase to the period's end, then one period of the new plan, then its release."""
    sent = CreateSchedule(from_subscription=subscription.id, metadata={SESSION_METADATA_KEY: session_id})
    row = schedules_schedules.create(db, sent, now=now)
    present = row.phases[0]
    end = present["end_date"]
    following = {
        **present,
        "items": [{**present["items"][0], "price": price.id, "quantity": quantity}],
        "proration_behavior": "none",
        "start_date": end,
        "end_date": periods.add(end, price.interval or "month", price.interval_count or 1, 1),
    }
    row.phases = [present, following]
    db.flush()


def _clear_upcoming(db: Session, subscription: Subscription, now: int) -> None:
    """Drop the pending update and release the schedule, so that nothing is upcoming any more."""
    collection.drop_pending_update(db, subscription, now=now)
    row = find_schedule(db, subscription)
    if row is not None:
        schedules_schedules.release(db, row, ReleaseSchedule(preserve_cancel_date=True), now=now)
        db.flush()


#: When, the price, how many, and what is to be paid first.
_WaitingChange = tuple[int, str, int, str | None]


def _waiting_in_phase(phase: Mapping[str, Any]) -> _WaitingChange:
    (item,) = phase["items"]
    return phase["start_date"], item["price"], item["quantity"], None


def _waiting_in_update(held: Any) -> _WaitingChange:
    (item,) = held["items"]
    return held["expires_at"], item["price_id"], item["quantity"], held["invoice"]


def _has_unpaid_change(subscription: Subscription) -> bool:
    """Whether a change of one item waits for its payment."""
    return subscription.pending_update is not None and len(subscription.pending_update["items"]) == 1


def _has_upcoming_change(row: SubscriptionSchedule) -> bool:
    return row.status == "active" and SESSION_METADATA_KEY in row.metadata_ and row.phase == 0 and len(row.phases) > 1


def _is_finished(row: SubscriptionSchedule) -> bool:
    """Whether a schedule that a customer made has reached its last phase."""
    return SESSION_METADATA_KEY in row.metadata_ and row.phase == len(row.phases) - 1


def _plan_terms(price: Price, quantity: int) -> rules.PriceTerms:
    amount = multiply_price(price.unit_amount_decimal, quantity)
    return rules.PriceTerms(amount, price.interval or "month", price.interval_count or 1)
