"""The start of a subscription: its first period (trial, backdating, anchor) and its first invoice."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from sqlalchemy.orm import Session

from portal import clock, i18n
from portal.billing.catalogue.sold import SoldItem
from portal.billing.invoices import collectors, drafts, finalization, pending_items
from portal.billing.ledger import parties
from portal.billing.subscriptions import item_changes, items
from portal.billing.subscriptions.item_changes import ProrationBehavior
from portal.errors import InvalidRequest
from portal.models import Customer, Invoice, Price, Subscription
from portal.rules import anchors, periods
from portal.rules import subscriptions as rules
from portal.rules.proration import amount_between
from portal.wire.commands import Command, integer_between

LONGEST_BACKDATE = 5 * 366 * clock.DAY


class AnchorConfig(Command):
    day_of_month: Annotated[int, integer_between(1, 31)]
    hour: Annotated[int, integer_between(0, 23)] | None = None
    minute: Annotated[int, integer_between(0, 59)] | None = None
    month: Annotated[int, integer_between(1, 12)] | None = None
    second: Annotated[int, integer_between(0, 59)] | None = None


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
    end, anchor = _resolve_anchor(wanted, interval, count, now)
    if end is None:
        natural = trial_end or now
        return FirstPeriod(
            begun, natural, trial_end or periods.end_after(now, interval, count, now), trial_end, prorates
        )
    if trial_end:
        raise InvalidRequest("Send billing_cycle_anchor or a trial, not both.", param="billing_cycle_anchor")
    if not now < end <= periods.add(now, interval, count, 1):
        raise InvalidRequest(
            "billing_cycle_anchor must be in the future, and not later than the next natural billing date.",
            param="billing_cycle_anchor",
        )
    return FirstPeriod(begun, anchor or end, end, None, prorates, is_anchored=True)


def render_anchor_config(sent: AnchorConfig | None) -> dict[str, Any] | None:
    """The wire's `billing_cycle_anchor_config`."""
    return sent.model_dump() if sent else None


def create_first_invoice(
    db: Session,
    customer: Customer,
    subscription: Subscription,
    sold: Sequence[SoldItem],
    begun: FirstPeriod,
    *,
    now: int,
) -> Invoice:
    """Create the first invoice; finalized at once where it is charged automatically, else a draft."""
    invoice = drafts.create(
        db, customer, subscription, subscription.currency, "subscription_create", now=now, period=(now, now)
    )
    drafts.add_items(db, invoice, pending_items.list_without_subscription(db, customer.id))
    lines = [_build_line(db, customer, subscription, each, begun) for each in sold]
    if begun.prorates and begun.start_date < now:
        lines += [_build_backdated_line(db, customer, subscription, each, begun, now) for each in sold]
    drafts.add_lines(db, invoice, lines)
    if subscription.collection_method == "send_invoice":
        return invoice
    finalization.finalize(db, invoice, now=now)
    subscription.status = rules.first_status(
        trialing=subscription.status == "trialing",
        collection_method=subscription.collection_method,
        amount_due=invoice.amount_remaining if collectors.stuck_attempt(db, invoice) else 0,
    )
    return invoice


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
        if not now < wanted.trial_end <= now + item_changes.LONGEST_TRIAL:
            raise InvalidRequest("The trial must end in the future, within two years.", param="trial_end")
        return wanted.trial_end
    days = wanted.trial_period_days
    if wanted.trial_from_plan:
        days = max(price.trial_period_days or 0 for price in prices)
    return now + days * clock.DAY if days else None


def _build_line(
    db: Session, customer: Customer, subscription: Subscription, sold: SoldItem, begun: FirstPeriod
) -> dict[str, Any]:
    line = items.build_line(db, customer, subscription, sold)
    if not begun.is_partial:
        return line
    stop = subscription.current_period_end
    amount = _prorated_amount(sold, begun, subscription.current_period_start, stop) if begun.prorates else 0
    return {**line, **_amount_columns(amount, sold), "proration": begun.prorates}


def _build_backdated_line(
    db: Session, customer: Customer, subscription: Subscription, sold: SoldItem, begun: FirstPeriod, now: int
) -> dict[str, Any]:
    """The line for the time between the backdated start and now."""
    locale = parties.customer_locale(db, customer)
    _ = i18n.load_translations(locale).gettext
    line = items.build_line(db, customer, subscription, sold)
    amount = _prorated_amount(sold, begun, begun.start_date, now)
    words = _("Remaining time on %(product)s after %(date)s")
    name = items.item_name(db, sold)
    return {
        **line,
        **_amount_columns(amount, sold),
        "description": words % {"product": name, "date": i18n.format_day(begun.start_date, locale)},
        "period_start": begun.start_date,
        "period_end": now,
        "proration": True,
    }


def _amount_columns(amount: int, sold: SoldItem) -> dict[str, Any]:
    return {"amount": amount, "unit_amount_decimal": items.unit_amount(amount, sold.item.quantity)}


def _prorated_amount(sold: SoldItem, begun: FirstPeriod, start: int, stop: int) -> int:
    """The price of the time from `start` to `stop`, in periods counted back from the anchor or the trial's end."""
    anchor = stop if begun.trial_end else begun.anchor
    interval, count = sold.price.interval or "month", sold.price.interval_count or 1
    return amount_between(sold.amount, anchor, interval, count, start, stop)
