"""Calls for coupons, promotion codes and shipping rates, and for removing a discount."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from portal import clock
from portal.api import endpoint
from portal.api.endpoint import AnswerType
from portal.api.resource import Resource, render_answer
from portal.billing.catalogue import shipping_rates
from portal.billing.discounts import coupons, discounts, promotion_codes
from portal.billing.discounts.params import CreatePromotionCode, ListPromotionCodes, UpdatePromotionCode
from portal.db import find_row
from portal.models import Coupon, Customer, PromotionCode, ShippingRate, Subscription
from portal.wire.commands import ExpandableCommand
from portal.wire.page import equal_conditions, range_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of these nouns."""
    coupon = Resource(blueprint, "coupon", "coupons")
    coupon.create(coupons.CreateCoupon, coupons.create_coupon)
    coupon.retrieve()
    coupon.change(coupons.UpdateCoupon, coupons.update_coupon)
    coupon.delete(coupons.delete_coupon)
    coupon.list(
        coupons.ListCoupons, lambda params: select(Coupon).where(*range_conditions(Coupon.created, params.created))
    )

    code = Resource(blueprint, "promotion_code", "promotion_codes")
    code.create(CreatePromotionCode, promotion_codes.create_promotion_code)
    code.retrieve()
    code.change(UpdatePromotionCode, promotion_codes.update_promotion_code)
    code.list(ListPromotionCodes, _select_promotion_codes)

    rate = Resource(blueprint, "shipping_rate", "shipping_rates")
    rate.create(shipping_rates.CreateShippingRate, shipping_rates.create)
    rate.retrieve()
    rate.change(shipping_rates.UpdateShippingRate, shipping_rates.update)
    rate.list(shipping_rates.ListShippingRates, _select_shipping_rates)

    owners = {"customers": _delete_customer_discount, "subscriptions": _delete_subscription_discount}
    for path, function in owners.items():
        endpoint.add(
            blueprint,
            "DELETE",
            f"/{path}/<id>/discount",
            ExpandableCommand,
            function,
            AnswerType("discount", "deleted"),
        )


def _select_promotion_codes(params: ListPromotionCodes) -> Select[Any]:
    statement = select(PromotionCode).where(*range_conditions(PromotionCode.created, params.created))
    statement = statement.where(*equal_conditions(params, active=PromotionCode.active))
    if params.code is not None:
        statement = statement.where(func.lower(PromotionCode.code) == params.code.lower())
    return statement.where(
        *equal_conditions(params, coupon=PromotionCode.coupon_id, customer=PromotionCode.customer_id)
    )


def _select_shipping_rates(params: shipping_rates.ListShippingRates) -> Select[Any]:
    statement = select(ShippingRate).where(*range_conditions(ShippingRate.created, params.created))
    return statement.where(*equal_conditions(params, active=ShippingRate.active, currency=ShippingRate.currency))


def _delete_customer_discount(db: Session, params: ExpandableCommand, id: str) -> dict[str, Any]:
    customer = find_row(db, Customer, id, noun="customer")
    row = discounts.remove_from_customer(db, customer, now=clock.now())
    return {**render_answer(db, "discount", row, params), "deleted": True}


def _delete_subscription_discount(db: Session, params: ExpandableCommand, id: str) -> dict[str, Any]:
    subscription = find_row(db, Subscription, id, noun="subscription")
    row = discounts.remove_from_subscription(db, subscription, now=clock.now())
    return {**render_answer(db, "discount", row, params), "deleted": True}
