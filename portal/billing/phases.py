"""Phases of a subscription schedule: read into their kept form, and entered by the subscription."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from sqlalchemy.orm import Session

from portal.billing import collection, invoiceitems, one_off_prices, prorations, subscription_items
from portal.billing.invoices import Collection, Days
from portal.billing.item_changes import Proration
from portal.billing.subscription_items import Item, Sold
from portal.db import among
from portal.errors import InvalidRequest
from portal.models import Customer, Price, Subscription
from portal.rules import schedules as rules
from portal.rules import subscriptions as subscription_rules
from portal.wire.params import (
    Clearable,
    Command,
    Currency,
    Flag,
    Id,
    ListOf,
    Metadata,
    Quantity,
    Text,
    Timestamp,
    merged,
    whole,
)

MOST_PHASES = 10
Anchor = Literal["automatic", "phase_start"]
Phase = dict[str, Any]


class Duration(Command):
    interval: Literal["day", "month", "week", "year"]
    interval_count: Annotated[int, whole(1, 1000)] = 1


class PhaseInvoices(Command):
    days_until_due: Days | None = None


class AddedItem(Command):
    price: Id
    quantity: Quantity = 1
    tax_rates: ListOf[Id] = []


class SentPhase(Command):
    items: ListOf[Item]
    add_invoice_items: ListOf[AddedItem] = []
    billing_cycle_anchor: Anchor | None = None
    collection_method: Collection | None = None
    currency: Currency | None = None
    default_tax_rates: ListOf[Id] = []
    description: Clearable[Text] = None
    duration: Duration | None = None
    end_date: Timestamp | None = None
    invoice_settings: PhaseInvoices | None = None
    iterations: Annotated[int, whole(1, 1000)] | None = None
    metadata: Metadata = {}
    proration_behavior: Proration = "create_prorations"
    start_date: Timestamp | None = None
    trial: Flag = False
    trial_end: Timestamp | None = None


def read(db: Session, customer: Customer, sent: Sequence[SentPhase], start: int) -> list[Phase]:
    """The phases in their kept form, one after the other from `start` on.

    Raises `InvalidRequest` for phases without time or with gaps, `ResourceMissing` for unknown prices.
    """
    if not 1 <= len(sent) <= MOST_PHASES:
        raise InvalidRequest(f"A schedule has 1 to {MOST_PHASES} phases.", param="phases", code="parameter_missing")
    phases = []
    for index, each in enumerate(sent):
        phases.append(_phase(db, customer, each, start, f"phases[{index}]"))
        start = phases[-1]["end_date"]
    return phases


def of_subscription(db: Session, subscription: Subscription) -> Phase:
    """What a subscription is now, as a phase to the end of its period."""
    sold = subscription_items.items(db, subscription.id)
    return {
        "add_invoice_items": [],
        "billing_cycle_anchor": None,
        "collection_method": subscription.collection_method,
        "currency": subscription.currency,
        "days_until_due": subscription.days_until_due,
        "default_tax_rates": subscription.default_tax_rates,
        "description": subscription.description,
        "end_date": subscription.current_period_end,
        "items": [_item(each.item.price_id, each.item.quantity, each.item.tax_rates, {}) for each in sold],
        "metadata": {},
        "proration_behavior": "create_prorations",
        "start_date": subscription.current_period_start,
        "trial_end": subscription.trial_end if subscription.status == "trialing" else None,
    }


def enter(db: Session, customer: Customer, subscription: Subscription, phase: Phase, *, now: int) -> None:
    """Have a subscription be what a phase says, from now on.

    A change within a period is prorated; another interval, a trial, or an anchor at the phase's start
    begins a new period, which the renewal that is then due bills.
    """
    collection.drop_pending_update(db, subscription, now=now)
    before = subscription_items.items(db, subscription.id)
    _apply_words(subscription, phase)
    prices = among(db, Price, [each["price"] for each in phase["items"]])
    restarts = phase["trial_end"] or phase["billing_cycle_anchor"] == "phase_start" or _interval(before) != _of(prices)
    rest = prorations.Rest(customer, subscription, now, now)
    prorates = phase["proration_behavior"] != "none" and subscription_rules.is_prorated(subscription.status)
    changed = _differ(before, phase["items"])
    if prorates and (restarts or changed):
        prorations.credit_unused(db, rest, before)
    after = _replace(db, subscription, before, phase["items"], prices) if changed else before
    if restarts:
        _restart(subscription, phase["trial_end"], now)
    elif prorates and changed:
        db.flush()
        costs = prorations.cost(db, customer, subscription, after, now)
        for each, id in zip(after, prorations.new_ids(len(after)), strict=True):
            rest.charge(db, each, costs[each.item.id], id)
    add_items(db, customer, subscription, phase["add_invoice_items"], now=now)
    if phase["proration_behavior"] == "always_invoice" and not restarts:
        prorations.invoice_pending(db, customer, subscription, now)


def add_items(
    db: Session,
    customer: Customer,
    subscription: Subscription | None,
    wanted: Sequence[Mapping[str, Any]],
    *,
    now: int,
) -> None:
    """The one-time items of a phase, which wait for its next invoice."""
    own: dict[str, Any] = {"subscription": subscription.id} if subscription else {}
    for each in wanted:
        invoiceitems.create(db, invoiceitems.CreateInvoiceItem(customer=customer.id, **own, **each), now=now)


def _phase(db: Session, customer: Customer, sent: SentPhase, start: int, param: str) -> Phase:
    prices = subscription_items.prices(db, customer, sent.items, sent.currency)
    if sent.start_date not in {None, start}:
        raise InvalidRequest("Phases follow each other without a gap.", param=f"{param}[start_date]")
    if sum(each is not None for each in (sent.end_date, sent.duration, sent.iterations)) > 1:
        raise InvalidRequest("Send end_date, duration or iterations, not two of them.", param=f"{param}[end_date]")
    interval = (prices[0].interval or "month", prices[0].interval_count or 1)
    duration = (sent.duration.interval, sent.duration.interval_count) if sent.duration else None
    end = rules.end(start, interval, end_date=sent.end_date, duration=duration, iterations=sent.iterations)
    trial_end = end if sent.trial else sent.trial_end
    if end <= start:
        raise InvalidRequest("A phase ends after it starts.", param=f"{param}[end_date]")
    if trial_end is not None and not start < trial_end <= end:
        raise InvalidRequest("The trial ends within its phase.", param=f"{param}[trial_end]")
    if trial_end and sent.billing_cycle_anchor == "phase_start":
        raise InvalidRequest("A phase with a trial can't set this.", param=f"{param}[billing_cycle_anchor]")
    return {
        "add_invoice_items": [_added(db, each, f"{param}[add_invoice_items]") for each in sent.add_invoice_items],
        "billing_cycle_anchor": sent.billing_cycle_anchor,
        "collection_method": sent.collection_method,
        "currency": prices[0].currency,
        "days_until_due": sent.invoice_settings.days_until_due if sent.invoice_settings else None,
        "default_tax_rates": subscription_items.rate_ids(db, sent.default_tax_rates, f"{param}[default_tax_rates]"),
        "description": sent.description,
        "end_date": end,
        "items": [
            _item(each.price, each.quantity, _rates(db, each, f"{param}[items]"), each.metadata) for each in sent.items
        ],
        "metadata": dict(sent.metadata),
        "proration_behavior": sent.proration_behavior,
        "start_date": start,
        "trial_end": trial_end,
    }


def _item(price: str, quantity: int, tax_rates: list[str], metadata: dict[str, str]) -> dict[str, Any]:
    return {"price": price, "quantity": quantity, "tax_rates": tax_rates, "metadata": merged({}, metadata)}


def _rates(db: Session, sent: Item | AddedItem, param: str) -> list[str]:
    return subscription_items.rate_ids(db, sent.tax_rates, f"{param}[tax_rates]")


def _added(db: Session, sent: AddedItem, param: str) -> dict[str, Any]:
    one_off_prices.found(db, sent.price)
    return {"price": sent.price, "quantity": sent.quantity, "tax_rates": _rates(db, sent, param)}


def _apply_words(subscription: Subscription, phase: Phase) -> None:
    if phase["collection_method"]:
        subscription.collection_method = phase["collection_method"]
        send = phase["collection_method"] == "send_invoice"
        subscription.days_until_due = (phase["days_until_due"] or subscription.days_until_due or 0) if send else None
    if phase["description"] is not None:
        subscription.description = phase["description"]
    if phase["default_tax_rates"]:
        subscription.default_tax_rates = phase["default_tax_rates"]
    subscription.metadata_ = merged(subscription.metadata_, phase["metadata"])


def _interval(sold: Sequence[Sold]) -> set[tuple[str | None, int | None]]:
    return _of({each.price.id: each.price for each in sold})


def _of(prices: Mapping[str, Price]) -> set[tuple[str | None, int | None]]:
    return {(price.interval, price.interval_count) for price in prices.values()}


def _differ(before: Sequence[Sold], wanted: Sequence[Mapping[str, Any]]) -> bool:
    present = {(each.item.price_id, each.item.quantity, tuple(each.item.tax_rates)) for each in before}
    return present != {(each["price"], each["quantity"], tuple(each["tax_rates"])) for each in wanted}


def _replace(
    db: Session,
    subscription: Subscription,
    before: Sequence[Sold],
    wanted: Sequence[Mapping[str, Any]],
    prices: Mapping[str, Price],
) -> list[Sold]:
    """Items of prices that stay keep their ids."""
    held = {each.item.price_id: each for each in before}
    for each in before:
        if each.item.price_id not in {item["price"] for item in wanted}:
            db.delete(each.item)
    sent = [Item(**wish) for wish in wanted if wish["price"] not in held]
    fresh = subscription_items.add(db, subscription, sent, [prices[each.price] for each in sent])
    by_price = {**held, **{each.item.price_id: each for each in fresh}}
    for wish in wanted:
        item = by_price[wish["price"]].item
        item.quantity, item.tax_rates = wish["quantity"], wish["tax_rates"]
        item.metadata_ = merged(item.metadata_, wish["metadata"])
    return [by_price[wish["price"]] for wish in wanted]


def _restart(subscription: Subscription, trial_end: int | None, now: int) -> None:
    """A trial is a period of its own; else the present period ends now, and its renewal is due."""
    if trial_end:
        subscription.status, subscription.trial_start, subscription.trial_end = "trialing", now, trial_end
        subscription.current_period_start, subscription.current_period_end = now, trial_end
        subscription.billing_cycle_anchor = trial_end
    else:
        subscription.billing_cycle_anchor = subscription.current_period_end = now
