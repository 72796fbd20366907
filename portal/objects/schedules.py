"""The wire form of subscription schedules and their phases."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from portal.models import Subscription, SubscriptionSchedule, TaxRate
from portal.objects.kinds import ObjectType, plain_rows, register, render
from portal.objects.types import subscriptions as schemas
from portal.rules import billing_modes
from portal.wire.shape import Context, Ref, Row, Shape, null_fields

_NO_AUTOMATIC_TAX = {"disabled_reason": None, "enabled": False, "liability": None}


def _preload_rates(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, Any]:
    ids = {id for row in rows for phase in row.phases for id in _phase_tax_rate_ids(phase)}
    rates = plain_rows(db, TaxRate, ids)
    return {rate["id"]: rate for rate in render(db, "tax_rate", rates, context.links)}


def _preload_waiting(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, Any]:
    """Subscriptions whose pause ends once an invoice is paid: whether they have ended it, and still wait."""
    ids = {row.subscription_id for row in rows for each in row.pause_schedules if _awaits_payment(each)}
    return {row.id: row for row in plain_rows(db, Subscription, ids)}


def _awaits_payment(planned: Mapping[str, Any]) -> bool:
    return bool(planned["resume"]) and planned["resume"]["status"]["type"] == "pending"


def _render_pauses(row: Row, context: Context) -> list[dict[str, Any]]:
    return [_render_pause(row, each, context) for each in row.pause_schedules]


def _render_pause(row: Row, planned: dict[str, Any], context: Context) -> dict[str, Any]:
    subscription = context.preloaded["waiting"].get(row.subscription_id)
    if subscription is None or not _awaits_payment(planned):
        return planned
    if subscription.status != "paused":
        return {**planned, "resume": {**planned["resume"], "status": {"error": None, "type": "succeeded"}}}
    if subscription.pending_update is None:
        return {**planned, "resume": {**planned["resume"], "status": _UNPAID}}
    return planned


#: Whoever doesn't pay in time stays paused.
_UNPAID = {"error": {"code": None, "message": "The invoice was not paid in time."}, "type": "error"}


def _phase_tax_rate_ids(phase: Mapping[str, Any]) -> list[str]:
    parts = [*phase["items"], *phase["add_invoice_items"]]
    return [*phase["default_tax_rates"], *(id for part in parts for id in part["tax_rates"])]


def _render_phases(row: Row, context: Context) -> list[dict[str, Any]]:
    return [_render_phase(each, context) for each in row.phases]


def _render_phase(phase: Mapping[str, Any], context: Context) -> dict[str, Any]:
    same = ("billing_cycle_anchor", "collection_method", "currency", "description", "end_date", "metadata")
    return {
        **null_fields("application_fee_percent", "billing_thresholds", "default_payment_method", "on_behalf_of"),
        **null_fields("transfer_data", "trial"),
        "coupon": next((each["coupon"] for each in phase.get("discounts") or []), None),
        **{key: phase[key] for key in (*same, "proration_behavior", "start_date", "trial_end")},
        "add_invoice_items": [_render_invoice_item(each, context) for each in phase["add_invoice_items"]],
        "automatic_tax": _NO_AUTOMATIC_TAX,
        "default_tax_rates": _render_tax_rates(phase["default_tax_rates"], context),
        "discounts": phase.get("discounts") or [],
        "invoice_settings": _render_invoice_settings(phase),
        "items": [_render_phase_item(each, context) for each in phase["items"]],
    }


def _render_phase_item(item: Mapping[str, Any], context: Context) -> dict[str, Any]:
    return {
        "billing_thresholds": None,
        "discounts": item.get("discounts") or [],
        "metadata": item["metadata"],
        "plan": item["price"],
        "price": item["price"],
        "quantity": item["quantity"],
        "tax_rates": _render_tax_rates(item["tax_rates"], context),
    }


def _render_invoice_item(item: Mapping[str, Any], context: Context) -> dict[str, Any]:
    return {
        "discountable": item.get("discountable"),
        "discounts": item.get("discounts") or [],
        "metadata": item.get("metadata") or {},
        "period": item.get("period") or _DEFAULT_PERIOD,
        "price": item["price"],
        "quantity": item["quantity"],
        "tax_rates": _render_tax_rates(item["tax_rates"], context),
    }


def _render_tax_rates(ids: Sequence[str], context: Context) -> list[dict[str, Any]]:
    known = context.preloaded["rates"]
    return [known[id] for id in ids if id in known]


#: What an added item is for where nothing was said.
_DEFAULT_PERIOD = {
    "end": {"timestamp": None, "type": "min_item_period_end"},
    "start": {"timestamp": None, "type": "max_item_period_start"},
}


def _render_invoice_settings(kept: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **null_fields("account_tax_ids", "custom_fields", "description", "footer"),
        **(kept.get("invoice_settings") or {}),
        "days_until_due": kept["days_until_due"],
        "issuer": {"account": None, "type": "self"},
    }


def _default_settings(row: Row, context: Context) -> dict[str, Any]:
    settings = row.default_settings
    return {
        **null_fields("application_fee_percent", "billing_thresholds", "default_payment_method", "on_behalf_of"),
        **null_fields("transfer_data"),
        **{key: settings[key] for key in ("billing_cycle_anchor", "collection_method", "description")},
        "automatic_tax": _NO_AUTOMATIC_TAX,
        "invoice_settings": _render_invoice_settings(settings),
    }


def _current_phase(row: Row, context: Context) -> dict[str, Any] | None:
    if row.phase is None:
        return None
    phase = row.phases[row.phase]
    return {"end_date": phase["end_date"], "start_date": phase["start_date"]}


SCHEDULE = register(
    ObjectType(
        Shape(
            "subscription_schedule",
            same=("canceled_at", "completed_at", "created", "end_behavior", "released_at", "status"),
            fields={
                **null_fields("application", "customer_account", "renewal_interval"),
                "billing_mode": lambda row, context: billing_modes.render_mode(row.billing_mode),
                "current_phase": _current_phase,
                "customer": Ref("customer_id", "customer"),
                "default_settings": _default_settings,
                "metadata": "metadata_",
                "pause_schedules": _render_pauses,
                "phases": _render_phases,
                "released_subscription": "released_subscription_id",
                "subscription": Ref("subscription_id", "subscription"),
                "test_clock": Ref("test_clock_id", "test_helpers.test_clock"),
            },
            nested={
                "default_settings.invoice_settings.account_tax_ids": "tax_id",
                "phases.add_invoice_items.price": "price",
                "phases.invoice_settings.account_tax_ids": "tax_id",
                "phases.items.plan": "plan",
                "phases.items.price": "price",
            },
            unfilled=(
                "application",
                "default_settings.default_payment_method",
                "default_settings.invoice_settings.issuer.account",
                "default_settings.on_behalf_of",
                "phases.default_payment_method",
                "phases.invoice_settings.issuer.account",
                "phases.on_behalf_of",
            ),
        ),
        SubscriptionSchedule,
        "subscription schedule",
        schemas=schemas.SCHEDULE,
        preload={"rates": _preload_rates, "waiting": _preload_waiting},
    )
)
