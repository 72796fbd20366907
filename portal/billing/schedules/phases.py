"""Phases of a subscription schedule: from request parameters to the form in which they are stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from sqlalchemy.orm import Session

from portal.billing.catalogue import one_off_prices
from portal.billing.discounts.discounts import DiscountSource, DiscountSources
from portal.billing.invoices.params import CollectionMethod, DaysUntilDue
from portal.billing.subscriptions import items as subscription_items
from portal.billing.subscriptions import subscription_settings
from portal.billing.subscriptions.item_params import AddedItem, ProrationBehavior, ResolvedItem, SentItem
from portal.billing.subscriptions.params import InvoiceSettings
from portal.db import find_row
from portal.errors import InvalidRequest, MissingParameter, params_within
from portal.models import Coupon, Customer, Discount, PromotionCode, Subscription
from portal.rules import schedules as rules
from portal.wire.commands import (
    Clearable,
    Command,
    Currency,
    Flag,
    Id,
    ListOf,
    Metadata,
    Text,
    integer_between,
    merge_metadata,
)
from portal.wire.moments import NowOrTimestamp

MOST_PHASES = 10
Anchor = Literal["automatic", "phase_start"]
Phase = dict[str, Any]


class Duration(Command):
    interval: Literal["day", "month", "week", "year"]
    interval_count: Annotated[int, integer_between(1, 1000)] = 1


class PhaseInvoiceSettings(InvoiceSettings):
    days_until_due: DaysUntilDue | None = None


class SentPhase(Command):
    items: ListOf[SentItem]
    add_invoice_items: ListOf[AddedItem] = []
    billing_cycle_anchor: Anchor | None = None
    collection_method: CollectionMethod | None = None
    coupon: Clearable[Id] = None
    currency: Currency | None = None
    default_tax_rates: ListOf[Id] = []
    description: Clearable[Text] = None
    discounts: DiscountSources = []
    duration: Duration | None = None
    end_date: NowOrTimestamp | None = None
    invoice_settings: PhaseInvoiceSettings | None = None
    iterations: Annotated[int, integer_between(1, 1000)] | None = None
    metadata: Metadata = {}
    proration_behavior: ProrationBehavior = "create_prorations"
    start_date: NowOrTimestamp | None = None
    trial: Flag = False
    trial_end: NowOrTimestamp | None = None


@dataclass(frozen=True)
class PhaseTimes:
    """When a phase starts and ends, and its trial, None where it has none."""

    start: int
    end: int
    trial_end: int | None


def parse_phases(db: Session, customer: Customer, sent: Sequence[SentPhase], start: int, *, now: int) -> list[Phase]:
    """The phases in stored form, one after the other from `start` on.

    Raises `InvalidRequest` for phases without time or with gaps, `ResourceMissing` for unknown prices.
    """
    if not 1 <= len(sent) <= MOST_PHASES:
        raise InvalidRequest(f"A schedule has 1 to {MOST_PHASES} phases.", param="phases", code="parameter_missing")
    phases = []
    for index, each in enumerate(sent):
        phases.append(_build_phase(db, customer, each, start, f"phases[{index}]", now))
        start = phases[-1]["end_date"]
    return phases


def build_current_phase(db: Session, subscription: Subscription) -> Phase:
    """A phase with the present settings of a subscription, up to the end of its period."""
    sold = subscription_items.list_items(db, subscription.id)
    return {
        "add_invoice_items": [],
        "billing_cycle_anchor": None,
        "collection_method": subscription.collection_method,
        "currency": subscription.currency,
        "days_until_due": subscription.days_until_due,
        "default_tax_rates": subscription.default_tax_rates,
        "description": subscription.description,
        "discounts": _existing_discounts(subscription.discounts),
        "end_date": subscription.current_period_end,
        "invoice_settings": subscription.invoice_settings,
        "items": [
            _build_item(
                each.item.price_id,
                each.item.quantity,
                each.item.tax_rates,
                {},
                _existing_discounts(each.item.discounts),
            )
            for each in sold
        ],
        "metadata": {},
        "proration_behavior": "create_prorations",
        "start_date": subscription.current_period_start,
        "trial_end": subscription.trial_end if subscription.status == "trialing" else None,
    }


def resolve_timestamp(sent: int | str | None, now: int) -> int | None:
    """A timestamp; `now` stands for the present time."""
    return now if isinstance(sent, str) else sent


def build_invoice_settings(db: Session, sent: PhaseInvoiceSettings | None) -> dict[str, Any] | None:
    """The invoice settings of a phase without `days_until_due`, which is stored on its own."""
    if sent is None:
        return None
    own = {name: value for name, value in sent.sent_values().items() if name != "days_until_due"}
    return subscription_settings.merge_settings(db, None, InvoiceSettings(**own))


def _build_phase(db: Session, customer: Customer, sent: SentPhase, start: int, param: str, now: int) -> Phase:
    with params_within(param):
        items, prices = subscription_items.resolve_items(db, sent.items, now=now)
        subscription_items.refuse_mixed(customer, prices, sent.currency)
        settings = build_invoice_settings(db, sent.invoice_settings)
    span = _phase_times(sent, start, (prices[0].interval or "month", prices[0].interval_count or 1), param, now)
    return {
        "add_invoice_items": [
            _parse_invoice_item(db, each, f"{param}[add_invoice_items][{at}]", now)
            for at, each in enumerate(sent.add_invoice_items)
        ],
        "billing_cycle_anchor": sent.billing_cycle_anchor,
        "collection_method": sent.collection_method,
        "currency": prices[0].currency,
        "days_until_due": sent.invoice_settings.days_until_due if sent.invoice_settings else None,
        "default_tax_rates": subscription_items.active_rate_ids(
            db, sent.default_tax_rates, f"{param}[default_tax_rates]"
        ),
        "description": sent.description,
        "discounts": _phase_discounts(db, sent, param),
        "end_date": span.end,
        "invoice_settings": settings,
        "items": [_parse_item(db, each, f"{param}[items][{at}]") for at, each in enumerate(items)],
        "metadata": dict(sent.metadata),
        "proration_behavior": sent.proration_behavior,
        "start_date": span.start,
        "trial_end": span.trial_end,
    }


def _phase_times(sent: SentPhase, start: int, interval: tuple[str, int], param: str, now: int) -> PhaseTimes:
    """Raises `InvalidRequest` for a phase with a gap before it, without time, or with a trial beyond it."""
    if resolve_timestamp(sent.start_date, now) not in {None, start}:
        raise InvalidRequest("Phases follow each other without a gap.", param=f"{param}[start_date]")
    if sum(each is not None for each in (sent.end_date, sent.duration, sent.iterations)) > 1:
        raise InvalidRequest("Send end_date, duration or iterations, not two of them.", param=f"{param}[end_date]")
    duration = (sent.duration.interval, sent.duration.interval_count) if sent.duration else None
    end_date = resolve_timestamp(sent.end_date, now)
    end = rules.phase_end(start, interval, end_date=end_date, duration=duration, iterations=sent.iterations)
    trial_end = end if sent.trial else None if sent.trial_end == "now" else resolve_timestamp(sent.trial_end, now)
    if end <= start:
        raise InvalidRequest("A phase ends after it starts.", param=f"{param}[end_date]")
    if trial_end is not None and not start < trial_end <= end:
        raise InvalidRequest("The trial ends within its phase.", param=f"{param}[trial_end]")
    if trial_end and sent.billing_cycle_anchor == "phase_start":
        raise InvalidRequest("A phase with a trial can't set this.", param=f"{param}[billing_cycle_anchor]")
    return PhaseTimes(start, end, trial_end)


def _parse_item(db: Session, sent: ResolvedItem, param: str) -> dict[str, Any]:
    rates = subscription_items.active_rate_ids(db, sent.tax_rates, f"{param}[tax_rates]")
    return _build_item(
        sent.price, sent.quantity, rates, sent.metadata, _parse_sources(db, sent.discounts, f"{param}[discounts]")
    )


def _build_item(
    price: str, quantity: int, tax_rates: list[str], metadata: dict[str, str], discounts: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "discounts": discounts,
        "metadata": merge_metadata({}, metadata),
        "price": price,
        "quantity": quantity,
        "tax_rates": tax_rates,
    }


def _parse_invoice_item(db: Session, sent: AddedItem, param: str, now: int) -> dict[str, Any]:
    with params_within(param):
        if sent.price_data:
            price = one_off_prices.create_price(db, sent.price_data, now=now)
        elif sent.price:
            price = one_off_prices.find_price(db, sent.price)
        else:
            raise MissingParameter("price")
        rates = subscription_items.active_rate_ids(db, sent.tax_rates, "tax_rates")
        discounts = _parse_sources(db, sent.discounts, "discounts")
    return {
        "discountable": sent.discountable,
        "discounts": discounts,
        "metadata": merge_metadata({}, sent.metadata),
        "period": sent.period.model_dump() if sent.period else None,
        "price": price.id,
        "quantity": sent.quantity,
        "tax_rates": rates,
    }


_SOURCE_MODELS: dict[str, tuple[Any, str]] = {
    "coupon": (Coupon, "coupon"),
    "discount": (Discount, "discount"),
    "promotion_code": (PromotionCode, "promotion code"),
}


def _parse_sources(db: Session, sent: Sequence[DiscountSource], param: str) -> list[dict[str, Any]]:
    """Discounts to redeem when the phase starts. Raises `ResourceMissing` for one that is unknown now."""
    for index, source in enumerate(sent):
        for name, id in source.sent_values().items():
            model, noun = _SOURCE_MODELS[name]
            find_row(db, model, id, noun=noun, param=f"{param}[{index}][{name}]")
    return [source.model_dump() for source in sent]


def _phase_discounts(db: Session, sent: SentPhase, param: str) -> list[dict[str, Any]]:
    """The discounts of the phase itself; older API versions send a single one as `coupon`."""
    if sent.coupon is None:
        return _parse_sources(db, sent.discounts, f"{param}[discounts]")
    if sent.discounts:
        raise InvalidRequest("Send coupon or discounts, not both.", param=f"{param}[coupon]")
    find_row(db, Coupon, sent.coupon, noun="coupon", param=f"{param}[coupon]")
    return [DiscountSource(coupon=sent.coupon).model_dump()]


def _existing_discounts(discount_ids: Sequence[str]) -> list[dict[str, Any]]:
    return [DiscountSource(discount=id).model_dump() for id in discount_ids]
