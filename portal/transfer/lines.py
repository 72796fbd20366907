"""What lines and items of both generations have in common: prices, rates, taxes, the period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from portal.objects import KINDS
from portal.rules.money import plain
from portal.transfer.tables import id_of

Object = Mapping[str, Any]


def rate_ids(sent: Sequence[Any] | None) -> list[Any]:
    """The ids of tax rates that come as ids or as objects."""
    return [id_of(each) for each in sent or []]


def frozen_rates(sent: Sequence[Any] | None) -> list[dict[str, Any]]:
    """Copies of tax rates as they are kept on lines, where the wire carries them whole."""
    return [
        whole("tax_rate", _RATE | {"effective_percentage": rate["percentage"]} | dict(rate))
        | {"exact_percentage": plain(Decimal(str(rate["percentage"])))}
        for rate in sent or []
        if isinstance(rate, dict) and rate.get("percentage") is not None
    ]


def whole(type: str, sent: Object) -> dict[str, Any]:
    """An object within another with the keys that it has here, and no others."""
    return {key: sent.get(key) for key in KINDS[type].shape.keys}


#: What every tax rate here is, whether or not an older file says so.
_RATE = {"active": True, "inclusive": False, "livemode": False, "metadata": {}, "rate_type": "percentage"}


def taxes(object: Object) -> list[dict[str, Any]]:
    """Tax entries as they are kept, from `taxes`, `total_taxes`, `tax_amounts` or `total_tax_amounts`."""
    for key in ("taxes", "total_taxes"):
        if object.get(key):
            return [_newer(tax) for tax in object[key]]
    for key in ("tax_amounts", "total_tax_amounts"):
        if object.get(key):
            return [_entry(tax, id_of(tax.get("tax_rate")), bool(tax.get("inclusive"))) for tax in object[key]]
    return []


def _newer(tax: Object) -> dict[str, Any]:
    details = tax.get("tax_rate_details") or {}
    return _entry(tax, details.get("tax_rate"), tax.get("tax_behavior") == "inclusive")


def _entry(tax: Object, rate: Any, inclusive: bool) -> dict[str, Any]:
    return {
        "tax_rate": rate,
        "inclusive": inclusive,
        "amount": tax.get("amount") or 0,
        "taxable_amount": tax.get("taxable_amount"),
        "taxability_reason": tax.get("taxability_reason"),
    }


def price_id(object: Object) -> Any:
    """The id of a line's price in either generation."""
    details = (object.get("pricing") or {}).get("price_details") or {}
    return id_of(object.get("price") or object.get("plan") or details.get("price"))


def unit_amount(object: Object, amount: int, quantity: int) -> str:
    """The amount per unit as decimal text."""
    pricing, price = object.get("pricing") or {}, object.get("price")
    for source, key in (
        (object, "unit_amount_decimal"),
        (pricing, "unit_amount_decimal"),
        (price, "unit_amount_decimal"),
    ):
        if isinstance(source, dict) and source.get(key) is not None:
            return plain(Decimal(str(source[key])))
    if object.get("unit_amount") is not None:
        return str(object["unit_amount"])
    return plain((Decimal(amount) / (quantity or 1)).quantize(Decimal("1e-12")))


def period(object: Object, otherwise: Any) -> dict[str, Any]:
    """`period` as columns."""
    sent = object.get("period") or {}
    return {"period_start": sent.get("start", otherwise), "period_end": sent.get("end", otherwise)}


def _credited(object: Object, details: Object) -> Any:
    """What a proration gives back, in either generation."""
    said = details.get("proration_details") or object.get("proration_details") or {}
    credited = said.get("credited_items")
    if not credited or "type" not in credited:
        return {"invoice_items": [], **credited} if credited else None
    lines = credited.get("invoice_line_item_details") or {"invoice": None, "invoice_line_items": []}
    waiting = [credited["invoice_item"]] if credited.get("invoice_item") else []
    return {**lines, "invoice_items": waiting}


def parent(object: Object) -> dict[str, Any]:
    """Subscription, its item and the invoice item behind a line, in either generation."""
    sent = object.get("parent") or {}
    details = sent.get("invoice_item_details") or sent.get("subscription_item_details") or {}
    details = details or sent.get("subscription_details") or {}
    return {
        "subscription_id": id_of(object.get("subscription") or details.get("subscription")),
        "subscription_item_id": id_of(object.get("subscription_item") or details.get("subscription_item")),
        "invoice_item_id": id_of(object.get("invoice_item") or details.get("invoice_item")),
        "credited_items": _credited(object, details),
        "proration": bool(object.get("proration") or details.get("proration")),
    }
