"""Coupons, promotion codes and discounts, in the union of both generations of the wire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from portal.db import among
from portal.models import Coupon, Discount, PromotionCode
from portal.objects.catalogue import percentage
from portal.objects.kinds import Kind, register
from portal.rules import discounts as rules
from portal.wire.shape import Context, Ref, Row, Shape, nulls


def _applies_to(row: Row, context: Context) -> dict[str, Any] | None:
    return {"products": row.applies_to} if row.applies_to else None


def _currency_options(row: Row, context: Context) -> dict[str, Any] | None:
    return row.currency_options or None


COUPON = register(
    Kind(
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
                "percent_off": lambda row, context: percentage(row.percent_off) if row.percent_off else None,
                "valid": lambda row, context: rules.is_valid(row, context.now),
            },
            # on the reference they are there only when expanded, here always
            nested={"applies_to": "coupon", "currency_options": "coupon"},
        ),
        Coupon,
        "coupon",
    )
)


def frozen_coupon(row: Coupon, livemode: bool) -> dict[str, Any]:
    """A coupon as it is copied onto a discount: its wire object and the exact percentage as text."""
    return {**COUPON.shape(row, Context(livemode, None)), "exact_percent_off": row.percent_off}  # type: ignore[arg-type]


def shown_coupon(stored: dict[str, Any]) -> dict[str, Any]:
    """A copy of a coupon without the exact percentage that only the totals need."""
    return {key: value for key, value in stored.items() if key != "exact_percent_off"}


def _coupons(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, Any]:
    found = among(db, Coupon, sorted({row.coupon_id for row in rows}))
    return {id: COUPON.shape(row, context) for id, row in found.items()}


def _coupon(row: Row, context: Context) -> dict[str, Any]:
    return dict(context.preloaded["coupons"].get(row.coupon_id) or {**shown_coupon(row.coupon), "valid": False})


def _restrictions(row: Row, context: Context) -> dict[str, Any]:
    return {
        "currency_options": {},  # the official client trips over null here
        "first_time_transaction": False,
        **nulls("minimum_amount", "minimum_amount_currency"),
        **{key: value for key, value in row.restrictions.items() if value is not None},
    }


PROMOTION_CODE = register(
    Kind(
        Shape(
            "promotion_code",
            same=("code", "created", "expires_at", "max_redemptions", "times_redeemed"),
            fields={
                "active": lambda row, context: (
                    rules.is_usable(row, context.now)
                    and row.coupon_id in context.preloaded["coupons"]
                    and context.preloaded["coupons"][row.coupon_id]["valid"]
                ),
                "coupon": _coupon,
                "customer": Ref("customer_id", "customer"),
                "customer_account": None,
                "metadata": "metadata_",
                "promotion": lambda row, context: {"coupon": row.coupon_id, "type": "coupon"},
                "restrictions": _restrictions,
            },
            nested={"promotion.coupon": "coupon", "restrictions.currency_options": "promotion_code"},
        ),
        PromotionCode,
        "promotion code",
        preload={"coupons": _coupons},
    )
)

DISCOUNT = register(
    Kind(
        Shape(
            "discount",
            same=("end", "start"),
            fields={
                **nulls("checkout_session", "customer_account"),
                "coupon": lambda row, context: shown_coupon(row.coupon),
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
    )
)


def shown(db: Session, ids: Iterable[str], context: Context) -> dict[str, dict[str, Any]]:
    """Finished discount objects by id, without a query where there are none."""
    return {id: DISCOUNT.shape(row, context) for id, row in among(db, Discount, sorted(set(ids))).items()}


def running(db: Session, ids: Iterable[str], context: Context) -> dict[str, dict[str, Any]]:
    """The same of those that have not ended."""
    return {id: each for id, each in shown(db, ids, context).items() if rules.runs(each["end"], context.now)}


def only(ids: Sequence[str], found: Mapping[str, dict[str, Any]]) -> dict[str, Any] | None:
    """The older wire's `discount`: the whole object where there is exactly one."""
    there = [found[id] for id in ids if id in found]
    return dict(there[0]) if len(there) == 1 else None
