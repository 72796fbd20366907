"""Offers to stay that a configuration makes by the reason for canceling: chosen, recorded, and done when accepted."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock, ids
from portal.billing.customer_portal import plan_pauses, retention_offers
from portal.billing.ledger import locks
from portal.errors import InvalidRequest
from portal.models import RetentionOffer, Subscription
from portal.rules import permissions
from portal.rules.permissions import Features


@dataclass(frozen=True)
class StayOffer:
    """What is offered for a reason: the coupon, the other price, or a pause."""

    type: str
    reason: str | None
    coupon_id: str | None = None
    price_id: str | None = None


def is_due(db: Session, subscription: Subscription, features: Features, *, now: int) -> bool:
    """Whether something may be offered: there are offers, and none was shown in the days that the merchant has set."""
    if not permissions.offers_to_stay(features) or subscription.cancel_at is not None or subscription.ended_at:
        return False
    last = _find_newest(db, subscription.id)
    return last is None or last.created <= now - permissions.days_between_offers(features) * clock.DAY


def list_offers(features: Features, reason: str | None) -> Sequence[StayOffer]:
    """The offers for a reason, in the configuration's order; those without reasons are for each."""
    fitting = [
        each for each in permissions.offers_to_stay(features) if not each["reasons"] or reason in each["reasons"]
    ]
    return [StayOffer(each["type"], reason, each["coupon"], each["price"]) for each in fitting]


def record_shown(
    db: Session, subscription: Subscription, offer: StayOffer, *, session_id: str, now: int
) -> RetentionOffer:
    """Record that an offer is shown."""
    row = RetentionOffer(
        id=ids.new("billing_portal.retention_offer"),
        created=now,
        customer_id=subscription.customer_id,
        subscription_id=subscription.id,
        session_id=session_id,
        type=offer.type,
        reason=offer.reason,
        coupon_id=offer.coupon_id,
        price_id=offer.price_id,
    )
    db.add(row)
    return row


def find_shown(db: Session, subscription_id: str, session_id: str) -> RetentionOffer | None:
    """The offer that a visit has shown last, if it was the subscription's last one, answered or not."""
    last = _find_newest(db, subscription_id)
    return last if last is not None and last.session_id == session_id else None


def redeem(db: Session, subscription: Subscription, coupon_id: str | None, *, now: int) -> None:
    """Add the coupon to the subscription. Raises `InvalidRequest` or `ResourceMissing` where that can't be done."""
    if coupon_id is None or retention_offers.find_redeemable(db, subscription, coupon_id, now=now) is None:
        raise InvalidRequest("This coupon can't be redeemed.", param=None)
    customer = locks.subscription_with_customer(db, subscription)
    retention_offers.redeem_coupon(db, customer, subscription, coupon_id, now=now)


def pause(db: Session, subscription: Subscription, features: Features, *, now: int) -> int | None:
    """Pause the subscription for the first of the configuration's durations; returns when it goes on.

    Raises `InvalidRequest` where customers can't pause it.
    """
    refuse_pause(subscription, features)
    until = pause_end(features, now)
    plan_pauses.pause_plan(db, subscription, until, now=now)
    return until


def refuse_pause(subscription: Subscription, features: Features) -> None:
    """Raises `InvalidRequest` where customers can't pause it."""
    if not permissions.may_pause(features) or not plan_pauses.may_pause(subscription):
        raise InvalidRequest("This subscription can't be paused by its customer.", param=None)


def pause_end(features: Features, now: int) -> int | None:
    """When a pause ends that is offered now; None for one that ends when the customer goes on."""
    durations = permissions.pause_intervals(features)
    return plan_pauses.pause_end(*durations[0], now) if durations else None


def note_accepted(row: RetentionOffer, *, now: int) -> None:
    """Record that the customer has taken the offer; what it offers is done in the same transaction."""
    row.accepted_at = now


def decline(row: RetentionOffer, *, now: int) -> None:
    """Record that the customer goes on to cancel."""
    retention_offers.decline(row, now=now)


def _find_newest(db: Session, subscription_id: str) -> RetentionOffer | None:
    newest = (RetentionOffer.created.desc(), RetentionOffer.id.desc())
    own = select(RetentionOffer).where(RetentionOffer.subscription_id == subscription_id)
    return db.scalars(own.order_by(*newest).limit(1)).first()
