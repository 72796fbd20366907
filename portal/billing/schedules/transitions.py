"""A phase of a schedule is entered: its subscription becomes what the phase says, and is billed for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.catalogue.sold import Sold
from portal.billing.discounts import redemptions
from portal.billing.discounts.discounts import Source
from portal.billing.invoices import collection
from portal.billing.schedules.phases import Phase
from portal.billing.subscriptions import items, one_time_items, prorations
from portal.billing.subscriptions.items import Item
from portal.billing.subscriptions.one_time_items import AddedItem, Span
from portal.db import among
from portal.models import Coupon, Customer, Price, PromotionCode, Subscription
from portal.rules import discounts as discount_rules
from portal.rules import periods
from portal.rules import subscriptions as subscription_rules
from portal.wire.commands import merged


def enter(db: Session, customer: Customer, subscription: Subscription, phase: Phase, *, now: int) -> None:
    """Have a subscription be what a phase says, from now on.

    A change within a period is prorated; another interval, a trial, or an anchor at the phase's start
    begins a new period, which the renewal that is then due bills.
    """
    collection.drop_pending_update(db, subscription, now=now)
    before = items.items(db, subscription.id)
    _apply_words(subscription, phase)
    prices = among(db, Price, [each["price"] for each in phase["items"]])
    restarts = phase["trial_end"] or phase["billing_cycle_anchor"] == "phase_start" or _interval(before) != _of(prices)
    rest = prorations.Rest(customer, subscription, now, now)
    prorates = phase["proration_behavior"] != "none" and subscription_rules.is_prorated(subscription.status)
    changed = _differ(before, phase["items"])
    if prorates and (restarts or changed):
        prorations.credit_unused(db, rest, before)
    after = _replace(db, subscription, before, phase["items"], prices) if changed else before
    _discount(db, customer, subscription, phase, after, now)
    if restarts:
        _restart(subscription, phase["trial_end"], now)
    elif prorates and changed:
        costs = prorations.cost(db, customer, subscription, after, now)
        for each, id in zip(after, prorations.new_ids(len(after)), strict=True):
            rest.charge(db, each, costs[each.item.id], id)
    add_items(db, customer, subscription, phase, now=now)
    if phase["proration_behavior"] == "always_invoice" and not restarts:
        prorations.invoice_pending(db, customer, subscription, now)


def add_items(db: Session, customer: Customer, subscription: Subscription | None, phase: Phase, *, now: int) -> None:
    """The one-time items of a phase, which wait for its next invoice."""
    if not phase["add_invoice_items"]:
        return
    if subscription:
        period = (subscription.current_period_start, subscription.current_period_end)
    else:
        (price, *_) = among(db, Price, [each["price"] for each in phase["items"]]).values()
        end = periods.step(now, price.interval or "month", price.interval_count or 1, 1)
        period = (now, phase["trial_end"] or end)
    span = Span(period, (phase["start_date"], phase["end_date"]))
    wanted = [
        AddedItem(**{key: value for key, value in each.items() if value is not None})
        for each in phase["add_invoice_items"]
    ]
    one_time_items.add(db, customer, subscription, wanted, span, now=now, checked=True)


def _discount(
    db: Session, customer: Customer, subscription: Subscription, phase: Phase, after: Sequence[Sold], now: int
) -> None:
    """The discounts of a phase in place of those of the one before it."""
    db.flush()
    whole = _redeemable(db, phase.get("discounts") or [], subscription.discounts, now)
    if whole or subscription.discounts:
        price = sum(each.amount for each in after)
        sent = redemptions.Discounts(discounts=whole)
        redemptions.put_on_subscription(db, customer, subscription, sent, price, now=now)
    wanted = {each["price"]: each.get("discounts") or [] for each in phase["items"]}
    for sold in after:
        own = _redeemable(db, wanted.get(sold.price.id, []), sold.item.discounts, now)
        if own or sold.item.discounts:
            redemptions.put_on_subscription_item(db, customer, subscription, sold, own, "items", now=now)
    db.flush()


def _redeemable(db: Session, sent: Sequence[Mapping[str, Any]], held: Sequence[str], now: int) -> list[Source]:
    """Without what was spent, taken off or has expired since the phase was planned: a phase must begin."""
    sources = [Source(**{key: value for key, value in each.items() if value}) for each in sent]
    coupons = among(db, Coupon, [each.coupon for each in sources if each.coupon])
    codes = among(db, PromotionCode, [each.promotion_code for each in sources if each.promotion_code])
    valid = {row.id for row in coupons.values() if discount_rules.is_valid(row, now)}
    valid |= {row.id for row in codes.values() if discount_rules.is_usable(row, now)} | set(held)
    return [each for each in sources if {each.coupon, each.promotion_code, each.discount} & valid]


def _apply_words(subscription: Subscription, phase: Phase) -> None:
    if phase["collection_method"]:
        subscription.collection_method = phase["collection_method"]
        send = phase["collection_method"] == "send_invoice"
        subscription.days_until_due = (phase["days_until_due"] or subscription.days_until_due or 0) if send else None
    if phase.get("invoice_settings"):
        subscription.invoice_settings = phase["invoice_settings"]
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
    fresh_ones = [wish for wish in wanted if wish["price"] not in held]
    sent = [Item(**{key: wish[key] for key in _OF_ITEM}) for wish in fresh_ones]
    fresh = items.add(db, subscription, sent, [prices[each.price] for each in sent])
    by_price = {**held, **{each.item.price_id: each for each in fresh}}
    for wish in wanted:
        item = by_price[wish["price"]].item
        item.quantity, item.tax_rates = wish["quantity"], wish["tax_rates"]
        item.metadata_ = merged(item.metadata_, wish["metadata"])
    return [by_price[wish["price"]] for wish in wanted]


_OF_ITEM = ("price", "quantity", "tax_rates", "metadata")


def _restart(subscription: Subscription, trial_end: int | None, now: int) -> None:
    """A trial is a period of its own; else the present period ends now, and its renewal is due."""
    if trial_end:
        subscription.status, subscription.trial_start, subscription.trial_end = "trialing", now, trial_end
        subscription.current_period_start, subscription.current_period_end = now, trial_end
        subscription.billing_cycle_anchor = trial_end
    else:
        subscription.billing_cycle_anchor = subscription.current_period_end = now
