"""The wire form of subscriptions and their items; both show the period, as one generation of the wire each does."""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from sqlalchemy.orm import Session

from portal.models import Price, Subscription, SubscriptionItem, TaxRate
from portal.objects.catalogue import render_plan
from portal.objects.discounts import only_discount, running_discounts_by_id
from portal.objects.kinds import ObjectType, group_by, plain_rows, register, render
from portal.objects.types import subscriptions as schemas
from portal.rules import billing_modes
from portal.wire.shape import Context, Ref, Row, Shape, null_fields, render_list


def _preload_items(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, Any]:
    """The wire objects of items by subscription; a subscription has at most 20."""
    items = plain_rows(db, SubscriptionItem, [row.id for row in rows], column="subscription_id")
    rendered = dict(
        zip([item.id for item in items], render(db, "subscription_item", items, context.links), strict=True)
    )
    return {id: [rendered[item.id] for item in group] for id, group in group_by(items, "subscription_id").items()}


def _preload_pending_items(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, Any]:
    """The items, as wire objects, that each subscription would have after its pending update."""
    waiting = [
        SimpleNamespace(subscription_id=row.id, **values)
        for row in rows
        if row.pending_update
        for values in row.pending_update["items"]
    ]
    shown = render(db, "subscription_item", waiting, context.links) if waiting else []
    return {
        id: [shown[waiting.index(item)] for item in group] for id, group in group_by(waiting, "subscription_id").items()
    }


def _tax_rates_preloader(attribute: str) -> Any:
    def preload_tax_rates(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, Any]:
        ids = {id for row in rows for id in getattr(row, attribute)}
        rates = plain_rows(db, TaxRate, ids)
        return {rate["id"]: rate for rate in render(db, "tax_rate", rates, context.links)}

    return preload_tax_rates


def _preload_prices(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, Any]:
    prices = plain_rows(db, Price, {row.price_id for row in rows})
    rendered = render(db, "price", prices, context.links)
    return {row.id: (price, render_plan(row, context.livemode)) for row, price in zip(prices, rendered, strict=True)}


def _preload_subscriptions(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, Any]:
    return {row.id: row for row in plain_rows(db, Subscription, {row.subscription_id for row in rows})}


def _preload_discounts(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, Any]:
    return running_discounts_by_id(db, [id for row in rows for id in row.discounts], context)


def _subscription_of(row: Row, context: Context) -> Row:
    return context.preloaded["subscriptions"][row.subscription_id]


def _known_tax_rates(ids: Sequence[str], context: Context) -> list[Any]:
    rates = context.preloaded["tax_rates"]
    return [rates[id] for id in ids if id in rates]


def _billed_until(row: Row, context: Context) -> int | None:
    """Until when an item is billed: periods are billed in advance, but not while paused or in a trial."""
    subscription = _subscription_of(row, context)
    return None if subscription.status in {"paused", "trialing"} else subscription.current_period_end


SUBSCRIPTION_ITEM = register(
    ObjectType(
        Shape(
            "subscription_item",
            same=("created", "quantity"),
            fields={
                "billed_until": _billed_until,
                "billing_thresholds": None,
                "current_period_end": lambda row, context: _subscription_of(row, context).current_period_end,
                "current_period_start": lambda row, context: _subscription_of(row, context).current_period_start,
                "discounts": Ref("discounts", "discount"),
                "metadata": "metadata_",
                "plan": lambda row, context: context.preloaded["prices"][row.price_id][1],
                "price": lambda row, context: dict(context.preloaded["prices"][row.price_id][0]),
                "subscription": "subscription_id",
                "tax_rates": lambda row, context: _known_tax_rates(row.tax_rates, context),
            },
        ),
        SubscriptionItem,
        "subscription item",
        schemas=schemas.SUBSCRIPTION_ITEM,
        part_of=("subscription", "subscription_id"),
        preload={
            "subscriptions": _preload_subscriptions,
            "prices": _preload_prices,
            "tax_rates": _tax_rates_preloader("tax_rates"),
        },
    )
)


def _render_item_list(row: Row, context: Context) -> dict[str, Any]:
    items = context.preloaded["items"].get(row.id, [])
    return render_list(items, f"/v1/subscription_items?subscription={row.id}") | {"total_count": len(items)}


def _copy_hash(hash: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return dict(hash) if hash else None


def _render_status_details(row: Row, context: Context) -> dict[str, Any] | None:
    """Since when it is paused, and until when: `resumes_at` is not in the reference, and of before it is null."""
    return {"paused": {"resumes_at": None, **row.status_details["paused"]}} if row.status_details else None


def _render_pending_update(row: Row, context: Context) -> dict[str, Any] | None:
    held = row.pending_update
    if not held:
        return None
    return {
        **null_fields("cancel_at_period_end", "discount", "discounts", "trial_from_plan"),
        **{key: held["columns"].get(key) for key in ("billing_cycle_anchor", "trial_end")},
        "expires_at": held["expires_at"],
        "metadata": held["metadata"] or None,
        "subscription_items": context.preloaded["pending_items"][row.id],
    }


def _running_discount_ids(row: Row, context: Context) -> list[str]:
    return [id for id in row.discounts if id in context.preloaded["discounts"]]


def _invoice_settings(row: Row, context: Context) -> dict[str, Any]:
    return {
        **null_fields("account_tax_ids", "custom_fields", "description", "footer"),
        **(row.invoice_settings or {}),
        "issuer": {"account": None, "type": "self"},
    }


def _trial_settings(row: Row, context: Context) -> dict[str, Any]:
    missing = row.trial_ends_in or "create_invoice"
    return {"end_behavior": {"billing_cycle_anchor": None, "missing_payment_method": missing}}


def _value_of_only_item(row: Row, context: Context, key: str) -> Any:
    items = context.preloaded["items"].get(row.id, [])
    value = items[0][key] if len(items) == 1 else None
    # a copy, as what is expanded in one place stays an id in the other
    return dict(value) if isinstance(value, dict) else value


SUBSCRIPTION = register(
    ObjectType(
        Shape(
            "subscription",
            same=(
                "billing_cycle_anchor",
                "cancel_at",
                "cancel_at_period_end",
                "canceled_at",
                "collection_method",
                "created",
                "currency",
                "current_period_end",
                "current_period_start",
                "days_until_due",
                "description",
                "ended_at",
                "next_pending_invoice_item_invoice",
                "start_date",
                "status",
                "trial_end",
                "trial_start",
            ),
            fields={
                **null_fields("application", "application_fee_percent", "billing_thresholds"),
                **null_fields("customer_account", "default_source", "managed_payments"),
                **null_fields("on_behalf_of", "pending_setup_intent"),
                **null_fields("presentment_details", "transfer_data"),
                "automatic_tax": lambda row, context: {"disabled_reason": None, "enabled": False, "liability": None},
                "billing_cycle_anchor_config": lambda row, context: _copy_hash(row.billing_cycle_anchor_config),
                "billing_mode": lambda row, context: billing_modes.render_mode(row.billing_mode),
                "billing_schedules": lambda row, context: [],
                "cancellation_details": lambda row, context: {
                    **null_fields("comment", "feedback", "feedback_option", "reason"),
                    **row.cancellation_details,
                },
                "customer": Ref("customer_id", "customer"),
                # a function, as an import takes no method of another system for one of here
                "default_payment_method": lambda row, context: row.default_payment_method_id,
                "default_tax_rates": lambda row, context: _known_tax_rates(row.default_tax_rates, context),
                "discount": lambda row, context: only_discount(row.discounts, context.preloaded["discounts"]),
                "discounts": _running_discount_ids,
                "invoice_settings": _invoice_settings,
                "items": _render_item_list,
                "latest_invoice": Ref("latest_invoice_id", "invoice"),
                "metadata": "metadata_",
                "pause_collection": lambda row, context: _copy_hash(row.pause_collection),
                "payment_settings": lambda row, context: {
                    **null_fields("payment_method_options", "payment_method_types", "save_default_payment_method"),
                    **(row.payment_settings or {}),
                },
                "pending_invoice_item_interval": lambda row, context: _copy_hash(row.pending_invoice_item_interval),
                "pending_update": _render_pending_update,
                "plan": lambda row, context: _value_of_only_item(row, context, "plan"),
                "quantity": lambda row, context: _value_of_only_item(row, context, "quantity"),
                "schedule": Ref("schedule_id", "subscription_schedule"),
                "status_details": _render_status_details,
                "test_clock": Ref("test_clock_id", "test_helpers.test_clock"),
                "trial_settings": _trial_settings,
            },
            nested={
                "cancellation_details.feedback_option": "billing.feedback_option",
                "default_payment_method": "payment_method",
                "discounts": "discount",
                "invoice_settings.account_tax_ids": "tax_id",
            },
            unfilled=(
                "application",
                "default_source",
                "invoice_settings.issuer.account",
                "on_behalf_of",
                "pending_setup_intent",
            ),
        ),
        Subscription,
        "subscription",
        schemas=schemas.SUBSCRIPTION,
        preload={
            "items": _preload_items,
            "pending_items": _preload_pending_items,
            "discounts": _preload_discounts,
            "tax_rates": _tax_rates_preloader("default_tax_rates"),
        },
    )
)
