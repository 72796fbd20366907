"""Reads products, prices (also as plans of the older wire), tax rates and shipping rates."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from portal.rules.money import decimal_text
from portal.transfer.origin import SellerDefaults
from portal.transfer.tables import RefusedObject

Object = Mapping[str, Any]
Columns = dict[str, Any]


def product_columns(object: Object, origin: SellerDefaults) -> Columns:
    """The columns of a product that have another form on the wire."""
    features = object.get("marketing_features") or object.get("features") or []
    return {"updated": object.get("updated", object.get("created")), "marketing_features": features}


def price_columns(object: Object, origin: SellerDefaults) -> Columns:
    """The columns of a price that have another form on the wire."""
    if object.get("billing_scheme") == "tiered" or object.get("custom_unit_amount"):
        raise RefusedObject("prices in tiers or with an amount of the customer's choice have no place here")
    recurring = object.get("recurring") or {}
    return {
        "unit_amount_decimal": exact_unit_amount(object.get("unit_amount_decimal"), object.get("unit_amount")),
        "interval": recurring.get("interval"),
        "interval_count": recurring.get("interval_count"),
        "trial_period_days": recurring.get("trial_period_days"),
        "tax_behavior": object.get("tax_behavior") or "unspecified",
    }


def price_from_plan(plan: Object) -> Columns:
    """The price that corresponds to a plan of the older wire."""
    recurring = {key: plan.get(key) for key in ("interval", "interval_count", "trial_period_days", "usage_type")}
    kept = {key: plan.get(key) for key in ("id", "active", "created", "currency", "metadata", "nickname", "product")}
    return {
        **kept,
        "object": "price",
        "billing_scheme": plan.get("billing_scheme"),
        "unit_amount": plan.get("amount"),
        "unit_amount_decimal": plan.get("amount_decimal"),
        "recurring": recurring,
        **{key: plan[key] for key in ("x_portal",) if key in plan},
    }


def exact_unit_amount(decimal: Any, whole: Any) -> str | None:
    """An amount per unit as decimal text; the wire gives `unit_amount_decimal`, `unit_amount`, or both."""
    if decimal is not None:
        return decimal_text(Decimal(str(decimal)))
    return None if whole is None else str(whole)


def tax_rate_columns(object: Object, origin: SellerDefaults) -> Columns:
    """The columns of a tax rate that have another form on the wire."""
    return {"percentage": decimal_text(Decimal(str(object.get("percentage", 0))))}


def shipping_rate_columns(object: Object, origin: SellerDefaults) -> Columns:
    """The columns of a shipping rate, whose amounts stand in `fixed_amount`."""
    fixed = object.get("fixed_amount") or {}
    currency = fixed.get("currency")
    others = {key: value for key, value in (fixed.get("currency_options") or {}).items() if key != currency}
    return {
        "amount": fixed.get("amount"),
        "currency": currency,
        "currency_options": {key: {"tax_behavior": "unspecified", **value} for key, value in others.items()},
        "delivery_estimate": object.get("delivery_estimate"),
        "tax_behavior": object.get("tax_behavior") or "unspecified",
    }
