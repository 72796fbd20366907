"""The wire form of coupons, promotion codes and discounts, with the keys of both generations of the wire."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from portal.db import rows_by_id
from portal.models import Coupon, Discount, PromotionCode
from portal.objects.catalogue import percentage_number
from portal.objects.kinds import ObjectType, register
from portal.objects.types import discounts as schemas
from portal.rules import discounts as discount_rules
from portal.rules import discounts as rules
from portal.wire.shape import Context, Ref, Row, Shape, null_fields


def _applies_to(row: Row, context: Context) -> dict[str, Any] | None:
    return {"products": row.applies_to} if row.applies_to else None


def _currency_options(row: Row, context: Context) -> dict[str, Any] | None:
    return row.currency_options or None


def _percent_off(row: Row, context: Context) -> float | int | None:
    return percentage_number(row.percent_off) if row.percent_off else None


COUPON = register(
    ObjectType(
        Shape(
            "coupon",
            same=(
                "amount_off",
                "created",
                "currency",
                "duration",
                "duration_in_months",
                "max_redemptions",
                "name",
                "redeem_by",
                "times_redeemed",
            ),
            fields={
                "applies_to": _applies_to,
                "currency_options": _currency_options,
                "metadata": "metadata_",
                "percent_off": _percent_off,
                "valid": lambda row, context: rules.is_valid_coupon(row, context.now),
            },
            # on the reference they are there only when expanded, here always
            nested={"applies_to": "coupon", "currency_options": "coupon"},
        ),
        Coupon,
        "coupon",
        schemas=schemas.COUPON,
    )
)


def frozen_coupon(row: Coupon, livemode: bool) -> dict[str, Any]:
    """A coupon as it is copied onto a discount: its wire object and the exact percentage as text."""
    return {**COUPON.shape(row, Context(livemode, None)), "exact_percent_off": row.percent_off}  # type: ignore[arg-type]


def render_frozen_coupon(stored: dict[str, Any]) -> dict[str, Any]:
    """A frozen coupon as its wire object, without the exact percentage that only the totals need."""
    return {key: value for key, value in stored.items() if key != "exact_percent_off"}


def _preload_coupons(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, Any]:
    found = rows_by_id(db, Coupon, sorted({row.coupon_id for row in rows}))
    return {id: COUPON.shape(row, context) for id, row in found.items()}


def _is_active_code(row: Row, context: Context) -> bool:
    coupon = context.preloaded["coupons"].get(row.coupon_id)
    return bool(rules.is_usable_code(row, context.now) and coupon and coupon["valid"])


def _promotion_coupon(row: Row, context: Context) -> dict[str, Any]:
    return dict(context.preloaded["coupons"].get(row.coupon_id) or {**render_frozen_coupon(row.coupon), "valid": False})


def _render_restrictions(row: Row, context: Context) -> dict[str, Any]:
    return {
        "currency_options": {},  # the official client trips over null here
        "first_time_transaction": False,
        **null_fields("minimum_amount", "minimum_amount_currency"),
        **{key: value for key, value in row.restrictions.items() if value is not None},
    }


PROMOTION_CODE = register(
    ObjectType(
        Shape(
            "promotion_code",
            same=("code", "created", "expires_at", "max_redemptions", "times_redeemed"),
            fields={
                "active": _is_active_code,
                "coupon": _promotion_coupon,
                "customer": Ref("customer_id", "customer"),
                "customer_account": None,
                "metadata": "metadata_",
                "promotion": lambda row, context: {"coupon": row.coupon_id, "type": "coupon"},
                "restrictions": _render_restrictions,
            },
            nested={"promotion.coupon": "coupon", "restrictions.currency_options": "promotion_code"},
        ),
        PromotionCode,
        "promotion code",
        schemas=schemas.PROMOTION_CODE,
        preload={"coupons": _preload_coupons},
    )
)

DISCOUNT = register(
    ObjectType(
        Shape(
            "discount",
            same=("end", "start"),
            fields={
                **null_fields("checkout_session", "customer_account"),
                "coupon": lambda row, context: render_frozen_coupon(row.coupon),
                "customer": Ref("customer_id", "customer"),
                "invoice": "invoice_id",
                "invoice_item": "invoice_item_id",
                "promotion_code": Ref("promotion_code_id", "promotion_code"),
                "source": lambda row, context: {"coupon": row.coupon_id, "type": "coupon"},
                "subscription": "subscription_id",
                "subscription_item": "subscription_item_id",
            },
            nested={"source.coupon": "coupon"},
        ),
        Discount,
        "discount",
        schemas=schemas.DISCOUNT,
    )
)


def discounts_by_id(db: Session, ids: Iterable[str], context: Context) -> dict[str, dict[str, Any]]:
    """The wire objects of discounts by id; makes no query for no ids."""
    return {id: DISCOUNT.shape(row, context) for id, row in rows_by_id(db, Discount, sorted(set(ids))).items()}


def running_discounts_by_id(db: Session, ids: Iterable[str], context: Context) -> dict[str, dict[str, Any]]:
    """The wire objects of those discounts that have not ended, by id."""
    return {
        id: each
        for id, each in discounts_by_id(db, ids, context).items()
        if discount_rules.is_running(each["end"], context.now)
    }


def only_discount(ids: Sequence[str], found: Mapping[str, dict[str, Any]]) -> dict[str, Any] | None:
    """The `discount` key of the older wire: the object if there is exactly one, else None."""
    there = [found[id] for id in ids if id in found]
    return dict(there[0]) if len(there) == 1 else None
