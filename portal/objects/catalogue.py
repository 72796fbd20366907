"""The wire form of products, prices (also as plans of the older wire), tax rates and shipping rates."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from portal.models import Price, Product, ShippingRate, TaxRate
from portal.objects.kinds import EXTRA_LOADERS, PART_SHAPES, ObjectType, plain_rows, register
from portal.objects.types import catalogue as schemas
from portal.wire.shape import Context, Ref, Row, Shape, null_fields


def render_recurring(row: Row) -> dict[str, Any] | None:
    """The `recurring` hash of a price, or None for a one-time price."""
    if row.interval is None:
        return None
    return {
        "aggregate_usage": None,
        "interval": row.interval,
        "interval_count": row.interval_count,
        "meter": None,
        "trial_period_days": row.trial_period_days,
        "usage_type": "licensed",
    }


def render_plan(row: Row, livemode: bool) -> dict[str, Any] | None:
    """A recurring price as the plan object of the older wire; None for a one-time price."""
    if row.interval is None:
        return None
    return {
        "id": row.id,
        "object": "plan",
        "active": row.active,
        **null_fields("aggregate_usage", "meter", "tiers", "tiers_mode", "transform_usage"),
        "amount": row.unit_amount,
        "amount_decimal": row.unit_amount_decimal,
        "billing_scheme": "per_unit",
        "created": row.created,
        "currency": row.currency,
        "interval": row.interval,
        "interval_count": row.interval_count,
        "livemode": livemode,
        "metadata": row.metadata_,
        "nickname": row.nickname,
        "product": row.product_id,
        "trial_period_days": row.trial_period_days,
        "usage_type": "licensed",
    }


def _load_plans(db: Session, ids: Sequence[str], context: Context) -> Mapping[str, Any]:
    return {row.id: render_plan(row, context.livemode) for row in plain_rows(db, Price, ids)}


PART_SHAPES["plan"] = Shape("plan", nested={"product": "product"}, unfilled=("tiers",))
EXTRA_LOADERS["plan"] = _load_plans


def plan_from_price(price: Mapping[str, Any]) -> dict[str, Any]:
    """The plan object made from the wire object of a recurring price."""
    recurring = price["recurring"]
    return {
        "id": price["id"],
        "object": "plan",
        **{key: price[key] for key in _KEYS_SHARED_WITH_PLAN},
        **null_fields("meter", "tiers", "tiers_mode", "transform_usage"),
        "aggregate_usage": recurring["aggregate_usage"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "trial_period_days": recurring["trial_period_days"],
        "usage_type": recurring["usage_type"],
    }


_KEYS_SHARED_WITH_PLAN = (
    "active",
    "billing_scheme",
    "created",
    "currency",
    "livemode",
    "metadata",
    "nickname",
    "product",
)


def percentage_number(text: str) -> float | int:
    """A percentage, stored as decimal text, as the JSON number of the wire."""
    number = float(text)
    return int(number) if number.is_integer() else number


def _price_type(row: Row, context: Context) -> str:
    return "recurring" if row.interval else "one_time"


PRODUCT = register(
    ObjectType(
        Shape(
            "product",
            same=(
                "active",
                "created",
                "description",
                "images",
                "marketing_features",
                "name",
                "shippable",
                "statement_descriptor",
                "tax_code",
                "unit_label",
                "updated",
                "url",
            ),
            fields={
                "default_price": Ref("default_price_id", "price"),
                "metadata": "metadata_",
                **null_fields("package_dimensions", "tax_details"),
                "type": lambda row, context: "service",
            },
            unfilled=("tax_code",),
        ),
        Product,
        "product",
        schemas=schemas.PRODUCT,
    )
)

PRICE = register(
    ObjectType(
        Shape(
            "price",
            same=("active", "created", "currency", "lookup_key", "nickname", "tax_behavior", "unit_amount"),
            fields={
                **null_fields("currency_options", "custom_unit_amount", "tiers", "tiers_mode", "transform_quantity"),
                "billing_scheme": lambda row, context: "per_unit",
                "metadata": "metadata_",
                "product": Ref("product_id", "product"),
                "recurring": lambda row, context: render_recurring(row),
                "type": _price_type,
                "unit_amount_decimal": "unit_amount_decimal",
            },
            unfilled=("currency_options", "tiers"),
        ),
        Price,
        "price",
        schemas=schemas.PRICE,
    )
)

TAX_RATE = register(
    ObjectType(
        Shape(
            "tax_rate",
            same=(
                "active",
                "country",
                "created",
                "description",
                "display_name",
                "inclusive",
                "jurisdiction",
                "state",
                "tax_type",
            ),
            fields={
                **null_fields("flat_amount", "jurisdiction_level"),
                "effective_percentage": lambda row, context: percentage_number(row.percentage),
                "metadata": "metadata_",
                "percentage": lambda row, context: percentage_number(row.percentage),
                "rate_type": lambda row, context: "percentage",
            },
        ),
        TaxRate,
        "tax rate",
        schemas=schemas.TAX_RATE,
    )
)


def frozen_tax_rate(row: TaxRate, livemode: bool) -> dict[str, Any]:
    """A tax rate as it is copied onto a line: its wire object and the exact percentage as text."""
    return {**TAX_RATE.shape(row, Context(livemode, None)), "exact_percentage": row.percentage}  # type: ignore[arg-type]


def frozen_price(row: Price, livemode: bool) -> dict[str, Any]:
    """A price as it is copied onto a line, with the plan of the older wire."""
    return {"price": PRICE.shape(row, Context(livemode, None)), "plan": render_plan(row, livemode)}  # type: ignore[arg-type]


def _fixed_amount(row: Row, context: Context) -> dict[str, Any]:
    amounts = {"amount": row.amount, "currency": row.currency}
    return {**amounts, "currency_options": row.currency_options or {}}


SHIPPING_RATE = register(
    ObjectType(
        Shape(
            "shipping_rate",
            same=("active", "created", "delivery_estimate", "display_name", "tax_behavior", "tax_code"),
            fields={
                "fixed_amount": _fixed_amount,
                "metadata": "metadata_",
                "type": lambda row, context: "fixed_amount",
            },
            # on the reference they are there only when expanded, here always
            unfilled=("fixed_amount.currency_options", "tax_code"),
        ),
        ShippingRate,
        "shipping rate",
        schemas=schemas.SHIPPING_RATE,
    )
)
