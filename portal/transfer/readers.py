"""What each type says on the wire in its own way, in either generation, as columns of its row."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from portal.billing.configurations.features import all_off, complete
from portal.billing.customers.customers import PREFIX_LETTERS
from portal.rules.money import plain
from portal.transfer import invoices, payments
from portal.transfer.lines import rate_ids
from portal.transfer.origin import Origin
from portal.transfer.tables import Refused, id_of
from portal.wire.commands import Address
from portal.wire.hashes import laid_over

Object = Mapping[str, Any]
Columns = dict[str, Any]


@dataclass(frozen=True)
class Parts:
    """The rows that belong to an object and come and go with it: its sublist, their type and their link to it."""

    key: str
    type: str
    parent: str
    positioned: bool


@dataclass(frozen=True)
class Reader:
    """How a type is read: columns that the wire says in another form, what its parts are, and links in lists."""

    columns: Callable[[Object, Origin], Columns] = lambda object, origin: {}
    parts: Parts | None = None
    #: attribute that holds ids -> table; unknown ones are refused as unknown links are
    lists: Mapping[str, str] = field(default_factory=dict)
    #: keys of sublists whose objects are read as objects of their own
    unpacked: tuple[str, ...] = ()


def _customer(object: Object, origin: Origin) -> Columns:
    shipping = object.get("shipping")
    settings = object.get("invoice_settings") or {}
    return {
        "address": address(object.get("address")),
        "shipping": shipping
        and {"name": shipping.get("name"), "phone": shipping.get("phone"), "address": address(shipping.get("address"))},
        "invoice_settings": {key: value for key, value in settings.items() if value is not None},
        "invoice_prefix": object.get("invoice_prefix") or "".join(secrets.choice(PREFIX_LETTERS) for _ in range(8)),
        "next_invoice_sequence": object.get("next_invoice_sequence") or 1,
        "preferred_locales": object.get("preferred_locales") or [],
        "tax_exempt": object.get("tax_exempt") or "none",
        "unsubscribed_from": object.get("unsubscribed_from") or [],
        "balance": object.get("balance", object.get("account_balance")) or 0,
        "email_folded": str(object.get("email") or "").casefold() or None,
    }


def address(sent: Object | None) -> Columns | None:
    """An address with the keys that are kept, or None."""
    return {key: sent.get(key) for key in Address.model_fields} if sent else None


def _tax_id(object: Object, origin: Origin) -> Columns:
    owner, verification = object.get("owner") or {}, object.get("verification") or {}
    return {
        "customer_id": id_of(object.get("customer")) or id_of(owner.get("customer")),
        "verification": verification.get("status") or "unavailable",
    }


def _product(object: Object, origin: Origin) -> Columns:
    features = object.get("marketing_features") or object.get("features") or []
    return {"updated": object.get("updated", object.get("created")), "marketing_features": features}


def _price(object: Object, origin: Origin) -> Columns:
    if object.get("billing_scheme") == "tiered" or object.get("custom_unit_amount"):
        raise Refused("prices in tiers or with an amount of the customer's choice have no place here")
    recurring = object.get("recurring") or {}
    if (recurring.get("usage_type") or "licensed") != "licensed":
        raise Refused("metered prices have no place here")
    return {
        "unit_amount_decimal": exact(object.get("unit_amount_decimal"), object.get("unit_amount")),
        "interval": recurring.get("interval"),
        "interval_count": recurring.get("interval_count"),
        "trial_period_days": recurring.get("trial_period_days"),
        "tax_behavior": object.get("tax_behavior") or "unspecified",
    }


def as_price(plan: Object) -> Columns:
    """The price that a plan of the older wire is."""
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


def exact(decimal: Any, whole: Any) -> str | None:
    """An amount per unit as decimal text, of which the wire says one form or both."""
    if decimal is not None:
        return plain(Decimal(str(decimal)))
    return None if whole is None else str(whole)


def _tax_rate(object: Object, origin: Origin) -> Columns:
    return {"percentage": plain(Decimal(str(object.get("percentage", 0))))}


def _subscription(object: Object, origin: Origin) -> Columns:
    details = object.get("cancellation_details") or {}
    items = (object.get("items") or {}).get("data") or [{}]
    started = object.get("start_date", object.get("created"))
    return {
        **{key: object.get(key, items[0].get(key)) for key in ("current_period_end", "current_period_start")},
        "start_date": started,
        "billing_cycle_anchor": object.get("billing_cycle_anchor", started),
        "currency": object.get("currency") or _price_of(items[0]).get("currency"),
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
        "default_tax_rates": rate_ids(object.get("default_tax_rates")),
    }


def _price_of(item: Object) -> Object:
    price = item.get("price") or item.get("plan") or {}
    return price if isinstance(price, dict) else {"id": price}


def _subscription_item(object: Object, origin: Origin) -> Columns:
    return {
        "price_id": _price_of(object).get("id"),
        "quantity": 1 if object.get("quantity") is None else object["quantity"],
        "tax_rates": rate_ids(object.get("tax_rates")),
    }


def _configuration(object: Object, origin: Origin) -> Columns:
    sent = {key: value for key, value in (object.get("features") or {}).items() if key in all_off() and value}
    profile = {"headline": None, "privacy_policy_url": None, "terms_of_service_url": None}
    return {
        "features": _features(sent),
        "business_profile": profile | (object.get("business_profile") or {}),
        "session_limits": object.get("session_limits") or {"idle": 1800, "absolute": 14400},
        "updated": object.get("updated", object.get("created")),
        "is_default": bool(object.get("is_default")),
    }


def _features(sent: Columns) -> Columns:
    try:
        features = laid_over(all_off(), sent)
        complete(features["subscription_update"])
    except (AttributeError, TypeError):
        raise Refused("features are not as the reference describes them") from None
    return features


def _feedback_option(object: Object, origin: Origin) -> Columns:
    """The reference's object does not say when it was made; such ones count as the oldest."""
    transitions = object.get("status_transitions") or {}
    return {"created": object.get("created") or 0, "deactivated_at": transitions.get("deactivated_at")}


_ITEMS = Parts("items", "subscription_item", "subscription_id", positioned=False)

READERS: dict[str, Reader] = {
    "billing.feedback_option": Reader(_feedback_option),
    "billing_portal.configuration": Reader(_configuration),
    "credit_note": Reader(
        invoices.credit_note, Parts("lines", "credit_note_line_item", "credit_note_id", positioned=True)
    ),
    "credit_note_line_item": Reader(invoices.credit_note_line),
    "customer": Reader(_customer, unpacked=("tax_ids", "subscriptions")),
    "invoice": Reader(invoices.invoice, Parts("lines", "line_item", "invoice_id", positioned=True)),
    "invoice_payment": Reader(payments.invoice_payment),
    "invoiceitem": Reader(invoices.invoice_item, lists={"tax_rates": "tax_rates"}),
    "line_item": Reader(invoices.line),
    "payment_record": Reader(payments.payment_record),
    "price": Reader(_price),
    "product": Reader(_product),
    "subscription": Reader(_subscription, _ITEMS, lists={"default_tax_rates": "tax_rates"}),
    "subscription_item": Reader(_subscription_item, lists={"tax_rates": "tax_rates"}),
    "tax_id": Reader(_tax_id),
    "tax_rate": Reader(_tax_rate),
}


def reader(type: str) -> Reader:
    """How objects of a type are read; most say every column under its own name."""
    return READERS.get(type, _PLAIN)


_PLAIN = Reader()
