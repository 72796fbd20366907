"""Changes of subscriptions that wait for their payment (`payment_behavior=pending_if_incomplete`).

Such a change is made, billed and taken back; what it had made of the subscription is kept beside it,
and becomes true once the invoice is paid. A void invoice ends it, and so does its time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.discounts import discounts
from portal.billing.invoices import invoiceitems
from portal.db import among, find
from portal.errors import InvalidRequest
from portal.models import Customer, Discount, Invoice, InvoiceItem, Subscription, SubscriptionItem
from portal.rules.steps import FIRST_PAYMENT_WITHIN
from portal.wire.commands import Command, merged

#: What an update of a subscription may say that is to wait (reference: supported attributes).
SUPPORTED = frozenset(
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
_COLUMNS = (
    "billing_cycle_anchor",
    "current_period_end",
    "current_period_start",
    "status",
    "status_details",
    "trial_end",
    "trial_start",
)
#: What the calls on one item say beside that.
_OF_ONE_ITEM = frozenset({"clear_usage", "plan", "price", "price_data", "quantity", "subscription", "tax_rates"})
_OF_ITEMS = ("created", "discounts", "id", "metadata_", "price_id", "quantity", "tax_rates")


@dataclass(frozen=True)
class Before:
    """A subscription as it was before a change that may have to wait, and the ids of what waited for its invoice."""

    columns: Mapping[str, Any]
    items: list[dict[str, Any]]
    metadata: Mapping[str, str]
    waited: list[str]


def before(db: Session, subscription: Subscription, command: Command) -> Before:
    """Raises `InvalidRequest` for what can't wait for a payment."""
    _refuse(subscription, command)
    return state(db, subscription)


def state(db: Session, subscription: Subscription) -> Before:
    """A subscription as it is now."""
    waiting = invoiceitems.pending(db, subscription.customer_id, subscription.id)
    columns, items = _state(db, subscription)
    return Before(columns, items, subscription.metadata_, [item.id for item in waiting])


def hold(db: Session, subscription: Subscription, before: Before, invoice: Invoice, *, now: int) -> None:
    """Take back what was changed since, until `invoice` is paid."""
    columns, items = _state(db, subscription)
    metadata = subscription.metadata_
    _put(db, subscription, before.columns, before.items)
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


def paid(db: Session, subscription: Subscription, invoice: Invoice, *, now: int) -> None:
    """Make the change that waited for this invoice, if one did."""
    held = _held(subscription, invoice)
    if held is None:
        return
    subscription.pending_update = None
    subscription.metadata_ = merged(subscription.metadata_, held["metadata"])
    customer = find(db, Customer, subscription.customer_id, noun="customer")
    _, items = _state(db, subscription)
    _put(db, subscription, held["columns"], held["items"])
    take_off_discounts(db, customer, subscription, items, now=now)


def take_off_discounts(
    db: Session, customer: Customer, subscription: Subscription, before: list[dict[str, Any]], *, now: int
) -> None:
    """Discounts of items that are gone for good."""
    held = {item.id for item in _items(db, subscription)}
    gone = [id for each in before if each["id"] not in held for id in each["discounts"]]
    for row in among(db, Discount, gone).values():
        discounts.take_off(db, row, customer, subscription, now=now)


def voided(db: Session, subscription: Subscription, invoice: Invoice) -> None:
    """Forget the change that waited for this invoice; what was billed along with it waits again."""
    held = _held(subscription, invoice)
    if held is None:
        return
    subscription.pending_update = None
    for item in among(db, InvoiceItem, held["waited"]).values():
        if item.invoice_id == invoice.id:
            item.invoice_id = None


def _held(subscription: Subscription, invoice: Invoice) -> dict[str, Any] | None:
    held = subscription.pending_update
    return held if held and held["invoice"] == invoice.id else None


def _refuse(subscription: Subscription, command: Command) -> None:
    if subscription.collection_method != "charge_automatically" or subscription.status == "incomplete":
        raise InvalidRequest(
            "pending_if_incomplete goes with subscriptions that are collected automatically and have begun.",
            param="payment_behavior",
        )
    others = command.model_fields_set - SUPPORTED - _OF_ONE_ITEM
    if others:
        raise InvalidRequest(f"{min(others)} can't wait for a payment.", param=min(others))
    for index, item in enumerate(getattr(command, "items", [])):
        if item.has("discounts"):
            raise InvalidRequest("Discounts can't wait for a payment.", param=f"items[{index}][discounts]")


def _state(db: Session, subscription: Subscription) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    columns = {name: getattr(subscription, name) for name in _COLUMNS}
    return columns, [{name: getattr(item, name) for name in _OF_ITEMS} for item in _items(db, subscription)]


def _items(db: Session, subscription: Subscription) -> list[SubscriptionItem]:
    db.flush()
    own = select(SubscriptionItem).where(SubscriptionItem.subscription_id == subscription.id)
    return list(db.scalars(own.order_by(SubscriptionItem.created, SubscriptionItem.id)))


def _put(db: Session, subscription: Subscription, columns: Mapping[str, Any], items: list[dict[str, Any]]) -> None:
    for name, value in columns.items():
        setattr(subscription, name, value)
    if subscription.cancel_at_period_end:
        subscription.cancel_at = subscription.current_period_end
    present = {item.id: item for item in _items(db, subscription)}
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
