"""What was billed for the current period of a subscription's items and has not been credited yet.

The reference calls this the original debits: with `billing_mode=flexible` nothing else is credited.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from portal import clock
from portal.models import Invoice, InvoiceItem, InvoiceLine, Subscription
from portal.rules.discounts import sum_discounts
from portal.rules.proration import remaining_amount


@dataclass
class ItemDebits:
    """The debits of one item that reach beyond a moment: invoice lines, and invoice items on no invoice yet.

    `amount` is their value for the time from that moment on, less discounts and what was given back, in minor units.
    """

    lines: list[InvoiceLine] = field(default_factory=list)
    waiting: list[InvoiceItem] = field(default_factory=list)
    amount: int = 0

    @property
    def tax_rates(self) -> list[str]:
        """The ids of the tax rates that were charged."""
        if self.lines:
            return [rate["id"] for rate in self.lines[0].tax_rates]
        return list(self.waiting[0].tax_rates) if self.waiting else []

    @property
    def credited_items(self) -> dict[str, Any] | None:
        """The wire's `credited_items`; `invoice_items` holds the ids of those on no invoice yet."""
        if not self.lines and not self.waiting:
            return None
        return {
            "invoice": self.lines[0].invoice_id if self.lines else None,
            "invoice_line_items": [line.id for line in self.lines],
            "invoice_items": [item.id for item in self.waiting],
        }


def outstanding_debits(db: Session, subscription: Subscription, moment: int) -> dict[str, ItemDebits]:
    """The debits for the time from `moment` on, by subscription item id.

    A debit counts up to the moment from which a credit has given it back.
    """
    lines, waiting = _billed_lines(db, subscription), _pending_prorations(db, subscription)
    given_back = _credit_starts([*lines, *waiting])
    found: dict[str, ItemDebits] = {}
    debits: list[InvoiceLine | InvoiceItem] = [*lines, *waiting]
    for debit in debits:
        if debit.amount <= 0:
            continue
        stop = min(given_back.get(id, debit.period_end) for id in _ids_of(debit))
        if stop <= max(moment, debit.period_start):
            continue
        own = found.setdefault(debit.subscription_item_id or "", ItemDebits())
        own.amount += _amount_from(debit, moment) - _amount_from(debit, stop)
        if isinstance(debit, InvoiceLine):
            own.lines.append(debit)
        else:
            own.waiting.append(debit)
    return found


def _amount_from(debit: InvoiceLine | InvoiceItem, moment: int) -> int:
    """The value of the time from `moment` on; pending items are less discounts already."""
    off = sum_discounts(debit.discount_amounts) if isinstance(debit, InvoiceLine) else 0
    start = debit.period_start
    return remaining_amount(debit.amount - off, start, debit.period_end, max(start, moment))


def _ids_of(debit: InvoiceLine | InvoiceItem) -> Iterator[str]:
    """The ids by which a credit can name a debit: it may have become a line since."""
    yield debit.id
    if isinstance(debit, InvoiceLine) and debit.invoice_item_id:
        yield debit.invoice_item_id


def _billed_lines(db: Session, subscription: Subscription) -> list[InvoiceLine]:
    of_period = (
        Invoice.subscription_id == subscription.id,
        Invoice.created >= subscription.current_period_start - clock.DAY,  # elsewhere bills may be made a moment early
        Invoice.status != "void",
    )
    invoice_ids = db.scalars(select(Invoice.id).where(*of_period)).all()
    own = select(InvoiceLine).where(
        InvoiceLine.invoice_id.in_(invoice_ids),
        InvoiceLine.subscription_item_id.is_not(None),
        _within_period(InvoiceLine, subscription),
    )
    return list(db.scalars(own.order_by(InvoiceLine.created, InvoiceLine.id)))


def _pending_prorations(db: Session, subscription: Subscription) -> list[InvoiceItem]:
    own = (
        InvoiceItem.customer_id == subscription.customer_id,
        InvoiceItem.subscription_id == subscription.id,
        InvoiceItem.invoice_id.is_(None),
        InvoiceItem.proration,
        _within_period(InvoiceItem, subscription),
    )
    return list(db.scalars(select(InvoiceItem).where(*own).order_by(InvoiceItem.created, InvoiceItem.id)))


def _within_period(model: Any, subscription: Subscription) -> ColumnElement[bool]:
    """Whether a debit or credit is of the current period, whose end may have moved since."""
    start, end = subscription.current_period_start, subscription.current_period_end
    since = and_(model.period_start >= start, model.period_start <= end, model.period_end > start)
    return or_(model.period_end == end, since)


def _credit_starts(credits: Iterable[InvoiceLine | InvoiceItem]) -> dict[str, int]:
    """From when on debits were given back, by the ids that the credits name."""
    starts: dict[str, int] = {}
    for each in credits:
        named = each.credited_items or {}
        for id in (*named.get("invoice_line_items", []), *named.get("invoice_items", [])):
            starts[id] = min(each.period_start, starts.get(id, each.period_start))
    return starts
