"""Discounts that a quote offers: copies of their coupons, redeemed only when the quote is accepted."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from portal import ids
from portal.billing.discounts.coupon_uses import MOST_DISCOUNTS
from portal.billing.discounts.discounts import DiscountSource
from portal.billing.discounts.named_discounts import DiscountSummary, summarize_discount
from portal.billing.ledger.totals import discount_cut
from portal.db import find_row, scope_of
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import Coupon, Discount, PromotionCode, Quote, QuoteLine
from portal.objects.discounts import frozen_coupon
from portal.rules import discounts as discount_rules
from portal.rules.discounts import DiscountTerms, sum_by_discount

#: `id`, the frozen `coupon`, the `promotion_code` if any, and the `source` that accepting redeems.
OfferedDiscount = dict[str, Any]


def build_offered_discounts(
    db: Session, customer_id: str | None, sent: Sequence[DiscountSource], param: str, *, now: int
) -> list[OfferedDiscount]:
    """The discounts that a quote offers.

    Raises `ResourceMissing` or `InvalidRequest` for what is unknown, expired or sent twice.
    """
    if len(sent) > MOST_DISCOUNTS:
        raise InvalidRequest(f"There can be at most {MOST_DISCOUNTS} discounts.", param=param)
    found = [_build_offered_discount(db, customer_id, source, f"{param}[{at}]", now) for at, source in enumerate(sent)]
    coupons = [each["coupon"]["id"] for each in found]
    for at, id in enumerate(coupons):
        if id in coupons[:at]:
            raise InvalidRequest(f"The coupon '{id}' can be applied once.", param=f"{param}[{at}]")
    return found


def discount_cuts(kept: Sequence[OfferedDiscount], currency: str, *, lasting: bool) -> list[DiscountTerms]:
    """What the discounts take off: with `lasting` off every invoice, else off the first one."""
    rows = [Discount(id=each["id"], coupon=each["coupon"]) for each in kept]
    return [discount_cut(row, currency) for row in rows if not lasting or row.coupon["duration"] != "once"]


def redemption_sources(kept: Sequence[OfferedDiscount]) -> list[DiscountSource]:
    """What is redeemed when the quote is accepted."""
    return [DiscountSource(**each["source"]) for each in kept]


def summarize_discounts(row: Quote, lines: Sequence[QuoteLine]) -> list[DiscountSummary]:
    """The discounts of a quote's first payment, as documents name them."""
    known = {each["id"]: each for each in [*row.discounts, *(each for line in lines for each in line.discounts)]}
    taken = sum_by_discount([entry for line in lines if line.upfront for entry in line.discount_amounts])
    return [
        summarize_discount(_build_discount(known[entry["discount"]]), row.currency or "", entry["amount"])
        for entry in taken
    ]


def _build_discount(each: Mapping[str, Any]) -> Discount:
    """The discount as if it had been redeemed."""
    return Discount(id=each["id"], coupon=each["coupon"])


def _build_offered_discount(
    db: Session, customer_id: str | None, source: DiscountSource, param: str, now: int
) -> OfferedDiscount:
    sent = source.sent_values()
    if len(sent) != 1:
        raise InvalidRequest("Send one of coupon, discount and promotion_code.", param=param)
    if source.discount is not None:
        held = find_row(db, Discount, source.discount, noun="discount", param=f"{param}[discount]")
        if held.customer_id != customer_id:
            raise ResourceMissing("discount", source.discount, param=f"{param}[discount]")
        return {"id": held.id, "coupon": held.coupon, "promotion_code": held.promotion_code_id, "source": sent}
    coupon_id, code_id = source.coupon or "", None
    if source.promotion_code is not None:
        code = find_row(
            db, PromotionCode, source.promotion_code, noun="promotion code", param=f"{param}[promotion_code]"
        )
        if not discount_rules.is_usable_code(code, now) or code.customer_id not in {None, customer_id}:
            raise InvalidRequest("This promotion code is inactive, expired or not for this customer.", param=param)
        coupon_id, code_id = code.coupon_id, code.id
    coupon = find_row(db, Coupon, coupon_id, noun="coupon", param=f"{param}[coupon]")
    if not discount_rules.is_valid_coupon(coupon, now):
        raise InvalidRequest(f"Coupon expired: {coupon.id}", param=param, code="coupon_expired")
    frozen = frozen_coupon(coupon, scope_of(db).livemode)
    return {"id": ids.new("discount"), "coupon": frozen, "promotion_code": code_id, "source": sent}
