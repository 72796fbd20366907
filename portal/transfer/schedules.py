"""Reads subscription schedules from the wire: their phases, and the one that runs."""

from collections.abc import Iterator, Mapping
from typing import Any

from portal import ids
from portal.billing.schedules import planned_pauses
from portal.transfer.lines import tax_rate_ids
from portal.transfer.origin import SellerDefaults
from portal.transfer.subscriptions import flexible_mode, own_invoice_settings
from portal.transfer.tables import Link, RefusedObject, linked_id

Object = Mapping[str, Any]
Columns = dict[str, Any]

_PHASE_KEYS = frozenset(
    (
        *(
            "add_invoice_items",
            "application_fee_percent",
            "automatic_tax",
            "billing_cycle_anchor",
            "billing_thresholds",
        ),
        *("collection_method", "coupon", "currency", "default_payment_method", "default_tax_rates", "description"),
        *("discounts", "end_date", "invoice_settings", "items", "metadata", "on_behalf_of", "plans", "prorate"),
        *("proration_behavior", "start_date", "tax_percent", "transfer_data", "trial", "trial_end"),
    )
)
_ITEM_KEYS = frozenset(
    (
        "billing_thresholds",
        "discountable",
        "discounts",
        "id",
        "metadata",
        "period",
        "plan",
        "price",
        "quantity",
        "tax_rates",
    )
)
_SOURCES = {"coupon": "coupons", "discount": "discounts", "promotion_code": "promotion_codes"}


def schedule_columns(object: Object, origin: SellerDefaults) -> Columns:
    """The columns of a schedule. Raises `RefusedObject` for phases that can't be gone through here."""
    phases = [_read_phase(each, f"phases[{at}]") for at, each in enumerate(object.get("phases") or [])]
    if not phases:
        raise RefusedObject("phases is missing")
    if object.get("status") == "active" and not object.get("subscription"):
        raise RefusedObject("subscription is missing, although it is active")
    return {
        "pause_schedules": [_read_pause(each) for each in object.get("pause_schedules") or []],
        "phases": phases,
        "phase": _current_phase(object, phases),
        "default_settings": _default_settings(object.get("default_settings") or {}),
        "billing_mode": flexible_mode(object.get("billing_mode")),
        "end_behavior": object.get("end_behavior") or "release",
    }


def schedule_links(row: Object, brings_bills: bool) -> Iterator[Link]:
    """What the present phase of a schedule and those after it stand on."""
    if not brings_bills:
        return
    if row.get("test_clock_id"):
        yield "test_clocks", row["test_clock_id"]
    for phase in row["phases"][row.get("phase") or 0 :]:
        for holder in (phase, *phase["items"], *phase["add_invoice_items"]):
            yield from _holder_links(holder)


def _holder_links(holder: Object) -> Iterator[Link]:
    if holder.get("price"):
        yield "prices", holder["price"]
    for id in [*(holder.get("tax_rates") or []), *(holder.get("default_tax_rates") or [])]:
        yield "tax_rates", id
    for source in holder.get("discounts") or []:
        for name, table in _SOURCES.items():
            if source.get(name):
                yield table, source[name]


def _read_phase(sent: Object, place: str) -> Columns:
    _refuse_unknown(sent, _PHASE_KEYS, place)
    if sent.get("end_date") is None or sent.get("start_date") is None:
        raise RefusedObject(f"{place}: it has no start or no end")
    settings = sent.get("invoice_settings") or {}
    items = [_read_item(each, place) for each in sent.get("items") or sent.get("plans") or []]
    if not items:
        raise RefusedObject(f"{place}: items is missing")
    behavior = "none" if sent.get("prorate") is False else "create_prorations"
    return {
        **{key: sent.get(key) for key in ("billing_cycle_anchor", "collection_method", "description")},
        "add_invoice_items": [_read_added_item(each, place) for each in sent.get("add_invoice_items") or []],
        "currency": str(sent.get("currency") or "").lower(),
        "days_until_due": settings.get("days_until_due"),
        "default_tax_rates": tax_rate_ids(sent.get("default_tax_rates")),
        "discounts": _read_sources(sent),
        "end_date": sent["end_date"],
        "invoice_settings": own_invoice_settings(settings),
        "items": items,
        "metadata": sent.get("metadata") or {},
        "proration_behavior": sent.get("proration_behavior") or behavior,
        "start_date": sent["start_date"],
        "trial_end": sent["end_date"] if sent.get("trial") else sent.get("trial_end"),
    }


def _read_item(sent: Object, place: str) -> Columns:
    _refuse_unknown(sent, _ITEM_KEYS, f"{place}.items")
    return {
        "discounts": _read_sources(sent),
        "metadata": sent.get("metadata") or {},
        "price": linked_id(sent.get("price") or sent.get("plan")),
        "quantity": 1 if sent.get("quantity") is None else sent["quantity"],
        "tax_rates": tax_rate_ids(sent.get("tax_rates")),
    }


def _read_added_item(sent: Object, place: str) -> Columns:
    return {
        **_read_item(sent, f"{place}.add_invoice_items"),
        "discountable": sent.get("discountable"),
        "period": sent.get("period"),
    }


def _read_sources(holder: Object) -> list[Columns]:
    """Where the discounts of a phase or an item come from; older generations have a single coupon."""
    sent = holder.get("discounts") or ([{"coupon": holder["coupon"]}] if holder.get("coupon") else [])
    return [{name: linked_id(each.get(name)) for name in _SOURCES} for each in sent]


def _read_pause(sent: Object) -> Columns:
    """A planned pause; what waits for a step of the customer waits for a payment here."""
    paused, resumed = sent.get("pause") or {}, sent.get("resume")
    if paused.get("pause_at") is None or (resumed and resumed.get("resume_at") is None):
        raise RefusedObject("pause_schedules: it has no moment")
    settings = paused.get("settings")
    end = resumed and {
        "resume_at": resumed["resume_at"],
        "settings": {**planned_pauses.DEFAULT_RESUME, **(resumed.get("settings") or {})},
        "status": _read_status(resumed),
    }
    pause = {
        "pause_at": paused["pause_at"],
        "settings": planned_pauses.complete_settings(settings) if settings else None,
        "status": _read_status(paused),
    }
    return {"key": sent.get("key") or ids.new("subscription_schedule.pause"), "pause": pause, "resume": end}


def _read_status(sent: Object) -> Columns:
    status = sent.get("status") or {}
    type = status.get("type") or "scheduled"
    return {"error": status.get("error"), "type": "pending" if type == "requires_action" else type}


def _default_settings(sent: Object) -> Columns:
    settings = sent.get("invoice_settings") or {}
    return {
        "billing_cycle_anchor": sent.get("billing_cycle_anchor") or "automatic",
        "collection_method": sent.get("collection_method") or "charge_automatically",
        "days_until_due": settings.get("days_until_due"),
        "description": sent.get("description"),
        "invoice_settings": own_invoice_settings(settings),
    }


def _current_phase(object: Object, phases: list[Columns]) -> int | None:
    """The place of the phase that runs; None before the first and after the last one."""
    if object.get("status") != "active":
        return None
    start = (object.get("current_phase") or {}).get("start_date")
    found = [at for at, phase in enumerate(phases) if phase["start_date"] == start]
    if not found:
        raise RefusedObject("current_phase is none of the phases")
    return found[0]


def _refuse_unknown(sent: Object, known: frozenset[str], place: str) -> None:
    unknown = sorted(key for key in sent.keys() - known if sent[key])
    if unknown:
        raise RefusedObject(f"{place}.{unknown[0]}: nothing is known of this, and it might change a bill")
