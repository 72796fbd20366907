"""Redeeming coupons and promotion codes: which can be, by whom, and whom the discounts are put on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.catalogue.sold import Sold
from portal.billing.discounts import discounts as discounts_discounts
from portal.billing.discounts.discounts import Source, Sources
from portal.billing.ledger.locks import Billed
from portal.db import among, count_changed, find, scope_of
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import (
    Coupon,
    Customer,
    Discount,
    Invoice,
    InvoiceItem,
    PromotionCode,
    Subscription,
)
from portal.objects.discounts import frozen_coupon
from portal.rules import discounts as rules
from portal.rules import periods
from portal.wire.commands import Clearable, Expanding, Id

MOST = 20


@dataclass(frozen=True)
class Owner:
    """What a discount is for: the customer, or what `place` (a column of `Discount` and an id) names.

    `amount` is what it costs, where that is known, and `reusable` are the discounts it and its customer have.
    """

    customer: Customer
    place: dict[str, str] = field(default_factory=dict)
    currency: str | None = None
    amount: int | None = None
    reusable: Sequence[str] = ()


class OneDiscount(Expanding):
    """The older parameters, of which either one gives and `""` takes the only discount."""

    coupon: Clearable[Id] = None
    promotion_code: Clearable[Id] = None


class Discounts(OneDiscount):
    """Parameters of either generation."""

    discounts: Sources = []


def put_on_customer(db: Session, customer: Customer, command: OneDiscount, *, now: int) -> None:
    """The customer's discount, which replaces the one that was there."""
    sent = _older(command)
    if sent is None:
        return
    owner = Owner(customer, currency=customer.currency)
    fresh = redeemed(db, owner, sent, "", now=now)
    _replace(db, owner, None, _of_customer(customer), fresh, now)
    customer.discount_id = fresh[0] if fresh else None


def put_on_subscription(
    db: Session, customer: Customer, subscription: Subscription, command: Discounts, amount: int, *, now: int
) -> None:
    """The subscription's discounts, which replace those that were there; `amount` is what its period costs."""
    older = _older(command)
    if command.has("discounts") and older is not None:
        raise InvalidRequest("Send discounts, or coupon or promotion_code, and not both.", param="discounts")
    sent = older if older is not None else command.discounts if command.has("discounts") else None
    if sent is None:
        return
    owner = Owner(
        customer,
        {"subscription_id": subscription.id},
        subscription.currency,
        amount,
        [*subscription.discounts, *_of_customer(customer)],
    )
    fresh = redeemed(db, owner, sent, "discounts" if older is None else "", now=now)
    _replace(db, owner, subscription, subscription.discounts, fresh, now)
    subscription.discounts = fresh


def put_on_subscription_item(
    db: Session,
    customer: Customer,
    subscription: Subscription,
    sold: Sold,
    sources: Sequence[Source],
    param: str,
    *,
    now: int,
) -> None:
    """The discounts of one item, which lower its lines before those of the subscription."""
    item = sold.item
    place = {"subscription_id": subscription.id, "subscription_item_id": item.id}
    reusable = [*item.discounts, *subscription.discounts, *_of_customer(customer)]
    owner = Owner(customer, place, subscription.currency, sold.amount, reusable)
    fresh = redeemed(db, owner, sources, param, now=now)
    _replace(db, owner, subscription, item.discounts, fresh, now)
    item.discounts = fresh


def put_on_invoice(db: Session, billed: Billed, sources: Sequence[Source], *, now: int) -> None:
    """The discounts of a draft instead of those that it took over."""
    customer, subscription, invoice = billed.customer, billed.subscription, billed.invoice
    reusable = [*invoice.discounts, *_of_customer(customer), *(subscription.discounts if subscription else [])]
    owner = Owner(customer, {"invoice_id": invoice.id}, invoice.currency, invoice.subtotal, reusable)
    invoice.discounts = redeemed(db, owner, sources, "discounts", now=now)


def put_on_invoice_item(
    db: Session, customer: Customer, item: InvoiceItem, sources: Sequence[Source], *, now: int
) -> None:
    """The discounts of an invoice item, which lower its line before those of the invoice."""
    reusable = [*item.discounts, *_of_customer(customer)]
    owner = Owner(customer, {"invoice_item_id": item.id}, item.currency, item.amount, reusable)
    item.discounts = redeemed(db, owner, sources, "discounts", now=now)


def redeemed(db: Session, owner: Owner, sources: Sequence[Source], param: str, *, now: int) -> list[str]:
    """The ids of the discounts asked for, new ones but where a `discount` is named.

    `param` is where they stand: `discounts`, or nothing for the older parameters.

    Raises `ResourceMissing` or `InvalidRequest` for what is unknown, expired, used up or not for this owner.
    """
    if len(sources) > MOST:
        raise InvalidRequest(f"There can be at most {MOST} discounts.", param=param)
    found = [_of_source(db, owner, source, param and f"{param}[{index}]", now) for index, source in enumerate(sources)]
    coupons = [row.coupon_id for row in found]
    for index, id in enumerate(coupons):
        if id in coupons[:index]:
            raise InvalidRequest(f"The coupon '{id}' can be applied once.", param=f"{param}[{index}]")
    return [row.id for row in found]


_PLACES = ("subscription_id", "subscription_item_id", "invoice_id", "invoice_item_id")


def _of_customer(customer: Customer) -> list[str]:
    return [customer.discount_id] if customer.discount_id else []


def _older(command: OneDiscount) -> list[Source] | None:
    """What the older parameters ask for: None where neither was sent."""
    if not command.given("coupon", "promotion_code"):
        return None
    if command.coupon is not None and command.promotion_code is not None:
        raise InvalidRequest(
            "You may only specify one of these parameters: coupon, promotion_code.", param="promotion_code"
        )
    sent = {name: value for name, value in command.given("coupon", "promotion_code").items() if value is not None}
    return [Source(**sent)] if sent else []


def _replace(
    db: Session, owner: Owner, subscription: Subscription | None, before: Sequence[str], after: Sequence[str], now: int
) -> None:
    """What the owner has no longer is taken off, unless it is another owner's that was reused."""
    gone = [id for id in before if id not in after]
    for row in among(db, Discount, gone).values():
        if all(getattr(row, column) == owner.place.get(column) for column in _PLACES):
            discounts_discounts.take_off(db, row, owner.customer, subscription, now=now)


def _of_source(db: Session, owner: Owner, source: Source, param: str, now: int) -> Discount:
    sent = source.given()
    if len(sent) != 1:
        raise InvalidRequest("Send one of coupon, discount and promotion_code.", param=param)
    if source.discount is not None:
        if source.discount not in owner.reusable:
            raise ResourceMissing("discount", source.discount, param=_within(param, "discount"))
        return find(db, Discount, source.discount, noun="discount")
    if source.promotion_code is not None:
        return _of_code(db, owner, source.promotion_code, _within(param, "promotion_code"), now)
    return _of_coupon(db, owner, source.coupon or "", _within(param, "coupon"), now)


def _within(param: str, name: str) -> str:
    return f"{param}[{name}]" if param else name


def _of_code(db: Session, owner: Owner, id: str, param: str, now: int) -> Discount:
    code = find(db, PromotionCode, id, noun="promotion code", param=param)
    if not rules.is_usable(code, now) or code.customer_id not in {None, owner.customer.id}:
        raise InvalidRequest("This promotion code is inactive, expired or not for this customer.", param=param)
    _refuse_restricted(db, owner, code, param)
    _count(db, PromotionCode, code, param)
    discount = _of_coupon(db, owner, code.coupon_id, param, now)
    discount.promotion_code_id = code.id
    return discount


def _of_coupon(db: Session, owner: Owner, id: str, param: str, now: int) -> Discount:
    coupon = find(db, Coupon, id, noun="coupon", param=param)
    if not rules.is_valid(coupon, now):
        raise InvalidRequest(f"Coupon expired: {coupon.id}", param=param, code="coupon_expired")
    known = {coupon.currency, *coupon.currency_options}
    if coupon.amount_off is not None and owner.currency is not None and owner.currency not in known:
        raise InvalidRequest(f"The coupon has no amount in {owner.currency}.", param=param)
    _count(db, Coupon, coupon, param)
    months = coupon.duration_in_months
    discount = Discount(
        id=ids.new("discount"),
        created=now,
        customer_id=owner.customer.id,
        **owner.place,
        coupon_id=coupon.id,
        coupon=frozen_coupon(coupon, scope_of(db).livemode),
        start=now,
        end=periods.step(now, "month", months, 1) if months else None,
    )
    db.add(discount)
    return discount


def _refuse_restricted(db: Session, owner: Owner, code: PromotionCode, param: str) -> None:
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


def _count(db: Session, model: type[Coupon] | type[PromotionCode], row: Any, param: str) -> None:
    """One redemption more; of two at the same time for the last one, the second is refused."""
    left = or_(model.max_redemptions.is_(None), model.times_redeemed < model.max_redemptions)
    change = update(model).where(model.id == row.id, left).values(times_redeemed=model.times_redeemed + 1)
    db.flush()
    if count_changed(db, change, synchronize_session=False) == 0:
        raise InvalidRequest(f"Coupon expired: {row.id}", param=param, code="coupon_expired")
    db.refresh(row, ["times_redeemed"])
