"""Reads subscriptions and their items from either generation of the wire."""

from collections.abc import Mapping
from typing import Any

from portal.transfer.lines import tax_rate_ids
from portal.transfer.origin import SellerDefaults

Object = Mapping[str, Any]
Columns = dict[str, Any]


def subscription_columns(object: Object, origin: SellerDefaults) -> Columns:
    """The columns of a subscription that have another form on the wire."""
    details = object.get("cancellation_details") or {}
    items = (object.get("items") or {}).get("data") or [{}]
    started = object.get("start_date", object.get("created"))
    return {
        **{key: object.get(key, items[0].get(key)) for key in ("current_period_end", "current_period_start")},
        "start_date": started,
        "billing_cycle_anchor": object.get("billing_cycle_anchor", started),
        "currency": object.get("currency") or _price_of_item(items[0]).get("currency"),
        "collection_method": object.get("collection_method") or "charge_automatically",
        "billing_cycle_anchor_config": object.get("billing_cycle_anchor_config"),
        "billing_mode": mode if (mode := object.get("billing_mode")) and mode.get("type") == "flexible" else None,
        "pending_invoice_item_interval": object.get("pending_invoice_item_interval"),
        "status_details": object.get("status_details") if object.get("status") == "paused" else None,
        "pause_collection": {"resumes_at": None, **pause} if (pause := object.get("pause_collection")) else None,
        "invoice_settings": {
            key: value for key, value in (object.get("invoice_settings") or {}).items() if value and key != "issuer"
        }
        or None,
        "trial_ends_in": ((object.get("trial_settings") or {}).get("end_behavior") or {}).get("missing_payment_method"),
        "cancellation_details": {key: value for key, value in details.items() if value is not None},
        "default_tax_rates": tax_rate_ids(object.get("default_tax_rates")),
    }


def _price_of_item(item: Object) -> Object:
    price = item.get("price") or item.get("plan") or {}
    return price if isinstance(price, dict) else {"id": price}


def subscription_item_columns(object: Object, origin: SellerDefaults) -> Columns:
    """The columns of a subscription item that have another form on the wire."""
    return {
        "price_id": _price_of_item(object).get("id"),
        "quantity": 1 if object.get("quantity") is None else object["quantity"],
        "tax_rates": tax_rate_ids(object.get("tax_rates")),
    }
