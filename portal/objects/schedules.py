"""Subscription schedules with their phases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from portal.models import SubscriptionSchedule, TaxRate
from portal.objects.kinds import Kind, plain, register, render
from portal.rules import billing_modes
from portal.wire.shape import Context, Ref, Row, Shape, nulls

_NO_TAX = {"disabled_reason": None, "enabled": False, "liability": None}


def _rates(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, Any]:
    ids = {id for row in rows for phase in row.phases for id in _named(phase)}
    rates = plain(db, TaxRate, ids)
    return {rate["id"]: rate for rate in render(db, "tax_rate", rates, context.links)}


def _named(phase: Mapping[str, Any]) -> list[str]:
    parts = [*phase["items"], *phase["add_invoice_items"]]
    return [*phase["default_tax_rates"], *(id for part in parts for id in part["tax_rates"])]


def _phases(row: Row, context: Context) -> list[dict[str, Any]]:
    return [_phase(each, context) for each in row.phases]


def _phase(phase: Mapping[str, Any], context: Context) -> dict[str, Any]:
    same = ("billing_cycle_anchor", "collection_method", "currency", "description", "end_date", "metadata")
    return {
        **nulls("application_fee_percent", "billing_thresholds", "default_payment_method", "on_behalf_of"),
        **nulls("transfer_data", "trial"),
        "coupon": next((each["coupon"] for each in phase.get("discounts") or []), None),
        **{key: phase[key] for key in (*same, "proration_behavior", "start_date", "trial_end")},
        "add_invoice_items": [_added(each, context) for each in phase["add_invoice_items"]],
        "automatic_tax": _NO_TAX,
        "default_tax_rates": _shown(phase["default_tax_rates"], context),
        "discounts": phase.get("discounts") or [],
        "invoice_settings": _invoice_settings(phase),
        "items": [_item(each, context) for each in phase["items"]],
    }


def _item(item: Mapping[str, Any], context: Context) -> dict[str, Any]:
    return {
        "billing_thresholds": None,
        "discounts": item.get("discounts") or [],
        "metadata": item["metadata"],
        "plan": item["price"],
        "price": item["price"],
        "quantity": item["quantity"],
        "tax_rates": _shown(item["tax_rates"], context),
    }


def _added(item: Mapping[str, Any], context: Context) -> dict[str, Any]:
    return {
        "discountable": item.get("discountable"),
        "discounts": item.get("discounts") or [],
        "metadata": item.get("metadata") or {},
        "period": item.get("period") or _PERIOD,
        "price": item["price"],
        "quantity": item["quantity"],
        "tax_rates": _shown(item["tax_rates"], context),
    }


def _shown(ids: Sequence[str], context: Context) -> list[dict[str, Any]]:
    known = context.preloaded["rates"]
    return [known[id] for id in ids if id in known]


#: What an added item is for where nothing was said.
_PERIOD = {
    "end": {"timestamp": None, "type": "min_item_period_end"},
    "start": {"timestamp": None, "type": "max_item_period_start"},
}


def _invoice_settings(kept: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **nulls("account_tax_ids", "custom_fields", "description", "footer"),
        **(kept.get("invoice_settings") or {}),
        "days_until_due": kept["days_until_due"],
        "issuer": {"account": None, "type": "self"},
    }


def _default_settings(row: Row, context: Context) -> dict[str, Any]:
    settings = row.default_settings
    return {
        **nulls("application_fee_percent", "billing_thresholds", "default_payment_method", "on_behalf_of"),
        **nulls("transfer_data"),
        **{key: settings[key] for key in ("billing_cycle_anchor", "collection_method", "description")},
        "automatic_tax": _NO_TAX,
        "invoice_settings": _invoice_settings(settings),
    }


def _current_phase(row: Row, context: Context) -> dict[str, Any] | None:
    if row.phase is None:
        return None
    phase = row.phases[row.phase]
    return {"end_date": phase["end_date"], "start_date": phase["start_date"]}


SCHEDULE = register(
    Kind(
        Shape(
            "subscription_schedule",
            same=("canceled_at", "completed_at", "created", "end_behavior", "released_at", "status"),
            fields={
                **nulls("application", "customer_account", "renewal_interval"),
                "billing_mode": lambda row, context: billing_modes.shown(row.billing_mode),
                "current_phase": _current_phase,
                "customer": Ref("customer_id", "customer"),
                "default_settings": _default_settings,
                "metadata": "metadata_",
                "pause_schedules": lambda row, context: [],
                "phases": _phases,
                "released_subscription": "released_subscription_id",
                "subscription": Ref("subscription_id", "subscription"),
                "test_clock": Ref("test_clock_id", "test_helpers.test_clock"),
            },
            nested={"phases.items.price": "price", "phases.add_invoice_items.price": "price"},
        ),
        SubscriptionSchedule,
        "subscription schedule",
        preload={"rates": _rates},
    )
)
