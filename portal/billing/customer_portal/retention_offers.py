"""Retention offers: a coupon for a customer who is about to cancel, accepted or declined once a subscription."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.discounts import redemptions
from portal.billing.discounts.discounts import DiscountSource
from portal.billing.ledger import locks
from portal.billing.subscriptions import items
from portal.db import find_row
from portal.models import Coupon, Customer, RetentionOffer, Subscription
from portal.rules import discounts


def can_be_offered(coupon: Coupon, subscription: Subscription, now: int) -> bool:
    """Whether a coupon can be redeemed, and has an amount in the subscription's currency."""
    known = coupon.amount_off is None or subscription.currency in {coupon.currency, *coupon.currency_options}
    return known and discounts.is_valid_coupon(coupon, now)


def find_offered_coupon(db: Session, subscription: Subscription, coupon_id: str, *, now: int) -> Coupon | None:
    """The coupon to offer; None where the offer was answered before, or the coupon can't be redeemed any more."""
    found = _find_offer(db, subscription.id, coupon_id)
    answered = found is not None and (found.accepted_at or found.declined_at)
    return None if answered else find_redeemable(db, subscription, coupon_id, now=now)


def find_redeemable(db: Session, subscription: Subscription, coupon_id: str, *, now: int) -> Coupon | None:
    """The coupon, if the subscription can redeem it now."""
    coupon = db.get(Coupon, (subscription.tenant_id, coupon_id))
    return coupon if coupon and can_be_offered(coupon, subscription, now) else None


def record_shown(
    db: Session, subscription: Subscription, coupon_id: str, *, session_id: str, now: int
) -> RetentionOffer:
    """Record that an offer is shown; an offer that was shown before stays as it is."""
    offer = _find_offer(db, subscription.id, coupon_id)
    if offer is None:
        offer = RetentionOffer(
            id=ids.new("billing_portal.retention_offer"),
            created=now,
            customer_id=subscription.customer_id,
            subscription_id=subscription.id,
            session_id=session_id,
            type="coupon",
            coupon_id=coupon_id,
        )
        db.add(offer)
        db.flush()
    return offer


def accept(db: Session, offer: RetentionOffer, *, now: int) -> bool:
    """Redeem the coupon on the subscription; False where the offer was answered before.

    Raises `InvalidRequest` for a coupon that can't be redeemed any more.
    """
    subscription = find_row(db, Subscription, offer.subscription_id, noun="subscription")
    customer = locks.subscription_with_customer(db, subscription)
    if offer.accepted_at or offer.declined_at:
        return False
    redeem_coupon(db, customer, subscription, offer.coupon_id or "", now=now)
    offer.accepted_at = now
    return True


def redeem_coupon(db: Session, customer: Customer, subscription: Subscription, coupon_id: str, *, now: int) -> None:
    """Add the coupon to the discounts of the subscription."""
    amount = items.period_amount(items.list_items(db, subscription.id))
    offered = [DiscountSource(coupon=coupon_id)]
    redemptions.add_to_subscription(db, customer, subscription, offered, amount, now=now)


def decline(offer: RetentionOffer, *, now: int) -> None:
    """Record that the customer declines and goes on to cancel."""
    if not offer.accepted_at and not offer.declined_at:
        offer.declined_at = now


def _find_offer(db: Session, subscription_id: str, coupon_id: str) -> RetentionOffer | None:
    own = (RetentionOffer.subscription_id == subscription_id, RetentionOffer.coupon_id == coupon_id)
    newest = (RetentionOffer.created.desc(), RetentionOffer.id.desc())
    return db.scalars(select(RetentionOffer).where(*own).order_by(*newest).limit(1)).first()
