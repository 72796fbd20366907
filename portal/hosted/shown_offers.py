"""The offer to stay that a visit shows: the first one that the customer can have, with what it means in amounts."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.billing.catalogue.sold import SoldItem
from portal.billing.customer_portal import plan_add_ons, plan_previews, stay_offers, stay_previews
from portal.billing.customer_portal.bill_previews import BillPreview
from portal.billing.customer_portal.plan_add_ons import AddOn
from portal.billing.customer_portal.stay_offers import StayOffer
from portal.billing.customer_portal.stay_previews import StayPreview
from portal.db import find_row
from portal.errors import InvalidRequest, ResourceMissing
from portal.hosted.own_subscriptions import find_own_subscription, lock_own_subscription, named_items
from portal.hosted.visits import Visit
from portal.models import Coupon, Price, Product, RetentionOffer, Subscription
from portal.rules.money import multiply_price


@dataclass(frozen=True)
class ShownOffer:
    """An offer, the plan as it is with its next bill, and what would come of the offer.

    `sold` is the item that makes the plan, and the first of the `names` is its product's. `price` is the other price,
    of the product with the name `product`, and `beside` what is billed by another interval with it.
    """

    offer: StayOffer
    subscription: Subscription
    sold: SoldItem
    without: BillPreview | None
    preview: StayPreview
    names: list[str]
    coupon: Coupon | None = None
    price: Price | None = None
    product: str | None = None
    beside: Sequence[tuple[AddOn, int]] = ()

    @property
    def amount(self) -> int:
        """What a period costs at the other price, in minor units; 0 where none is offered."""
        return multiply_price(self.price.unit_amount_decimal, self.sold.item.quantity) if self.price else 0


def show_offer(visit: Visit, id: str, reason: str | None) -> ShownOffer | None:
    """What to show now: the offer that this visit has shown already and that waits for its answer, else a new one.

    A new one is recorded. None where there is nothing to offer, or nothing any more.
    """
    with visit.reading() as db:
        row = stay_offers.find_shown(db, id, visit.id)
    if row is not None:
        return None if is_answered(row) else _preview(visit, id, _offer_of_row(row))
    for offer in stay_offers.list_offers(visit.features, reason):
        shown = _preview(visit, id, offer)
        if shown is not None:
            return shown if _record_shown(visit, id, offer) else None
    return None


def is_answered(row: RetentionOffer) -> bool:
    """Whether the customer has taken or left the offer."""
    return bool(row.accepted_at or row.declined_at)


def _offer_of_row(row: RetentionOffer) -> StayOffer:
    return StayOffer(row.type, row.reason, row.coupon_id, row.price_id)


def _record_shown(visit: Visit, id: str, offer: StayOffer) -> bool:
    """Whether it may be shown: no other page has shown one since."""
    with visit.writing() as db:
        subscription = lock_own_subscription(db, visit, id)
        if not stay_offers.is_due(db, subscription, visit.features, now=visit.now):
            return False
        stay_offers.record_shown(db, subscription, offer, session_id=visit.id, now=visit.now)
        return True


def _preview(visit: Visit, id: str, offer: StayOffer) -> ShownOffer | None:
    """What comes of an offer; None for one that can't be had."""
    with visit.reading() as db:
        subscription, named = find_own_subscription(db, visit, id), named_items(db, id)
        items = [each for _name, each in named]
        if not items:
            return None
        sold = plan_add_ons.find_base(items, visit.features)
        price = find_row(db, Price, offer.price_id, noun="price") if offer.price_id else None
        coupon = find_row(db, Coupon, offer.coupon_id, noun="coupon") if offer.coupon_id else None
        product = find_row(db, Product, price.product_id, noun="product").name if price else None
        beside = plan_add_ons.list_add_ons(db, items, sold, visit.features, price) if price else []
    with visit.trying() as db:
        without = plan_previews.preview_next_bill(db, lock_own_subscription(db, visit, id))
    try:
        with visit.trying() as db:
            preview = _try_offer(db, visit, lock_own_subscription(db, visit, id), offer)
    except (InvalidRequest, ResourceMissing):
        return None
    names = dict.fromkeys(name for name, each in sorted(named, key=lambda pair: pair[1] is not sold))
    moved = [(each, each.quantity) for each in beside if each.moves]
    return ShownOffer(offer, subscription, sold, without, preview, list(names), coupon, price, product, moved)


def _try_offer(db: Session, visit: Visit, subscription: Subscription, offer: StayOffer) -> StayPreview:
    return stay_previews.preview_offer(db, subscription, visit.features, offer, session_id=visit.id, now=visit.now)
