"""Redemption of coupons and promotion codes for customers, subscriptions, items and invoices."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from portal.billing.catalogue.sold import SoldItem
from portal.billing.discounts import coupon_uses, discounts
from portal.billing.discounts.coupon_uses import DiscountOwner
from portal.billing.discounts.discounts import DiscountSource
from portal.billing.discounts.params import DiscountParams, SingleDiscountParams
from portal.billing.ledger.locks import Billed
from portal.db import rows_by_id
from portal.errors import InvalidRequest
from portal.models import (
    Customer,
    Discount,
    InvoiceItem,
    Subscription,
)


def redeem_for_customer(db: Session, customer: Customer, command: SingleDiscountParams, *, now: int) -> None:
    """Replace the customer's discount."""
    sent = _older_sources(command)
    if sent is None:
        return
    owner = DiscountOwner(customer, currency=customer.currency)
    fresh = coupon_uses.redeem_sources(db, owner, sent, "", now=now)
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
    fresh = coupon_uses.redeem_sources(db, owner, sent, "discounts" if older is None else "", now=now)
    _take_off_replaced(db, owner, subscription, subscription.discounts, fresh, now)
    subscription.discounts = fresh


def add_to_subscription(
    db: Session,
    customer: Customer,
    subscription: Subscription,
    sources: Sequence[DiscountSource],
    amount: int,
    *,
    now: int,
) -> None:
    """Add discounts to those that the subscription has; `amount` is the cost of its period."""
    held = [DiscountSource(discount=id) for id in subscription.discounts]
    wanted = DiscountParams(discounts=[*held, *sources])
    redeem_for_subscription(db, customer, subscription, wanted, amount, now=now)


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
    fresh = coupon_uses.redeem_sources(db, owner, sources, param, now=now)
    _take_off_replaced(db, owner, subscription, item.discounts, fresh, now)
    item.discounts = fresh


def redeem_for_invoice(db: Session, billed: Billed, sources: Sequence[DiscountSource], *, now: int) -> None:
    """Replace the discounts that a draft has inherited."""
    customer, subscription, invoice = billed.customer, billed.subscription, billed.invoice
    reusable = [*invoice.discounts, *_customer_discounts(customer), *(subscription.discounts if subscription else [])]
    owner = DiscountOwner(customer, {"invoice_id": invoice.id}, invoice.currency, invoice.subtotal, reusable)
    invoice.discounts = coupon_uses.redeem_sources(db, owner, sources, "discounts", now=now)


def redeem_for_invoice_item(
    db: Session, customer: Customer, item: InvoiceItem, sources: Sequence[DiscountSource], *, now: int
) -> None:
    """Replace the discounts of an invoice item, which lower its line before those of the invoice."""
    reusable = [*item.discounts, *_customer_discounts(customer)]
    owner = DiscountOwner(customer, {"invoice_item_id": item.id}, item.currency, item.amount, reusable)
    item.discounts = coupon_uses.redeem_sources(db, owner, sources, "discounts", now=now)


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
            discounts.take_off(db, row, owner.customer, subscription, now=now)
