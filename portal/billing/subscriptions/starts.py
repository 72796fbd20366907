"""The start of a subscription: its first period, by trial, backdating and anchor."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from portal import clock, ids
from portal.billing.subscriptions import trials
from portal.billing.subscriptions.item_params import ProrationBehavior
from portal.billing.subscriptions.params import AnchorConfig, CreateSubscription
from portal.errors import InvalidRequest
from portal.models import Customer, Price, Subscription
from portal.rules import anchors, billing_modes, periods

LONGEST_BACKDATE = 5 * 366 * clock.DAY


class StartParams(Protocol):
    """The parameters that decide how a subscription starts."""

    @property
    def backdate_start_date(self) -> int | None: ...
    @property
    def billing_cycle_anchor(self) -> int | None: ...
    @property
    def billing_cycle_anchor_config(self) -> AnchorConfig | None: ...
    @property
    def proration_behavior(self) -> ProrationBehavior: ...
    @property
    def trial_end(self) -> int | str | None: ...
    @property
    def trial_from_plan(self) -> bool: ...
    @property
    def trial_period_days(self) -> int | None: ...


@dataclass(frozen=True)
class FirstPeriod:
    """The first period of a subscription; `prorates` says whether time before and up to an anchor is billed."""

    start_date: int
    anchor: int
    period_end: int
    trial_end: int | None
    prorates: bool
    is_anchored: bool = False

    @property
    def is_partial(self) -> bool:
        """Whether the first period is shorter than a full one, as it ends at an anchor that was set."""
        return self.is_anchored


def plan_first_period(wanted: StartParams, prices: Sequence[Price], *, now: int) -> FirstPeriod:
    """The first period by the parameters. Raises `InvalidRequest` for times that are impossible or conflict."""
    begun = _start_date(wanted.backdate_start_date, now)
    trial_end = _trial_end(wanted, prices, now)
    interval, count = prices[0].interval or "month", prices[0].interval_count or 1
    prorates = wanted.proration_behavior != "none"
    free_until = trial_end or now
    end, anchor = _resolve_anchor(wanted, interval, count, free_until)
    if end is None or end == trial_end:
        return FirstPeriod(
            begun, free_until, trial_end or periods.end_after(now, interval, count, now), trial_end, prorates
        )
    if not free_until < end <= periods.add(free_until, interval, count, 1):
        raise InvalidRequest(
            "billing_cycle_anchor must be in the future and after a trial, and not later than the next natural billing"
            " date.",
            param="billing_cycle_anchor",
        )
    if trial_end:
        return _plan_trial(begun, anchor or end, trial_end, prorates)
    return FirstPeriod(begun, anchor or end, end, None, prorates, is_anchored=True)


def _plan_trial(begun: int, anchor: int, trial_end: int, prorates: bool) -> FirstPeriod:
    """A trial, after which a shortened period leads up to the anchor. Raises where that would be for nothing."""
    if not prorates:
        raise InvalidRequest(
            "The time between a trial and billing_cycle_anchor is prorated here; send create_prorations.",
            param="proration_behavior",
        )
    return FirstPeriod(begun, anchor, trial_end, trial_end, prorates)


def build_subscription(
    customer: Customer, command: CreateSubscription, price: Price, start: FirstPeriod, now: int
) -> Subscription:
    """The new subscription, without what `subscription_settings` applies."""
    anchor_config = command.billing_cycle_anchor_config
    return Subscription(
        id=ids.new("subscription"),
        created=now,
        customer_id=customer.id,
        status="trialing" if start.trial_end else "active",
        currency=price.currency,
        start_date=start.start_date,
        billing_cycle_anchor=start.anchor,
        billing_cycle_anchor_config=anchor_config.model_dump() if anchor_config else None,
        billing_mode=billing_modes.build_mode(command.billing_mode.type),
        current_period_start=now,
        current_period_end=start.period_end,
        trial_start=now if start.trial_end else None,
        trial_end=start.trial_end,
        cancel_at_period_end=False,
        cancellation_details={},
        default_tax_rates=[],
        discounts=[],
        metadata_={},
        test_clock_id=customer.test_clock_id,
    )


def _start_date(backdated: int | None, now: int) -> int:
    if backdated is None:
        return now
    if not now - LONGEST_BACKDATE <= backdated <= now:
        raise InvalidRequest("A subscription is backdated by five years at most.", param="backdate_start_date")
    return backdated


def _resolve_anchor(wanted: StartParams, interval: str, count: int, now: int) -> tuple[int | None, int | None]:
    """(end of the first period, anchor) where an anchor was requested, else (None, None)."""
    config = wanted.billing_cycle_anchor_config
    if config is None:
        return wanted.billing_cycle_anchor, wanted.billing_cycle_anchor
    if wanted.billing_cycle_anchor is not None:
        raise InvalidRequest(
            "Send billing_cycle_anchor or billing_cycle_anchor_config, not both.", param="billing_cycle_anchor_config"
        )
    if interval not in {"month", "year"}:
        raise InvalidRequest(
            "billing_cycle_anchor_config goes with prices by the month or year.", param="billing_cycle_anchor_config"
        )
    return anchors.first_moment_and_anchor(config.model_dump(), interval, count, now)


def _trial_end(wanted: StartParams, prices: Sequence[Price], now: int) -> int | None:
    if wanted.trial_end is not None and wanted.trial_period_days is not None:
        raise InvalidRequest("Send trial_end or trial_period_days, not both.", param="trial_period_days")
    if wanted.trial_from_plan and wanted.trial_period_days is not None:
        raise InvalidRequest("Send trial_from_plan or trial_period_days, not both.", param="trial_from_plan")
    if isinstance(wanted.trial_end, str):
        return None
    if wanted.trial_end is not None:
        trials.refuse_impossible_end(wanted.trial_end, now)
        return wanted.trial_end
    if wanted.trial_from_plan:
        return trials.end_by_prices(prices, now)
    return trials.end_after_days(wanted.trial_period_days, now)
