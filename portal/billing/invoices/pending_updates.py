"""Updates of subscriptions that wait for their payment (`payment_behavior=pending_if_incomplete`).

Such an update is made, billed and rolled back; its result is stored beside the subscription and applied once
the invoice is paid. It is discarded when the invoice is voided or the update expires.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.discounts import discounts
from portal.billing.invoices import pending_items
from portal.db import find_row, rows_by_id
from portal.errors import InvalidRequest
from portal.models import Customer, Discount, Invoice, InvoiceItem, Subscription, SubscriptionItem
from portal.rules.steps import FIRST_PAYMENT_WITHIN
from portal.wire.commands import Command, merge_metadata

#: What an update of a subscription may say that is to wait (reference: supported attributes).
SUPPORTED_PARAMS = frozenset(
    {
        "add_invoice_items",
        "billing_cycle_anchor",
        "expand",
        "items",
        "metadata",
        "off_session",
        "payment_behavior",
        "proration_behavior",
        "proration_date",
        "trial_end",
        "trial_from_plan",
    }
)
_SUBSCRIPTION_COLUMNS = (
    "billing_cycle_anchor",
    "current_period_end",
    "current_period_start",
    "status",
    "status_details",
    "trial_end",
    "trial_start",
)
#: What the calls on one item say beside that.
_ITEM_CALL_PARAMS = frozenset({"clear_usage", "plan", "price", "price_data", "quantity", "subscription", "tax_rates"})
_ITEM_COLUMNS = ("created", "discounts", "id", "metadata_", "price_id", "quantity", "tax_rates")


@dataclass(frozen=True)
class SubscriptionSnapshot:
    """A subscription before an update that may have to wait; `waited` are the ids of its pending invoice items."""

    columns: Mapping[str, Any]
    items: list[dict[str, Any]]
    metadata: Mapping[str, str]
    waited: list[str]


def prepare(db: Session, subscription: Subscription, command: Command) -> SubscriptionSnapshot:
    """A snapshot for an update that is to wait. Raises `InvalidRequest` for one that can't wait for a payment."""
    _refuse_unsupported(subscription, command)
    return take_snapshot(db, subscription)


def take_snapshot(db: Session, subscription: Subscription) -> SubscriptionSnapshot:
    """A snapshot of the subscription as it is now."""
    waiting = pending_items.list_pending(db, subscription.customer_id, subscription.id)
    columns, items = _current_state(db, subscription)
    return SubscriptionSnapshot(columns, items, subscription.metadata_, [item.id for item in waiting])


def defer_until_paid(
    db: Session, subscription: Subscription, before: SubscriptionSnapshot, invoice: Invoice, *, now: int
) -> None:
    """Roll the subscription back to `before`, and store what changed since until `invoice` is paid."""
    columns, items = _current_state(db, subscription)
    metadata = subscription.metadata_
    _restore_state(db, subscription, before.columns, before.items)
    subscription.metadata_ = dict(before.metadata)
    changed = {name: value for name, value in columns.items() if value != before.columns[name]}
    ends = [now + FIRST_PAYMENT_WITHIN]
    if subscription.current_period_end > now:  # of a paused one it may have passed
        ends.append(subscription.current_period_end)
    subscription.pending_update = {
        "columns": changed,
        "expires_at": min(ends),
        "invoice": invoice.id,
        "items": items,
        "metadata": {
            key: metadata.get(key, "")
            for key in {**before.metadata, **metadata}
            if before.metadata.get(key) != metadata.get(key)
        },
        "waited": before.waited,
    }


def apply_for_invoice(db: Session, subscription: Subscription, invoice: Invoice, *, now: int) -> None:
    """Apply the update that waits for this invoice, if there is one."""
    held = _waiting_update(subscription, invoice)
    if held is None:
        return
    subscription.pending_update = None
    subscription.metadata_ = merge_metadata(subscription.metadata_, held["metadata"])
    customer = find_row(db, Customer, subscription.customer_id, noun="customer")
    _, items = _current_state(db, subscription)
    _restore_state(db, subscription, held["columns"], held["items"])
    drop_orphaned_discounts(db, customer, subscription, items, now=now)


def drop_orphaned_discounts(
    db: Session, customer: Customer, subscription: Subscription, before: list[dict[str, Any]], *, now: int
) -> None:
    """Take off the discounts of items in `before` that no longer exist."""
    held = {item.id for item in _list_items(db, subscription)}
    gone = [id for each in before if each["id"] not in held for id in each["discounts"]]
    for row in rows_by_id(db, Discount, gone).values():
        discounts.take_off(db, row, customer, subscription, now=now)


def discard_for_invoice(db: Session, subscription: Subscription, invoice: Invoice) -> None:
    """Discard the update that waits for this invoice; its invoice items become pending again."""
    held = _waiting_update(subscription, invoice)
    if held is None:
        return
    subscription.pending_update = None
    for item in rows_by_id(db, InvoiceItem, held["waited"]).values():
        if item.invoice_id == invoice.id:
            item.invoice_id = None


def _waiting_update(subscription: Subscription, invoice: Invoice) -> dict[str, Any] | None:
    held = subscription.pending_update
    return held if held and held["invoice"] == invoice.id else None


def _refuse_unsupported(subscription: Subscription, command: Command) -> None:
    if subscription.collection_method != "charge_automatically" or subscription.status == "incomplete":
        raise InvalidRequest(
            "pending_if_incomplete goes with subscriptions that are collected automatically and have begun.",
            param="payment_behavior",
        )
    others = command.model_fields_set - SUPPORTED_PARAMS - _ITEM_CALL_PARAMS
    if others:
        raise InvalidRequest(f"{min(others)} can't wait for a payment.", param=min(others))
    for index, item in enumerate(getattr(command, "items", [])):
        if item.was_sent("discounts"):
            raise InvalidRequest("Discounts can't wait for a payment.", param=f"items[{index}][discounts]")


def _current_state(db: Session, subscription: Subscription) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    columns = {name: getattr(subscription, name) for name in _SUBSCRIPTION_COLUMNS}
    return columns, [{name: getattr(item, name) for name in _ITEM_COLUMNS} for item in _list_items(db, subscription)]


def _list_items(db: Session, subscription: Subscription) -> list[SubscriptionItem]:
    db.flush()
    own = select(SubscriptionItem).where(SubscriptionItem.subscription_id == subscription.id)
    return list(db.scalars(own.order_by(SubscriptionItem.created, SubscriptionItem.id)))


def _restore_state(
    db: Session, subscription: Subscription, columns: Mapping[str, Any], items: list[dict[str, Any]]
) -> None:
    for name, value in columns.items():
        setattr(subscription, name, value)
    if subscription.cancel_at_period_end:
        subscription.cancel_at = subscription.current_period_end
    present = {item.id: item for item in _list_items(db, subscription)}
    wanted = {values["id"] for values in items}
    for item in present.values():
        if item.id not in wanted:
            db.delete(item)
    for values in items:
        item = present.get(values["id"]) or SubscriptionItem(subscription_id=subscription.id)
        for name, value in values.items():
            setattr(item, name, value)
        db.add(item)
    db.flush()
