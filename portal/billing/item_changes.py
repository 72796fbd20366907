"""Other quantities of a running subscription, and what they cost for the rest of its period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.orm import Session

from portal.billing import prorations, redemptions, subscription_items
from portal.billing.subscription_items import ItemChange, Sold
from portal.errors import CardError, InvalidRequest, ResourceMissing
from portal.models import Customer, Subscription
from portal.rules import subscriptions as rules
from portal.wire.params import merged

Proration = Literal["always_invoice", "create_prorations", "none"]
PaymentBehavior = Literal["allow_incomplete", "default_incomplete", "error_if_incomplete"]


@dataclass(frozen=True)
class Asked:
    """How a change is to be billed: the wire's `proration_behavior`, `proration_date` and `payment_behavior`."""

    proration: Proration
    date: int | None
    payment: PaymentBehavior | None


def apply(
    db: Session,
    customer: Customer,
    subscription: Subscription,
    changes: Sequence[ItemChange],
    asked: Asked,
    *,
    now: int,
) -> None:
    """Change items of a subscription that the caller has locked together with its customer.

    Raises `ResourceMissing` for an item of another subscription, `CardError` where the change is
    billed at once and was to be refused unless it is paid.
    """
    moment = _moment(subscription, asked.date, now)
    prorates = asked.proration != "none" and rules.is_prorated(subscription.status)
    rest = prorations.Rest(customer, subscription, moment, now) if prorates else None
    sold = {each.item.id: each for each in subscription_items.items(db, subscription.id)}
    for index, change in enumerate(changes):
        # each item at most once, as its second change would find it changed
        each = sold.pop(change.id, None)
        if each is None:
            raise ResourceMissing("subscription item", change.id, param=f"items[{index}][id]")
        _change(db, each, change, rest, f"items[{index}]")
        if change.has("discounts"):
            redemptions.put_on_subscription_item(
                db, customer, subscription, each, change.discounts, f"items[{index}][discounts]", now=now
            )
    if asked.proration == "always_invoice":
        _bill(db, customer, subscription, asked, now)


def _moment(subscription: Subscription, date: int | None, now: int) -> int:
    if date is None:
        return now
    if not subscription.current_period_start <= date <= subscription.current_period_end:
        raise InvalidRequest("proration_date must lie within the current period.", param="proration_date")
    return date


def _change(db: Session, sold: Sold, change: ItemChange, rest: prorations.Rest | None, param: str) -> None:
    quantity = sold.item.quantity if change.quantity is None else change.quantity
    subscription_items.refuse_large(sold.price, quantity, param)
    differs = rest if quantity != sold.item.quantity else None
    first, second = prorations.new_ids(2)
    if differs:
        differs.credit(db, sold, first)
    sold.item.quantity = quantity
    if change.has("tax_rates"):
        sold.item.tax_rates = subscription_items.rate_ids(db, change.tax_rates, f"{param}[tax_rates]")
    if change.has("metadata"):
        sold.item.metadata_ = merged(sold.item.metadata_, change.metadata)
    if differs:
        differs.charge(db, sold, second)


def _bill(db: Session, customer: Customer, subscription: Subscription, asked: Asked, now: int) -> None:
    """Bill at once; what can't be collected by itself leaves the subscription past due until it is paid."""
    invoice = prorations.invoice_pending(db, customer, subscription, now)
    if invoice is None or invoice.status != "open" or subscription.collection_method == "send_invoice":
        return
    if asked.payment == "error_if_incomplete":
        raise CardError("The invoice for this change can't be paid: this customer has no payment method here.")
    if subscription.status == "active":
        subscription.status = "past_due"
