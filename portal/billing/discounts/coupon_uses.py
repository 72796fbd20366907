"""The use of one coupon or promotion code: a discount for its owner, counted."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.discounts.discounts import DiscountSource
from portal.db import count_changed, find_row, scope_of
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import Coupon, Customer, Discount, Invoice, PromotionCode
from portal.objects.discounts import frozen_coupon
from portal.rules import discounts as rules
from portal.rules import periods

MOST_DISCOUNTS = 20


@dataclass(frozen=True)
class DiscountOwner:
    """What a discount belongs to: the customer, or what `place` (a column of `Discount` and an id) names.

    `amount` is what the owner costs, if known; `reusable` are the discounts that it and its customer already have.
    """

    customer: Customer
    place: dict[str, str] = field(default_factory=dict)
    currency: str | None = None
    amount: int | None = None
    reusable: Sequence[str] = ()


def redeem_sources(
    db: Session, owner: DiscountOwner, sources: Sequence[DiscountSource], param: str, *, now: int
) -> list[str]:
    """The ids of the requested discounts: new ones, except where a `discount` is named.

    `param` is where they stand: `discounts`, or empty for the older parameters.

    Raises `ResourceMissing` or `InvalidRequest` for what is unknown, expired, used up or not for this owner.
    """
    if len(sources) > MOST_DISCOUNTS:
        raise InvalidRequest(f"There can be at most {MOST_DISCOUNTS} discounts.", param=param)
    found = [
        _redeem_source(db, owner, source, param and f"{param}[{index}]", now) for index, source in enumerate(sources)
    ]
    coupons = [row.coupon_id for row in found]
    for index, id in enumerate(coupons):
        if id in coupons[:index]:
            raise InvalidRequest(f"The coupon '{id}' can be applied once.", param=f"{param}[{index}]")
    return [row.id for row in found]


def can_redeem(db: Session, owner: DiscountOwner, source: DiscountSource, *, now: int) -> bool:
    """Whether a coupon or promotion code could be redeemed for the owner now; nothing is redeemed."""
    try:
        coupon_id = source.coupon or ""
        if source.promotion_code is not None:
            coupon_id = _find_usable_code(db, owner, source.promotion_code, "", now).coupon_id
        _find_usable_coupon(db, owner, coupon_id, "", now)
    except (InvalidRequest, ResourceMissing):
        return False
    return True


def _redeem_source(db: Session, owner: DiscountOwner, source: DiscountSource, param: str, now: int) -> Discount:
    sent = source.sent_values()
    if len(sent) != 1:
        raise InvalidRequest("Send one of coupon, discount and promotion_code.", param=param)
    if source.discount is not None:
        if source.discount not in owner.reusable:
            raise ResourceMissing("discount", source.discount, param=_nested_param(param, "discount"))
        return find_row(db, Discount, source.discount, noun="discount")
    if source.promotion_code is not None:
        return _redeem_code(db, owner, source.promotion_code, _nested_param(param, "promotion_code"), now)
    return _redeem_coupon(db, owner, source.coupon or "", _nested_param(param, "coupon"), now)


def _nested_param(param: str, name: str) -> str:
    return f"{param}[{name}]" if param else name


def _redeem_code(db: Session, owner: DiscountOwner, id: str, param: str, now: int) -> Discount:
    code = _find_usable_code(db, owner, id, param, now)
    _count_redemption(db, PromotionCode, code, param)
    discount = _redeem_coupon(db, owner, code.coupon_id, param, now)
    discount.promotion_code_id = code.id
    return discount


def _redeem_coupon(db: Session, owner: DiscountOwner, id: str, param: str, now: int) -> Discount:
    coupon = _find_usable_coupon(db, owner, id, param, now)
    _count_redemption(db, Coupon, coupon, param)
    months = coupon.duration_in_months
    discount = Discount(
        id=ids.new("discount"),
        created=now,
        customer_id=owner.customer.id,
        **owner.place,
        coupon_id=coupon.id,
        coupon=frozen_coupon(coupon, scope_of(db).livemode),
        start=now,
        end=periods.add(now, "month", months, 1) if months else None,
    )
    db.add(discount)
    return discount


def _find_usable_code(db: Session, owner: DiscountOwner, id: str, param: str, now: int) -> PromotionCode:
    code = find_row(db, PromotionCode, id, noun="promotion code", param=param)
    if not rules.is_usable_code(code, now) or code.customer_id not in {None, owner.customer.id}:
        raise InvalidRequest("This promotion code is inactive, expired or not for this customer.", param=param)
    _refuse_restricted(db, owner, code, param)
    return code


def _find_usable_coupon(db: Session, owner: DiscountOwner, id: str, param: str, now: int) -> Coupon:
    coupon = find_row(db, Coupon, id, noun="coupon", param=param)
    if not rules.is_valid_coupon(coupon, now):
        raise InvalidRequest(f"Coupon expired: {coupon.id}", param=param, code="coupon_expired")
    known = {coupon.currency, *coupon.currency_options}
    if coupon.amount_off is not None and owner.currency is not None and owner.currency not in known:
        raise InvalidRequest(f"The coupon has no amount in {owner.currency}.", param=param)
    return coupon


def _refuse_restricted(db: Session, owner: DiscountOwner, code: PromotionCode, param: str) -> None:
    limits = code.restrictions
    if limits.get("first_time_transaction") and _has_paid(db, owner.customer):
        raise InvalidRequest(
            "This promotion code cannot be redeemed because the associated customer has prior transactions.",
            param=param,
        )
    if not limits.get("minimum_amount"):
        return
    if owner.amount is None:
        raise InvalidRequest("This promotion code has a minimum amount, and a customer costs none.", param=param)
    minimums = {limits["minimum_amount_currency"]: limits, **(limits.get("currency_options") or {})}
    if owner.amount < minimums.get(owner.currency, {"minimum_amount": owner.amount + 1})["minimum_amount"]:
        raise InvalidRequest("The minimum amount of this promotion code is not reached.", param=param)


def _has_paid(db: Session, customer: Customer) -> bool:
    paid = select(Invoice.id).where(Invoice.customer_id == customer.id, Invoice.status == "paid")
    return db.scalar(paid.limit(1)) is not None


def _count_redemption(db: Session, model: type[Coupon] | type[PromotionCode], row: Any, param: str) -> None:
    """Count one more redemption. Of two parallel ones for the last use, the second is refused."""
    left = or_(model.max_redemptions.is_(None), model.times_redeemed < model.max_redemptions)
    change = update(model).where(model.id == row.id, left).values(times_redeemed=model.times_redeemed + 1)
    db.flush()
    if count_changed(db, change, synchronize_session=False) == 0:
        raise InvalidRequest(f"Coupon expired: {row.id}", param=param, code="coupon_expired")
    db.refresh(row, ["times_redeemed"])
