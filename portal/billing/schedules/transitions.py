"""The start of a schedule's phase: its subscription takes over the phase's settings and items, and is billed."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.catalogue.sold import SoldItem
from portal.billing.discounts import redemptions
from portal.billing.discounts.discounts import DiscountSource
from portal.billing.invoices import collection
from portal.billing.schedules.phases import Phase
from portal.billing.subscriptions import item_costs, items, one_time_items, pending_invoices, prorations
from portal.billing.subscriptions.item_params import AddedItem, ResolvedItem
from portal.billing.subscriptions.one_time_items import BillingPeriods
from portal.db import rows_by_id
from portal.models import Coupon, Customer, Price, PromotionCode, Subscription
from portal.rules import discounts as discount_rules
from portal.rules import periods
from portal.rules import subscriptions as subscription_rules
from portal.wire.commands import merge_metadata


def apply_phase(db: Session, customer: Customer, subscription: Subscription, phase: Phase, *, now: int) -> None:
    """Make a subscription what a phase says, from now on.

    A change within a period is prorated. Another interval, a trial, or an anchor at the phase's start
    starts a new period, which is billed by the renewal that is then due.
    """
    collection.drop_pending_update(db, subscription, now=now)
    before = items.list_items(db, subscription.id)
    _apply_settings(subscription, phase)
    prices = rows_by_id(db, Price, [each["price"] for each in phase["items"]])
    restarts = (
        phase["trial_end"]
        or phase["billing_cycle_anchor"] == "phase_start"
        or _item_intervals(before) != _price_intervals(prices)
    )
    rest = prorations.RemainingPeriod(customer, subscription, now, now)
    prorates = phase["proration_behavior"] != "none" and subscription_rules.is_prorated(subscription.status)
    changed = _items_differ(before, phase["items"])
    if prorates and (restarts or changed):
        prorations.credit_unused_time(db, rest, before)
    after = _replace_items(db, subscription, before, phase["items"], prices) if changed else before
    _apply_discounts(db, customer, subscription, phase, after, now)
    if restarts:
        _restart_period(subscription, phase["trial_end"], now)
    elif prorates and changed:
        costs = item_costs.period_costs(db, customer, subscription, after, now)
        for each, id in zip(after, prorations.new_item_ids(len(after)), strict=True):
            rest.charge_item(db, each, costs[each.item.id], id)
    add_phase_items(db, customer, subscription, phase, now=now)
    if phase["proration_behavior"] == "always_invoice" and not restarts:
        pending_invoices.invoice_pending(db, customer, subscription, now)


def add_phase_items(
    db: Session, customer: Customer, subscription: Subscription | None, phase: Phase, *, now: int
) -> None:
    """Add the one-time items of a phase, which its next invoice bills."""
    if not phase["add_invoice_items"]:
        return
    if subscription:
        period = (subscription.current_period_start, subscription.current_period_end)
    else:
        (price, *_) = rows_by_id(db, Price, [each["price"] for each in phase["items"]]).values()
        end = periods.add(now, price.interval or "month", price.interval_count or 1, 1)
        period = (now, phase["trial_end"] or end)
    span = BillingPeriods(period, (phase["start_date"], phase["end_date"]))
    wanted = [
        AddedItem(**{key: value for key, value in each.items() if value is not None})
        for each in phase["add_invoice_items"]
    ]
    one_time_items.create_items(db, customer, subscription, wanted, span, now=now, checked=True)


def _apply_discounts(
    db: Session, customer: Customer, subscription: Subscription, phase: Phase, after: Sequence[SoldItem], now: int
) -> None:
    """Replace the discounts of the phase before by those of this phase."""
    db.flush()
    whole = _redeemable_sources(db, phase.get("discounts") or [], subscription.discounts, now)
    if whole or subscription.discounts:
        price = sum(each.amount for each in after)
        sent = redemptions.DiscountParams(discounts=whole)
        redemptions.redeem_for_subscription(db, customer, subscription, sent, price, now=now)
    wanted = {each["price"]: each.get("discounts") or [] for each in phase["items"]}
    for sold in after:
        own = _redeemable_sources(db, wanted.get(sold.price.id, []), sold.item.discounts, now)
        if own or sold.item.discounts:
            redemptions.redeem_for_subscription_item(db, customer, subscription, sold, own, "items", now=now)
    db.flush()


def _redeemable_sources(
    db: Session, sent: Sequence[Mapping[str, Any]], held: Sequence[str], now: int
) -> list[DiscountSource]:
    """The sources that can still be redeemed. Others are left out, as a phase must start in any case."""
    sources = [DiscountSource(**{key: value for key, value in each.items() if value}) for each in sent]
    coupons = rows_by_id(db, Coupon, [each.coupon for each in sources if each.coupon])
    codes = rows_by_id(db, PromotionCode, [each.promotion_code for each in sources if each.promotion_code])
    valid = {row.id for row in coupons.values() if discount_rules.is_valid_coupon(row, now)}
    valid |= {row.id for row in codes.values() if discount_rules.is_usable_code(row, now)} | set(held)
    return [each for each in sources if {each.coupon, each.promotion_code, each.discount} & valid]


def _apply_settings(subscription: Subscription, phase: Phase) -> None:
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
    subscription.metadata_ = merge_metadata(subscription.metadata_, phase["metadata"])


def _item_intervals(sold: Sequence[SoldItem]) -> set[tuple[str | None, int | None]]:
    return _price_intervals({each.price.id: each.price for each in sold})


def _price_intervals(prices: Mapping[str, Price]) -> set[tuple[str | None, int | None]]:
    return {(price.interval, price.interval_count) for price in prices.values()}


def _items_differ(before: Sequence[SoldItem], wanted: Sequence[Mapping[str, Any]]) -> bool:
    present = {(each.item.price_id, each.item.quantity, tuple(each.item.tax_rates)) for each in before}
    return present != {(each["price"], each["quantity"], tuple(each["tax_rates"])) for each in wanted}


def _replace_items(
    db: Session,
    subscription: Subscription,
    before: Sequence[SoldItem],
    wanted: Sequence[Mapping[str, Any]],
    prices: Mapping[str, Price],
) -> list[SoldItem]:
    """Replace the items; those whose price stays keep their ids."""
    held = {each.item.price_id: each for each in before}
    for each in before:
        if each.item.price_id not in {item["price"] for item in wanted}:
            db.delete(each.item)
    fresh_ones = [wish for wish in wanted if wish["price"] not in held]
    sent = [ResolvedItem(**{key: wish[key] for key in _ITEM_FIELDS}) for wish in fresh_ones]
    fresh = items.add_items(db, subscription, sent, [prices[each.price] for each in sent])
    by_price = {**held, **{each.item.price_id: each for each in fresh}}
    for wish in wanted:
        item = by_price[wish["price"]].item
        item.quantity, item.tax_rates = wish["quantity"], wish["tax_rates"]
        item.metadata_ = merge_metadata(item.metadata_, wish["metadata"])
    return [by_price[wish["price"]] for wish in wanted]


_ITEM_FIELDS = ("price", "quantity", "tax_rates", "metadata")


def _restart_period(subscription: Subscription, trial_end: int | None, now: int) -> None:
    """Start the trial as a period of its own, or end the present period now, so that its renewal is due."""
    if trial_end:
        subscription.status, subscription.trial_start, subscription.trial_end = "trialing", now, trial_end
        subscription.current_period_start, subscription.current_period_end = now, trial_end
        subscription.billing_cycle_anchor = trial_end
    else:
        subscription.billing_cycle_anchor = subscription.current_period_end = now
