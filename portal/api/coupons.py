"""Calls for coupons."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select

from portal.api.resource import Resource
from portal.billing.discounts import coupons
from portal.models import Coupon
from portal.wire.page import range_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    coupon = Resource(blueprint, "coupon", "coupons")
    coupon.create(coupons.CreateCoupon, coupons.create_coupon)
    coupon.retrieve()
    coupon.change(coupons.UpdateCoupon, coupons.update_coupon)
    coupon.delete(coupons.delete_coupon)
    coupon.list(coupons.ListCoupons, _select_coupons)


def _select_coupons(params: coupons.ListCoupons) -> Select[Any]:
    return select(Coupon).where(*range_conditions(Coupon.created, params.created))
