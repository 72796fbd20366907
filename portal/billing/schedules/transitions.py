"""The start of a schedule's phase: its subscription takes over the phase's settings and items, and is billed."""

from sqlalchemy.orm import Session

from portal.billing.invoices import statuses
from portal.billing.schedules import phase_discounts, phase_items
from portal.billing.schedules.phase_times import Phase
from portal.billing.subscriptions import items, pending_invoices, prorations
from portal.db import rows_by_id
from portal.models import Customer, Price, Subscription
from portal.rules import subscriptions as subscription_rules
from portal.wire.commands import merge_metadata


def apply_phase(
    db: Session, customer: Customer, subscription: Subscription, phase: Phase, *, since: Phase | None = None, now: int
) -> None:
    """Make a subscription what a phase says, from now on; `since` is the same phase as it was until now, if it runs.

    A change within a period is prorated. Another interval, a trial, or an anchor at the phase's start
    starts a new period, which is billed by the renewal that is then due.
    """
    statuses.drop_pending_update(db, subscription, now=now)
    before = items.list_items(db, subscription.id)
    _apply_settings(subscription, phase)
    prices = rows_by_id(db, Price, [each["price"] for each in phase["items"]])
    restarts = (
        phase["trial_end"]
        or phase["billing_cycle_anchor"] == "phase_start"
        or phase_items.item_intervals(before) != phase_items.price_intervals(prices)
    )
    rest = prorations.RemainingPeriod.since(customer, subscription, now, now)
    prorates = phase["proration_behavior"] != "none" and subscription_rules.is_prorated(subscription.status)
    changed = phase_items.items_differ(before, phase["items"])
    if prorates and (restarts or changed):
        prorations.credit_unused_time(db, rest, before)
    after = phase_items.replace_items(db, subscription, before, phase["items"], prices) if changed else before
    phase_discounts.apply_discounts(db, customer, subscription, phase, since, after, now)
    if restarts:
        _restart_period(subscription, phase["trial_end"], now)
    elif prorates and changed:
        prorations.charge_remaining_time(db, rest, after)
    phase_items.add_phase_items(db, customer, subscription, phase, now=now)
    if phase["proration_behavior"] == "always_invoice" and not restarts:
        pending_invoices.invoice_pending(db, customer, subscription, now)


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
    if phase["metadata"]:
        subscription.metadata_ = merge_metadata(subscription.metadata_, phase["metadata"])


def _restart_period(subscription: Subscription, trial_end: int | None, now: int) -> None:
    """Start the trial as a period of its own, or end the present period now, so that its renewal is due."""
    if trial_end:
        subscription.status, subscription.trial_start, subscription.trial_end = "trialing", now, trial_end
        subscription.current_period_start, subscription.current_period_end = now, trial_end
        subscription.billing_cycle_anchor = trial_end
    else:
        subscription.billing_cycle_anchor = subscription.current_period_end = now
