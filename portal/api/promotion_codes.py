"""Calls for promotion codes."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, func, select

from portal.api.resource import Resource
from portal.billing.discounts import promotion_codes
from portal.billing.discounts.params import CreatePromotionCode, ListPromotionCodes, UpdatePromotionCode
from portal.models import PromotionCode
from portal.wire.page import equal_conditions, range_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    code = Resource(blueprint, "promotion_code", "promotion_codes")
    code.create(CreatePromotionCode, promotion_codes.create_promotion_code)
    code.retrieve()
    code.change(UpdatePromotionCode, promotion_codes.update_promotion_code)
    code.list(ListPromotionCodes, _select_promotion_codes)


def _select_promotion_codes(params: ListPromotionCodes) -> Select[Any]:
    statement = select(PromotionCode).where(*range_conditions(PromotionCode.created, params.created))
    statement = statement.where(*equal_conditions(params, active=PromotionCode.active))
    if params.code is not None:
        statement = statement.where(func.lower(PromotionCode.code) == params.code.lower())
    return statement.where(
        *equal_conditions(params, coupon=PromotionCode.coupon_id, customer=PromotionCode.customer_id)
    )
