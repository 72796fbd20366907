"""Redemption of coupons and promotion codes for customers, subscriptions, items and invoices."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.catalogue.sold import SoldItem
from portal.billing.discounts import discounts as discounts_discounts
from portal.billing.discounts.discounts import DiscountSource, DiscountSources
from portal.billing.ledger.locks import Billed
from portal.db import count_changed, find_row, rows_by_id, scope_of
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
from portal.wire.commands import Clearable, ExpandableCommand, Id

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


class SingleDiscountParams(ExpandableCommand):
    """The older parameters: either one sets a single discount, and `""` removes it."""

    coupon: Clearable[Id] = None
    promotion_code: Clearable[Id] = None


class DiscountParams(SingleDiscountParams):
    """The newer parameter `discounts`, and the older ones."""

    discounts: DiscountSources = []


def redeem_for_customer(db: Session, customer: Customer, command: SingleDiscountParams, *, now: int) -> None:
    """Replace the customer's discount."""
    sent = _older_sources(command)
    if sent is None:
        return
    owner = DiscountOwner(customer, currency=customer.currency)
    fresh = redeem_sources(db, owner, sent, "", now=now)
    _take_off_replaced(db, owner, None, _customer_discounts(customer), fresh, now)
    customer.discount_id = fresh[0] if fresh else None


def redeem_for_subscription(
    db: Session, customer: Customer, subscription: Subscription, command: DiscountParams, amount: int, *, now: int
) -> None:
    """Replace the subscription's discounts; `amount` is the cost of its period."""
    older = _older_sources(command)
    if command.was_sent("discounts") and older is not None:
        raise InvalidRequest("Send discounts, or coupon or promotion_code, and not both.", param="discounts")
    sent = older if older is not None else command.discounts if command.was_sent("discounts") else None
    if sent is None:
        return
    owner = DiscountOwner(
        customer,
        {"subscription_id": subscription.id},
        subscription.currency,
        amount,
        [*subscription.discounts, *_customer_discounts(customer)],
    )
    fresh = redeem_sources(db, owner, sent, "discounts" if older is None else "", now=now)
    _take_off_replaced(db, owner, subscription, subscription.discounts, fresh, now)
    subscription.discounts = fresh


def redeem_for_subscription_item(
    db: Session,
    customer: Customer,
    subscription: Subscription,
    sold: SoldItem,
    sources: Sequence[DiscountSource],
    param: str,
    *,
    now: int,
) -> None:
    """Replace the discounts of one item, which lower its lines before those of the subscription."""
    item = sold.item
    place = {"subscription_id": subscription.id, "subscription_item_id": item.id}
    reusable = [*item.discounts, *subscription.discounts, *_customer_discounts(customer)]
    owner = DiscountOwner(customer, place, subscription.currency, sold.amount, reusable)
    fresh = redeem_sources(db, owner, sources, param, now=now)
    _take_off_replaced(db, owner, subscription, item.discounts, fresh, now)
    item.discounts = fresh


def redeem_for_invoice(db: Session, billed: Billed, sources: Sequence[DiscountSource], *, now: int) -> None:
    """Replace the discounts that a draft has inherited."""
    customer, subscription, invoice = billed.customer, billed.subscription, billed.invoice
    reusable = [*invoice.discounts, *_customer_discounts(customer), *(subscription.discounts if subscription else [])]
    owner = DiscountOwner(customer, {"invoice_id": invoice.id}, invoice.currency, invoice.subtotal, reusable)
    invoice.discounts = redeem_sources(db, owner, sources, "discounts", now=now)


def redeem_for_invoice_item(
    db: Session, customer: Customer, item: InvoiceItem, sources: Sequence[DiscountSource], *, now: int
) -> None:
    """Replace the discounts of an invoice item, which lower its line before those of the invoice."""
    reusable = [*item.discounts, *_customer_discounts(customer)]
    owner = DiscountOwner(customer, {"invoice_item_id": item.id}, item.currency, item.amount, reusable)
    item.discounts = redeem_sources(db, owner, sources, "discounts", now=now)


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


_OWNER_COLUMNS = ("subscription_id", "subscription_item_id", "invoice_id", "invoice_item_id")


def _customer_discounts(customer: Customer) -> list[str]:
    return [customer.discount_id] if customer.discount_id else []


def _older_sources(command: SingleDiscountParams) -> list[DiscountSource] | None:
    """The sources in the older parameters; None where neither was sent."""
    if not command.sent_values("coupon", "promotion_code"):
        return None
    if command.coupon is not None and command.promotion_code is not None:
        raise InvalidRequest(
            "You may only specify one of these parameters: coupon, promotion_code.", param="promotion_code"
        )
    sent = {name: value for name, value in command.sent_values("coupon", "promotion_code").items() if value is not None}
    return [DiscountSource(**sent)] if sent else []


def _take_off_replaced(
    db: Session,
    owner: DiscountOwner,
    subscription: Subscription | None,
    before: Sequence[str],
    after: Sequence[str],
    now: int,
) -> None:
    """Take off the owner's discounts that are not in `after`, except those that belong to another owner."""
    gone = [id for id in before if id not in after]
    for row in rows_by_id(db, Discount, gone).values():
        if all(getattr(row, column) == owner.place.get(column) for column in _OWNER_COLUMNS):
            discounts_discounts.take_off(db, row, owner.customer, subscription, now=now)


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
    code = find_row(db, PromotionCode, id, noun="promotion code", param=param)
    if not rules.is_usable_code(code, now) or code.customer_id not in {None, owner.customer.id}:
        raise InvalidRequest("This promotion code is inactive, expired or not for this customer.", param=param)
    _refuse_restricted(db, owner, code, param)
    _count_redemption(db, PromotionCode, code, param)
    discount = _redeem_coupon(db, owner, code.coupon_id, param, now)
    discount.promotion_code_id = code.id
    return discount


def _redeem_coupon(db: Session, owner: DiscountOwner, id: str, param: str, now: int) -> Discount:
    coupon = find_row(db, Coupon, id, noun="coupon", param=param)
    if not rules.is_valid_coupon(coupon, now):
        raise InvalidRequest(f"Coupon expired: {coupon.id}", param=param, code="coupon_expired")
    known = {coupon.currency, *coupon.currency_options}
    if coupon.amount_off is not None and owner.currency is not None and owner.currency not in known:
        raise InvalidRequest(f"The coupon has no amount in {owner.currency}.", param=param)
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
