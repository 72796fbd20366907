"""Items billed once together with a subscription (`add_invoice_items`), and their periods."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.invoices import invoiceitems
from portal.billing.invoices.item_params import CreateInvoiceItem, Period
from portal.billing.subscriptions.item_params import AddedItem, ItemPeriod, ItemPeriodEnd, ItemPeriodStart
from portal.db import find_row
from portal.errors import InvalidRequest, MissingParameter, params_within
from portal.models import Customer, Price, Subscription


@dataclass(frozen=True)
class BillingPeriods:
    """The period of the subscription's items, and the period of the schedule's phase where there is one."""

    period: tuple[int, int]
    phase: tuple[int, int] | None = None


def billing_periods(subscription: Subscription) -> BillingPeriods:
    """The periods of a subscription without a schedule."""
    return BillingPeriods((subscription.current_period_start, subscription.current_period_end))


def create_items(
    db: Session,
    customer: Customer,
    subscription: Subscription | None,
    sent: Sequence[AddedItem],
    span: BillingPeriods,
    *,
    now: int,
    checked: bool = False,
) -> None:
    """Create invoice items for the first invoice, or for the next one of a subscription.

    `checked` says that their prices were validated before, and may have been created for these items only.
    Raises `InvalidRequest` for a wrong period.
    """
    own: dict[str, Any] = {"subscription": subscription.id} if subscription else {}
    for index, each in enumerate(sent):
        start, end = _resolve_period(each.period or ItemPeriod(), span, f"add_invoice_items[{index}][period]", now)
        values = {name: value for name, value in each.sent_values().items() if name != "period"}
        period = Period(start=start, end=end)
        item = CreateInvoiceItem(customer=customer.id, period=period, **own, **values)
        price = find_row(db, Price, each.price, noun="price") if checked and each.price else None
        with params_within(f"add_invoice_items[{index}]"):
            invoiceitems.create(db, item, now=now, price=price)


def _resolve_period(sent: ItemPeriod, span: BillingPeriods, param: str, now: int) -> tuple[int, int]:
    start = _resolve_moment(
        sent.start, {"max_item_period_start": span.period[0], "now": now}, "phase_start", span, 0, param
    )
    end = _resolve_moment(sent.end, {"min_item_period_end": span.period[1]}, "phase_end", span, 1, param)
    if end < start:
        raise InvalidRequest("The period ends before it starts.", param=f"{param}[end]")
    return start, end


def _resolve_moment(
    sent: ItemPeriodStart | ItemPeriodEnd,
    known: dict[str, int],
    of_phase: str,
    span: BillingPeriods,
    edge: int,
    param: str,
) -> int:
    place = f"{param}[{'end' if edge else 'start'}]"
    if sent.type == "timestamp":
        if sent.timestamp is None:
            raise MissingParameter(f"{place}[timestamp]")
        return sent.timestamp
    if sent.type == of_phase:
        if span.phase is None:
            raise InvalidRequest(f"{of_phase} goes with the phases of a schedule.", param=f"{place}[type]")
        return span.phase[edge]
    return known[sent.type]
