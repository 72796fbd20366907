"""What was billed for the current period of a subscription's items and has not been credited yet.

The reference calls this the original debits: with `billing_mode=flexible` nothing else is credited.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, aliased

from portal import clock
from portal.models import Invoice, InvoiceItem, InvoiceLine, Subscription
from portal.rules.discounts import sum_discounts
from portal.rules.proration import remaining_amount


@dataclass
class ItemDebits:
    """Debits of one item, taxed alike, for a part of its period: invoice lines, and invoice items on no invoice yet.

    `amount` is their value for that time, less discounts and what was given back, in minor units.
    """

    lines: list[InvoiceLine] = field(default_factory=list)
    waiting: list[InvoiceItem] = field(default_factory=list)
    amount: int = 0

    @property
    def rows(self) -> list[InvoiceLine | InvoiceItem]:
        """All of them, at least one."""
        return [*self.lines, *self.waiting]

    @property
    def tax_rates(self) -> list[str]:
        """The ids of the tax rates that were charged; empty where no tax was."""
        return tax_rate_ids(self.rows[0])

    @property
    def credited_items(self) -> dict[str, Any]:
        """The wire's `credited_items`; `invoice_items` holds the ids of those on no invoice yet."""
        return {
            "invoice": self.lines[0].invoice_id if self.lines else None,
            "invoice_line_items": [line.id for line in self.lines],
            "invoice_items": [item.id for item in self.waiting],
        }


def outstanding_debits(db: Session, subscription: Subscription, moment: int, until: int) -> dict[str, list[ItemDebits]]:
    """The debits for the time from `moment` to `until`, by subscription item id, apart where their taxes differ.

    A debit counts for the time that no credit has given back.
    """
    charged = _list_charges(db, subscription)
    given_back = _credited_times(charged)
    found: dict[str, dict[tuple[str, ...], ItemDebits]] = {}
    for debit in charged:
        if debit.amount <= 0:
            continue
        taken = [time for id in _ids_of(debit) for time in given_back.get(id, [])]
        left = _times_left(max(moment, debit.period_start), min(until, debit.period_end), taken)
        if not left:
            continue
        of_item = found.setdefault(debit.subscription_item_id or "", {})
        own = of_item.setdefault(tuple(tax_rate_ids(debit)), ItemDebits())
        own.amount += sum(amount_for(debit, *time) for time in left)
        if isinstance(debit, InvoiceLine):
            own.lines.append(debit)
        else:
            own.waiting.append(debit)
    return {id: list(of_item.values()) for id, of_item in found.items()}


def void_item_ids(db: Session, subscription: Subscription) -> set[str]:
    """The ids of the subscription items that a void invoice has billed for the current period."""
    lines = _invoice_lines(db, subscription, Invoice.status == "void")
    return {line.subscription_item_id or "" for line in lines if line.amount > 0}


def billed_item_ids(db: Session, subscription: Subscription) -> set[str]:
    """The ids of the subscription items that were charged for the current period or a part of it."""
    return {row.subscription_item_id or "" for row in _list_charges(db, subscription) if row.amount > 0}


def prorations_by_item(db: Session, subscription: Subscription) -> dict[str, list[InvoiceLine | InvoiceItem]]:
    """The charges and credits for parts of the current period, the oldest first, by subscription item id."""
    found: dict[str, list[InvoiceLine | InvoiceItem]] = {}
    # of one second, what waits is newer than what is billed
    order = sorted(_list_charges(db, subscription), key=lambda row: (row.created, isinstance(row, InvoiceItem), row.id))
    for each in order:
        if each.proration:
            found.setdefault(each.subscription_item_id or "", []).append(each)
    return found


def charges_by_id(db: Session, subscription: Subscription) -> dict[str, InvoiceLine | InvoiceItem]:
    """All charges and credits of the current period, by each id that a credit can name them by."""
    return {id: row for row in _list_charges(db, subscription) for id in _ids_of(row)}


def named_ids(credit: InvoiceLine | InvoiceItem) -> list[str]:
    """The ids of the debits that a credit gives back."""
    named = credit.credited_items or {}
    return [*named.get("invoice_line_items", []), *named.get("invoice_items", [])]


def tax_rate_ids(row: InvoiceLine | InvoiceItem) -> list[str]:
    """The ids of the tax rates of a charge or credit, whose line has copies of them."""
    return [rate["id"] for rate in row.tax_rates] if isinstance(row, InvoiceLine) else list(row.tax_rates)


def amount_for(debit: InvoiceLine | InvoiceItem, start: int, stop: int) -> int:
    """What of a charge or credit is for the time [start, stop), which lies within its own; in minor units."""
    return _amount_from(debit, start) - _amount_from(debit, stop)


def _times_left(start: int, stop: int, taken: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The parts of the time [start, stop) that lie in none of those that are `taken`."""
    left = []
    for begin, end in sorted(taken):
        if start < min(begin, stop):
            left.append((start, min(begin, stop)))
        start = max(start, end)
    return [*left, (start, stop)] if start < stop else left


def _list_charges(db: Session, subscription: Subscription) -> list[InvoiceLine | InvoiceItem]:
    billed = _invoice_lines(db, subscription, Invoice.status != "void")
    return [*billed, *_pending_prorations(db, subscription)]


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


def _invoice_lines(db: Session, subscription: Subscription, status: ColumnElement[bool]) -> list[InvoiceLine]:
    # also invoices of no subscription: a manual one takes up what is pending. What takes the place of an invoice that
    # isn't void repeats its charges, which go on being those that credits name
    of_period = (
        Invoice.customer_id == subscription.customer_id,
        Invoice.created >= subscription.current_period_start - clock.DAY,  # elsewhere bills may be made a moment early
        status,
        or_(Invoice.from_invoice_id.is_(None), Invoice.from_invoice_id.in_(_VOID)),
    )
    invoice_ids = db.scalars(select(Invoice.id).where(*of_period)).all()
    own = select(InvoiceLine).where(
        InvoiceLine.invoice_id.in_(invoice_ids),
        InvoiceLine.subscription_id == subscription.id,
        InvoiceLine.subscription_item_id.is_not(None),
        _within_period(InvoiceLine, subscription),
    )
    return list(db.scalars(own.order_by(InvoiceLine.created, InvoiceLine.id)))


_replaced = aliased(Invoice)
_VOID = select(_replaced.id).where(_replaced.status == "void")


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


def _credited_times(credits: Iterable[InvoiceLine | InvoiceItem]) -> dict[str, list[tuple[int, int]]]:
    """For which times debits were given back, by the ids that the credits name."""
    times: dict[str, list[tuple[int, int]]] = {}
    for each in credits:
        for id in named_ids(each):
            times.setdefault(id, []).append((each.period_start, each.period_end))
    return times
