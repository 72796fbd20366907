"""Turns wire objects of each type, in either generation, into the columns of their rows."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from portal.billing.configurations.defaults import (
    BUSINESS_PROFILE,
    SESSION_LIMITS,
    disabled_features,
    fill_quantity_limits,
)
from portal.billing.customers.numbering import PREFIX_LETTERS
from portal.rules.money import decimal_text
from portal.transfer import invoices, payments
from portal.transfer.lines import tax_rate_ids
from portal.transfer.origin import SellerDefaults
from portal.transfer.tables import RefusedObject, linked_id
from portal.wire.commands import Address
from portal.wire.hashes import merge_hashes

Object = Mapping[str, Any]
Columns = dict[str, Any]


@dataclass(frozen=True)
class SublistSpec:
    """Rows that are created and deleted with an object: its sublist's key, their type, and their link to it."""

    key: str
    type: str
    parent: str
    positioned: bool


@dataclass(frozen=True)
class Reader:
    """How a type is read: columns that have another form on the wire, its parts, and links in lists."""

    columns: Callable[[Object, SellerDefaults], Columns] = lambda object, origin: {}
    parts: SublistSpec | None = None
    #: attribute that holds ids -> table; unknown ones are refused as unknown links are
    lists: Mapping[str, str] = field(default_factory=dict)
    #: keys of sublists whose objects are read as objects of their own
    unpacked: tuple[str, ...] = ()


def _customer_columns(object: Object, origin: SellerDefaults) -> Columns:
    shipping = object.get("shipping")
    settings = object.get("invoice_settings") or {}
    return {
        "address": clean_address(object.get("address")),
        "shipping": shipping
        and {
            "name": shipping.get("name"),
            "phone": shipping.get("phone"),
            "address": clean_address(shipping.get("address")),
        },
        "invoice_settings": {key: value for key, value in settings.items() if value is not None},
        "invoice_prefix": object.get("invoice_prefix") or "".join(secrets.choice(PREFIX_LETTERS) for _ in range(8)),
        "next_invoice_sequence": object.get("next_invoice_sequence") or 1,
        "preferred_locales": object.get("preferred_locales") or [],
        "tax_exempt": object.get("tax_exempt") or "none",
        "unsubscribed_from": object.get("unsubscribed_from") or [],
        "balance": object.get("balance", object.get("account_balance")) or 0,
        "email_folded": str(object.get("email") or "").casefold() or None,
    }


def clean_address(sent: Object | None) -> Columns | None:
    """An address with the stored keys only, or None."""
    return {key: sent.get(key) for key in Address.model_fields} if sent else None


def _tax_id_columns(object: Object, origin: SellerDefaults) -> Columns:
    owner, verification = object.get("owner") or {}, object.get("verification") or {}
    return {
        "customer_id": linked_id(object.get("customer")) or linked_id(owner.get("customer")),
        "verification": verification.get("status") or "unavailable",
    }


def _product_columns(object: Object, origin: SellerDefaults) -> Columns:
    features = object.get("marketing_features") or object.get("features") or []
    return {"updated": object.get("updated", object.get("created")), "marketing_features": features}


def _price_columns(object: Object, origin: SellerDefaults) -> Columns:
    if object.get("billing_scheme") == "tiered" or object.get("custom_unit_amount"):
        raise RefusedObject("prices in tiers or with an amount of the customer's choice have no place here")
    recurring = object.get("recurring") or {}
    if (recurring.get("usage_type") or "licensed") != "licensed":
        raise RefusedObject("metered prices have no place here")
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


def _tax_rate_columns(object: Object, origin: SellerDefaults) -> Columns:
    return {"percentage": decimal_text(Decimal(str(object.get("percentage", 0))))}


def _subscription_columns(object: Object, origin: SellerDefaults) -> Columns:
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


def _subscription_item_columns(object: Object, origin: SellerDefaults) -> Columns:
    return {
        "price_id": _price_of_item(object).get("id"),
        "quantity": 1 if object.get("quantity") is None else object["quantity"],
        "tax_rates": tax_rate_ids(object.get("tax_rates")),
    }


def _configuration_columns(object: Object, origin: SellerDefaults) -> Columns:
    sent = {key: value for key, value in (object.get("features") or {}).items() if key in disabled_features() and value}
    return {
        "features": _complete_features(sent),
        "business_profile": BUSINESS_PROFILE | (object.get("business_profile") or {}),
        "session_limits": object.get("session_limits") or dict(SESSION_LIMITS),
        "updated": object.get("updated", object.get("created")),
        "is_default": bool(object.get("is_default")),
    }


def _complete_features(sent: Columns) -> Columns:
    try:
        features = merge_hashes(disabled_features(), sent)
        fill_quantity_limits(features["subscription_update"])
    except (AttributeError, TypeError):
        raise RefusedObject("features are not as the reference describes them") from None
    return features


def _feedback_option_columns(object: Object, origin: SellerDefaults) -> Columns:
    """The columns of a feedback option; the reference gives no creation time, so such ones count as the oldest."""
    transitions = object.get("status_transitions") or {}
    return {"created": object.get("created") or 0, "deactivated_at": transitions.get("deactivated_at")}


_SUBSCRIPTION_ITEMS = SublistSpec("items", "subscription_item", "subscription_id", positioned=False)

READERS: dict[str, Reader] = {
    "billing.feedback_option": Reader(_feedback_option_columns),
    "billing_portal.configuration": Reader(_configuration_columns),
    "credit_note": Reader(
        invoices.credit_note_columns, SublistSpec("lines", "credit_note_line_item", "credit_note_id", positioned=True)
    ),
    "credit_note_line_item": Reader(invoices.credit_note_line_columns),
    "customer": Reader(_customer_columns, unpacked=("tax_ids", "subscriptions")),
    "invoice": Reader(invoices.invoice_columns, SublistSpec("lines", "line_item", "invoice_id", positioned=True)),
    "invoice_payment": Reader(payments.invoice_payment_columns),
    "invoiceitem": Reader(invoices.invoice_item_columns, lists={"tax_rates": "tax_rates"}),
    "line_item": Reader(invoices.invoice_line_columns),
    "payment_record": Reader(payments.payment_record_columns),
    "price": Reader(_price_columns),
    "product": Reader(_product_columns),
    "subscription": Reader(_subscription_columns, _SUBSCRIPTION_ITEMS, lists={"default_tax_rates": "tax_rates"}),
    "subscription_item": Reader(_subscription_item_columns, lists={"tax_rates": "tax_rates"}),
    "tax_id": Reader(_tax_id_columns),
    "tax_rate": Reader(_tax_rate_columns),
}


def reader_for(type: str) -> Reader:
    """The reader of a type; most types give every column under its own name."""
    return READERS.get(type, _PLAIN_READER)


_PLAIN_READER = Reader()
