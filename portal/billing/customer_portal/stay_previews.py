"""What an offer to stay means in amounts, tried in a session that is rolled back."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.billing.customer_portal import changeable_items, plan_add_ons, plan_pauses, plan_previews, stay_offers
from portal.billing.customer_portal.bill_previews import BillPreview
from portal.billing.customer_portal.change_rules import NotChangeable
from portal.billing.customer_portal.plan_choices import PlanChange
from portal.billing.customer_portal.plan_pauses import PausePreview
from portal.billing.customer_portal.plan_previews import PlanChangePreview
from portal.billing.customer_portal.stay_offers import StayOffer
from portal.models import Subscription
from portal.rules.permissions import Features


@dataclass(frozen=True)
class StayPreview:
    """What an offer leads to: the next `bill` with a coupon, a `pause` and its end, or the `change` of the price."""

    bill: BillPreview | None = None
    pause: PausePreview | None = None
    until: int | None = None
    change: PlanChangePreview | None = None


def preview_offer(
    db: Session, subscription: Subscription, features: Features, offer: StayOffer, *, session_id: str, now: int
) -> StayPreview:
    """Accept the offer. Raises `InvalidRequest` or `ResourceMissing` for one that can't be had."""
    if offer.type == "coupon":
        stay_offers.redeem(db, subscription, offer.coupon_id, now=now)
        return StayPreview(bill=plan_previews.preview_next_bill(db, subscription))
    if offer.type == "pause":
        until = stay_offers.pause_end(features, now)
        stay_offers.refuse_pause(subscription, features)
        return StayPreview(pause=plan_pauses.preview_pause(db, subscription, now=now), until=until)
    asked = build_change(db, subscription, features, offer.price_id, now)
    change = plan_previews.preview_change(db, subscription, features, asked, session_id=session_id, now=now)
    return StayPreview(change=change)


def build_change(
    db: Session, subscription: Subscription, features: Features, price_id: str | None, date: int
) -> PlanChange:
    """The change to another price, at the same quantity, prorated from `date` on. Raises `NotChangeable`."""
    items = changeable_items.list_changeable(db, subscription)
    if not items:
        raise NotChangeable(f"The subscription '{subscription.id}' can't be changed by its customer.", param=None)
    sold = plan_add_ons.find_base(items, features)
    if price_id is None or price_id == sold.price.id:
        raise NotChangeable("The subscription has this price already.", param=None)
    return PlanChange(price_id, sold.item.quantity, (), date)
