"""The plans that a customer can start, as a configuration lists them: a first one, or one beside those there are."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal.billing.accounts import mirrors
from portal.billing.customer_portal import upcoming_changes
from portal.db import rows_by_id
from portal.errors import InvalidRequest
from portal.models import (
    Customer,
    Invoice,
    InvoiceLine,
    Price,
    Product,
    Subscription,
    SubscriptionItem,
    SubscriptionSchedule,
)
from portal.rules import permissions
from portal.rules.permissions import Features, PlansBeside, QuantityRange


class HasPlan(InvalidRequest):
    """The customer has a plan that has not ended, beside which this one can't be started: it is changed instead."""


@dataclass(frozen=True)
class PlanOffer:
    """A price that a plan can be started at.

    `quantities` is None where there is one of it; `trial_days` is 0 where no trial is due; `was_last` says that the
    customer's last plan was this one.
    """

    product: Product
    price: Price
    quantities: QuantityRange | None
    trial_days: int
    was_last: bool


def has_plan(db: Session, customer_id: str) -> bool:
    """Whether a customer has a subscription that has not ended, also one that has not begun or is paused."""
    own = select(Subscription.id).where(Subscription.customer_id == customer_id, Subscription.ended_at.is_(None))
    return db.scalar(own.limit(1)) is not None


def list_held_products(db: Session, customer_id: str, *, but: str | None = None) -> set[str]:
    """The products of a customer's plans that have not ended, and those that the customer has changed them to.

    `but` is the id of a subscription that doesn't count.
    """
    own = Subscription.customer_id == customer_id, Subscription.ended_at.is_(None), Subscription.id != (but or "")
    waits = or_(Subscription.schedule_id.is_not(None), Subscription.pending_update.is_not(None))
    waiting = db.scalars(select(Subscription).where(*own, waits)).all()
    managing = rows_by_id(db, SubscriptionSchedule, [each.schedule_id for each in waiting if each.schedule_id])
    coming = upcoming_changes.list_upcoming(db, waiting, [*managing.values()])
    return {
        *db.scalars(_SOLD_PRODUCTS.where(*own)),
        *(item.product.id for each in coming.values() for item in each.items),
    }


def is_refused(db: Session, customer_id: str, beside: PlansBeside, price_id: str) -> bool:
    """Whether the customer has a plan beside which one at this price can't be started."""
    if beside == "other_products":
        product = db.scalar(select(Price.product_id).where(Price.id == price_id))
        return product in list_held_products(db, customer_id)
    return beside == "none" and has_plan(db, customer_id)


def list_offers(db: Session, customer: Customer, features: Features) -> list[PlanOffer]:
    """What the customer can start: what was the last plan first, then as listed.

    Nothing for one who has a plan, unless several are allowed.
    """
    listed, beside = permissions.catalogue(features), permissions.plans_beside(features)
    if not listed or (beside == "none" and has_plan(db, customer.id)) or not mirrors.is_billed_here(db):
        return []
    held = list_held_products(db, customer.id) if beside == "other_products" else set()
    listed = [each for each in listed if each["product"] not in held]
    prices = rows_by_id(db, Price, [id for each in listed for id in each["prices"]])
    products = rows_by_id(db, Product, [each["product"] for each in listed])
    last = _list_last_prices(db, customer.id)
    days = features["subscription_create"]["trial_period_days"] or 0
    known = _list_known_products(db, customer.id) if days else ()
    offers = [
        _build_offer(each, products[each["product"]], prices[id], 0 if each["product"] in known else days, last)
        for each in listed
        for id in each["prices"]
        if id in prices and _is_on_sale(prices[id], products.get(each["product"]), customer)
    ]
    return sorted(offers, key=lambda offer: not offer.was_last)


def _build_offer(
    listed: dict[str, Any], product: Product, price: Price, trial_days: int, last: Collection[str]
) -> PlanOffer:
    return PlanOffer(product, price, permissions.quantities_of(listed), trial_days, price.id in last)


def _is_on_sale(price: Price, product: Product | None, customer: Customer) -> bool:
    in_currency = customer.currency in {None, price.currency}
    return price.active and product is not None and product.active and price.interval is not None and in_currency


def _list_last_prices(db: Session, customer_id: str) -> Sequence[str]:
    """What the plan sold that ended last."""
    ended = (
        select(Subscription.id)
        .where(Subscription.customer_id == customer_id, Subscription.ended_at.is_not(None))
        .order_by(Subscription.ended_at.desc(), Subscription.id)
        .limit(1)
    )
    last = db.scalar(ended)
    items = select(SubscriptionItem.price_id).where(SubscriptionItem.subscription_id == last)
    return db.scalars(items).all() if last else ()


def _list_known_products(db: Session, customer_id: str) -> set[str]:
    """The products that the customer has had in a plan, be it for a trial: those that plans have, and had billed."""
    sold = _SOLD_PRODUCTS.where(Subscription.customer_id == customer_id)
    billed = (
        select(Price.product_id)
        .join(InvoiceLine, InvoiceLine.price_id == Price.id)
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(Invoice.customer_id == customer_id, InvoiceLine.subscription_id.is_not(None))
    )
    return {*db.scalars(sold), *db.scalars(billed)}


_SOLD_PRODUCTS = (
    select(Price.product_id)
    .join(SubscriptionItem, SubscriptionItem.price_id == Price.id)
    .join(Subscription, Subscription.id == SubscriptionItem.subscription_id)
)
