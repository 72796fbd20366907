"""Discounts that a quote offers: copies of their coupons, redeemed only when the quote is accepted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from portal import ids
from portal.billing.discounts.discounts import Source
from portal.billing.discounts.redemptions import MOST
from portal.billing.ledger.totals import cut
from portal.db import find, scope_of
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import Coupon, Discount, PromotionCode
from portal.objects.discounts import frozen_coupon
from portal.rules import discounts as rules
from portal.rules.discounts import Cut

#: `id`, the frozen `coupon`, the `promotion_code` if any, and the `source` that accepting redeems.
Offered = dict[str, Any]


def offered(db: Session, customer_id: str | None, sent: Sequence[Source], param: str, *, now: int) -> list[Offered]:
    """Raises `ResourceMissing` or `InvalidRequest` for what is unknown, expired, or sent twice."""
    if len(sent) > MOST:
        raise InvalidRequest(f"There can be at most {MOST} discounts.", param=param)
    found = [_offered(db, customer_id, source, f"{param}[{at}]", now) for at, source in enumerate(sent)]
    coupons = [each["coupon"]["id"] for each in found]
    for at, id in enumerate(coupons):
        if id in coupons[:at]:
            raise InvalidRequest(f"The coupon '{id}' can be applied once.", param=f"{param}[{at}]")
    return found


def cuts(kept: Sequence[Offered], currency: str, *, lasting: bool) -> list[Cut]:
    """What they take off; `lasting` is of every bill rather than of the first one."""
    rows = [Discount(id=each["id"], coupon=each["coupon"]) for each in kept]
    return [cut(row, currency) for row in rows if not lasting or row.coupon["duration"] != "once"]


def sources(kept: Sequence[Offered]) -> list[Source]:
    """What accepting redeems."""
    return [Source(**each["source"]) for each in kept]


def as_discount(each: Mapping[str, Any]) -> Discount:
    """A discount as if it had been redeemed, for its name."""
    return Discount(id=each["id"], coupon=each["coupon"])


def _offered(db: Session, customer_id: str | None, source: Source, param: str, now: int) -> Offered:
    sent = source.given()
    if len(sent) != 1:
        raise InvalidRequest("Send one of coupon, discount and promotion_code.", param=param)
    if source.discount is not None:
        held = find(db, Discount, source.discount, noun="discount", param=f"{param}[discount]")
        if held.customer_id != customer_id:
            raise ResourceMissing("discount", source.discount, param=f"{param}[discount]")
        return {"id": held.id, "coupon": held.coupon, "promotion_code": held.promotion_code_id, "source": sent}
    coupon_id, code_id = source.coupon or "", None
    if source.promotion_code is not None:
        code = find(db, PromotionCode, source.promotion_code, noun="promotion code", param=f"{param}[promotion_code]")
        if not rules.is_usable(code, now) or code.customer_id not in {None, customer_id}:
            raise InvalidRequest("This promotion code is inactive, expired or not for this customer.", param=param)
        coupon_id, code_id = code.coupon_id, code.id
    coupon = find(db, Coupon, coupon_id, noun="coupon", param=f"{param}[coupon]")
    if not rules.is_valid(coupon, now):
        raise InvalidRequest(f"Coupon expired: {coupon.id}", param=param, code="coupon_expired")
    frozen = frozen_coupon(coupon, scope_of(db).livemode)
    return {"id": ids.new("discount"), "coupon": frozen, "promotion_code": code_id, "source": sent}
