"""Coupons and the promotion codes that stand for them; what becomes of them is in `billing.discounts`."""

from portal.billing.coupons.coupons import (
    CreateCoupon,
    ListCoupons,
    UpdateCoupon,
    create_coupon,
    delete_coupon,
    update_coupon,
)
from portal.billing.coupons.promotion_codes import (
    CreatePromotionCode,
    ListPromotionCodes,
    UpdatePromotionCode,
    active_key,
    create_promotion_code,
    update_promotion_code,
)

__all__ = [
    "CreateCoupon",
    "CreatePromotionCode",
    "ListCoupons",
    "ListPromotionCodes",
    "UpdateCoupon",
    "UpdatePromotionCode",
    "active_key",
    "create_coupon",
    "create_promotion_code",
    "delete_coupon",
    "update_coupon",
    "update_promotion_code",
]
