"""A coupon offered to who is about to cancel: shown, then accepted or declined, once a subscription."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.discounts import redemptions
from portal.billing.discounts.discounts import Source
from portal.billing.ledger import locks
from portal.billing.subscriptions import items
from portal.models import Coupon, Customer, RetentionOffer, Subscription
from portal.rules import discounts as rules


def can_be_offered(coupon: Coupon, subscription: Subscription, now: int) -> bool:
    """Whether a coupon can be redeemed, and has an amount in the subscription's currency."""
    known = coupon.amount_off is None or subscription.currency in {coupon.currency, *coupon.currency_options}
    return known and rules.is_valid(coupon, now)


def offered(db: Session, subscription: Subscription, coupon_id: str, *, now: int) -> Coupon | None:
    """The coupon to offer; None where it was answered already, or can't be redeemed any more."""
    found = _of(db, subscription.id, coupon_id)
    coupon = db.get(Coupon, (subscription.tenant_id, coupon_id))
    answered = found is not None and (found.accepted_at or found.declined_at)
    return coupon if coupon and not answered and can_be_offered(coupon, subscription, now) else None


def show(db: Session, subscription: Subscription, coupon_id: str, *, session_id: str, now: int) -> RetentionOffer:
    """Note that an offer is shown; one that was shown before stays as it is."""
    offer = _of(db, subscription.id, coupon_id)
    if offer is None:
        offer = RetentionOffer(
            id=ids.new("billing_portal.retention_offer"),
            created=now,
            customer_id=subscription.customer_id,
            subscription_id=subscription.id,
            session_id=session_id,
            coupon_id=coupon_id,
        )
        db.add(offer)
        db.flush()
    return offer


def accept(db: Session, offer: RetentionOffer, *, now: int) -> bool:
    """Redeem the coupon on the subscription; False where the offer was answered before.

    Raises `InvalidRequest` for a coupon that can't be redeemed any more.
    """
    customer, subscription = locks.subscription(db, offer.subscription_id, offer.customer_id)
    if offer.accepted_at or offer.declined_at:
        return False
    redeem(db, customer, subscription, offer.coupon_id, now=now)
    offer.accepted_at = now
    return True


def redeem(db: Session, customer: Customer, subscription: Subscription, coupon_id: str, *, now: int) -> None:
    """Put the coupon on the subscription beside the discounts that it has."""
    kept = [Source(discount=id) for id in subscription.discounts]
    wanted = redemptions.Discounts(discounts=[*kept, Source(coupon=coupon_id)])
    amount = sum(each.amount for each in items.items(db, subscription.id))
    redemptions.put_on_subscription(db, customer, subscription, wanted, amount, now=now)


def decline(offer: RetentionOffer, *, now: int) -> None:
    """The customer goes on to cancel."""
    if not offer.accepted_at and not offer.declined_at:
        offer.declined_at = now


def _of(db: Session, subscription_id: str, coupon_id: str) -> RetentionOffer | None:
    own = (RetentionOffer.subscription_id == subscription_id, RetentionOffer.coupon_id == coupon_id)
    return db.scalars(select(RetentionOffer).where(*own)).one_or_none()
