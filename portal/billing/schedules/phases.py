"""Phases of a subscription schedule: from request parameters to the form in which they are stored."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.catalogue import one_off_prices
from portal.billing.schedules import phase_discounts, phase_settings, phase_times
from portal.billing.schedules.params import SentPhase
from portal.billing.schedules.phase_times import Phase
from portal.billing.subscriptions import items as subscription_items
from portal.billing.subscriptions.item_params import AddedItem, ResolvedItem
from portal.errors import InvalidRequest, MissingParameter, params_within
from portal.models import Customer, Subscription
from portal.wire.commands import (
    merge_metadata,
)

MOST_PHASES = 10


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
    """A phase with the present settings of a subscription, up to its coming end, else to the end of its period.

    What is made of one of its items `moves` that one, so that it stays the same one.
    """
    sold = subscription_items.list_items(db, subscription.id)
    return {
        "add_invoice_items": [],
        "billing_cycle_anchor": None,
        "collection_method": subscription.collection_method,
        "currency": subscription.currency,
        "days_until_due": subscription.days_until_due,
        "default_tax_rates": subscription.default_tax_rates,
        "description": subscription.description,
        "discounts": phase_discounts.existing_sources(subscription.discounts),
        "end_date": subscription.cancel_at or subscription.current_period_end,
        "invoice_settings": subscription.invoice_settings,
        "items": [
            {
                **_build_item(
                    each.item.price_id,
                    each.item.quantity,
                    each.item.tax_rates,
                    {},
                    phase_discounts.existing_sources(each.item.discounts),
                ),
                "moves": each.item.id,
            }
            for each in sold
        ],
        "metadata": {},
        "proration_behavior": "create_prorations",
        "start_date": subscription.current_period_start,
        "trial_end": subscription.trial_end if subscription.status == "trialing" else None,
    }


def keep_settled(db: Session, subscription: Subscription, phase: Phase) -> Phase:
    """A phase in which a customer changes the plan alone, with all else as the subscription has it by now.

    Its items say which ones they move; a phase that says nothing of this, as those that are sent, stays as it is.
    """
    if not any(each.get("moves") for each in phase["items"]):
        return phase
    present = build_current_phase(db, subscription)
    held = {each["moves"]: each for each in present["items"]}
    codes = [each for each in phase["discounts"] if not each["discount"]]
    return {
        **phase,
        **_take(present, *_SETTLED),
        "discounts": [*present["discounts"], *codes],
        "items": [each | _take(held.get(each.get("moves"), {}), "discounts", "tax_rates") for each in phase["items"]],
    }


#: What of a subscription no customer changes together with the plan.
_SETTLED = ("collection_method", "days_until_due", "default_tax_rates", "description", "invoice_settings")


def _take(settings: Phase, *names: str) -> dict[str, Any]:
    return {name: settings[name] for name in names if name in settings}


def _build_phase(db: Session, customer: Customer, sent: SentPhase, start: int, param: str, now: int) -> Phase:
    with params_within(param):
        items, prices = subscription_items.resolve_items(db, sent.items, now=now)
        subscription_items.refuse_mixed(customer, prices, sent.currency)
        settings = phase_settings.build_invoice_settings(db, sent.invoice_settings)
    span = phase_times.parse_times(
        sent, start, (prices[0].interval or "month", prices[0].interval_count or 1), param, now
    )
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
        "discounts": phase_discounts.parse_phase_discounts(db, sent, param),
        "end_date": span.end,
        "invoice_settings": settings,
        "items": [_parse_item(db, each, f"{param}[items][{at}]") for at, each in enumerate(items)],
        "metadata": dict(sent.metadata),
        "proration_behavior": sent.proration_behavior,
        "start_date": span.start,
        "trial_end": span.trial_end,
    }


def _parse_item(db: Session, sent: ResolvedItem, param: str) -> dict[str, Any]:
    rates = subscription_items.active_rate_ids(db, sent.tax_rates, f"{param}[tax_rates]")
    return _build_item(
        sent.price,
        sent.quantity,
        rates,
        sent.metadata,
        phase_discounts.parse_sources(db, sent.discounts, f"{param}[discounts]"),
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
        discounts = phase_discounts.parse_sources(db, sent.discounts, "discounts")
    return {
        "discountable": sent.discountable,
        "discounts": discounts,
        "metadata": merge_metadata({}, sent.metadata),
        "period": sent.period.model_dump() if sent.period else None,
        "price": price.id,
        "quantity": sent.quantity,
        "tax_rates": rates,
    }
