"""Items billed once together with a subscription (`add_invoice_items`), and the time that they are for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy.orm import Session

from portal.billing.catalogue import one_off_prices
from portal.billing.discounts.discounts import Sources
from portal.billing.invoices import invoiceitems
from portal.db import find
from portal.errors import InvalidRequest, MissingParameter
from portal.models import Customer, Price, Subscription
from portal.wire.commands import Command, Flag, Id, ListOf, Metadata, Quantity, Timestamp


class Begin(Command):
    type: Literal["max_item_period_start", "now", "phase_start", "timestamp"]
    timestamp: Timestamp | None = None


class End(Command):
    type: Literal["min_item_period_end", "phase_end", "timestamp"]
    timestamp: Timestamp | None = None


class Time(Command):
    start: Begin = Begin(type="max_item_period_start")
    end: End = End(type="min_item_period_end")


class AddedItem(Command):
    """Something billed once together with the subscription."""

    price: Id | None = None
    price_data: one_off_prices.PriceData | None = None
    discountable: Flag | None = None
    discounts: Sources = []
    metadata: Metadata = {}
    period: Time | None = None
    quantity: Quantity = 1
    tax_rates: ListOf[Id] = []


@dataclass(frozen=True)
class Span:
    """The period of the subscription's items, and that of a schedule's phase where there is one."""

    period: tuple[int, int]
    phase: tuple[int, int] | None = None


def span(subscription: Subscription) -> Span:
    """That of a subscription by itself."""
    return Span((subscription.current_period_start, subscription.current_period_end))


def add(
    db: Session,
    customer: Customer,
    subscription: Subscription | None,
    sent: Sequence[AddedItem],
    span: Span,
    *,
    now: int,
    checked: bool = False,
) -> None:
    """Items for the first invoice, or the next one of a subscription. Raises `InvalidRequest` for a wrong period.

    `checked` is whether their prices were looked at before, and may have been made for them alone.
    """
    own: dict[str, Any] = {"subscription": subscription.id} if subscription else {}
    for index, each in enumerate(sent):
        start, end = _time(each.period or Time(), span, f"add_invoice_items[{index}][period]", now)
        values = {name: value for name, value in each.given().items() if name != "period"}
        period = invoiceitems.Period(start=start, end=end)
        item = invoiceitems.CreateInvoiceItem(customer=customer.id, period=period, **own, **values)
        price = find(db, Price, each.price, noun="price") if checked and each.price else None
        invoiceitems.create(db, item, now=now, price=price)


def _time(sent: Time, span: Span, param: str, now: int) -> tuple[int, int]:
    start = _moment(sent.start, {"max_item_period_start": span.period[0], "now": now}, "phase_start", span, 0, param)
    end = _moment(sent.end, {"min_item_period_end": span.period[1]}, "phase_end", span, 1, param)
    if end < start:
        raise InvalidRequest("The period ends before it starts.", param=f"{param}[end]")
    return start, end


def _moment(sent: Begin | End, known: dict[str, int], of_phase: str, span: Span, edge: int, param: str) -> int:
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
