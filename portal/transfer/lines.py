"""Reads what lines and items of both wire generations share: prices, rates, taxes, the period, the parent."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from portal.objects import OBJECT_TYPES
from portal.rules.money import decimal_text
from portal.transfer.tables import linked_id

Object = Mapping[str, Any]


def tax_rate_ids(sent: Sequence[Any] | None) -> list[Any]:
    """The ids of tax rates, which are given as ids or as objects."""
    return [linked_id(each) for each in sent or []]


def frozen_rates(sent: Sequence[Any] | None) -> list[dict[str, Any]]:
    """Copies of tax rates as lines store them, where the wire contains whole tax rates."""
    return [
        with_shape_keys("tax_rate", _TAX_RATE_DEFAULTS | {"effective_percentage": rate["percentage"]} | dict(rate))
        | {"exact_percentage": decimal_text(Decimal(str(rate["percentage"])))}
        for rate in sent or []
        if isinstance(rate, dict) and rate.get("percentage") is not None
    ]


def with_shape_keys(type: str, sent: Object) -> dict[str, Any]:
    """An embedded object with exactly the keys that its type has in this API."""
    return {key: sent.get(key) for key in OBJECT_TYPES[type].shape.keys}


#: What every tax rate here is, whether or not an older file says so.
_TAX_RATE_DEFAULTS = {"active": True, "inclusive": False, "livemode": False, "metadata": {}, "rate_type": "percentage"}


def tax_entries(object: Object) -> list[dict[str, Any]]:
    """Tax entries in their stored form, from `taxes`, `total_taxes`, `tax_amounts` or `total_tax_amounts`."""
    for key in ("taxes", "total_taxes"):
        if object.get(key):
            return [_newer_tax_entry(tax) for tax in object[key]]
    for key in ("tax_amounts", "total_tax_amounts"):
        if object.get(key):
            return [_tax_entry(tax, linked_id(tax.get("tax_rate")), bool(tax.get("inclusive"))) for tax in object[key]]
    return []


def _newer_tax_entry(tax: Object) -> dict[str, Any]:
    details = tax.get("tax_rate_details") or {}
    return _tax_entry(tax, details.get("tax_rate"), tax.get("tax_behavior") == "inclusive")


def _tax_entry(tax: Object, rate: Any, inclusive: bool) -> dict[str, Any]:
    return {
        "tax_rate": rate,
        "inclusive": inclusive,
        "amount": tax.get("amount") or 0,
        "taxable_amount": tax.get("taxable_amount"),
        "taxability_reason": tax.get("taxability_reason"),
    }


def shipping_cost(sent: Object | None) -> dict[str, Any] | None:
    """The cost of shipping in its stored form; the name is there where the shipping rate is whole."""
    if not sent:
        return None
    rate = sent.get("shipping_rate")
    entries = [_shipping_tax(each) for each in sent.get("taxes") or []]
    inside = sum(each["amount"] for each in entries if each["inclusive"])
    return {
        **{key: sent.get(key) or 0 for key in ("amount_subtotal", "amount_tax", "amount_total")},
        "amount": (sent.get("amount_subtotal") or 0) + inside,
        "display_name": rate.get("display_name") if isinstance(rate, dict) else None,
        "shipping_rate": linked_id(rate),
        "tax_rates": frozen_rates([each["rate"] for each in sent.get("taxes") or []]),
        "taxes": entries,
    }


def _shipping_tax(tax: Object) -> dict[str, Any]:
    rate = tax.get("rate") or {}
    return _tax_entry(tax, linked_id(rate), bool(isinstance(rate, dict) and rate.get("inclusive")))


def line_price_id(object: Object) -> Any:
    """The id of a line's price in either generation."""
    details = (object.get("pricing") or {}).get("price_details") or {}
    return linked_id(object.get("price") or object.get("plan") or details.get("price"))


def unit_amount_text(object: Object, amount: int, quantity: int) -> str:
    """The amount per unit as decimal text."""
    pricing, price = object.get("pricing") or {}, object.get("price")
    for source, key in (
        (object, "unit_amount_decimal"),
        (pricing, "unit_amount_decimal"),
        (price, "unit_amount_decimal"),
    ):
        if isinstance(source, dict) and source.get(key) is not None:
            return decimal_text(Decimal(str(source[key])))
    if object.get("unit_amount") is not None:
        return str(object["unit_amount"])
    return decimal_text((Decimal(amount) / (quantity or 1)).quantize(Decimal("1e-12")))


def period_columns(object: Object, otherwise: Any) -> dict[str, Any]:
    """`period` as columns."""
    sent = object.get("period") or {}
    return {"period_start": sent.get("start", otherwise), "period_end": sent.get("end", otherwise)}


def _credited_items(object: Object, details: Object) -> Any:
    """The invoice lines and items that a proration credits, in either generation."""
    said = details.get("proration_details") or object.get("proration_details") or {}
    credited = said.get("credited_items")
    if not credited or "type" not in credited:
        return {"invoice_items": [], **credited} if credited else None
    lines = credited.get("invoice_line_item_details") or {"invoice": None, "invoice_line_items": []}
    waiting = [credited["invoice_item"]] if credited.get("invoice_item") else []
    return {**lines, "invoice_items": waiting}


def parent_columns(object: Object) -> dict[str, Any]:
    """The subscription, subscription item and invoice item that a line belongs to, in either generation."""
    sent = object.get("parent") or {}
    details = sent.get("invoice_item_details") or sent.get("subscription_item_details") or {}
    details = details or sent.get("subscription_details") or {}
    return {
        "subscription_id": linked_id(object.get("subscription") or details.get("subscription")),
        "subscription_item_id": linked_id(object.get("subscription_item") or details.get("subscription_item")),
        "invoice_item_id": linked_id(object.get("invoice_item") or details.get("invoice_item")),
        "credited_items": _credited_items(object, details),
        "proration": bool(object.get("proration") or details.get("proration")),
    }
