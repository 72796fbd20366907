"""What was billed for the current period of a subscription's items and has not been credited yet.

The reference calls this the original debits: with `billing_mode=flexible` nothing else is credited.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.models import Invoice, InvoiceItem, InvoiceLine, Subscription
from portal.rules.discounts import sum_discounts
from portal.rules.proration import remaining_amount


@dataclass
class ItemDebits:
    """The debits of one item: invoice lines, and invoice items that are on no invoice yet."""

    lines: list[InvoiceLine] = field(default_factory=list)
    waiting: list[InvoiceItem] = field(default_factory=list)

    def amount_left(self, moment: int) -> int:
        """The amount for the time from `moment` on, less discounts, in minor units."""
        nets = [
            (line.amount - sum_discounts(line.discount_amounts), line.period_start, line.period_end)
            for line in self.lines
        ]
        nets += [(item.amount, item.period_start, item.period_end) for item in self.waiting]
        return sum(remaining_amount(amount, start, stop, max(start, moment)) for amount, start, stop in nets)

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


def outstanding_debits(db: Session, subscription: Subscription) -> dict[str, ItemDebits]:
    """Outstanding debits by subscription item id; debits that a credit refers to are left out."""
    lines, waiting = _billed_lines(db, subscription), _pending_prorations(db, subscription)
    given_back = _credited_ids([*lines, *waiting])
    found: dict[str, ItemDebits] = {}
    for line in lines:
        if line.amount > 0 and not {line.id, line.invoice_item_id} & given_back:
            found.setdefault(line.subscription_item_id or "", ItemDebits()).lines.append(line)
    for item in waiting:
        if item.amount > 0 and item.id not in given_back:
            found.setdefault(item.subscription_item_id or "", ItemDebits()).waiting.append(item)
    return found


def _billed_lines(db: Session, subscription: Subscription) -> list[InvoiceLine]:
    of_period = (
        Invoice.subscription_id == subscription.id,
        Invoice.created >= subscription.current_period_start - clock.DAY,  # elsewhere bills may be made a moment early
        Invoice.status != "void",
    )
    invoice_ids = db.scalars(select(Invoice.id).where(*of_period)).all()
    to_its_end = (
        InvoiceLine.period_end == subscription.current_period_end,
        InvoiceLine.subscription_item_id.is_not(None),
    )
    own = select(InvoiceLine).where(InvoiceLine.invoice_id.in_(invoice_ids), *to_its_end)
    return list(db.scalars(own.order_by(InvoiceLine.created, InvoiceLine.id)))


def _pending_prorations(db: Session, subscription: Subscription) -> list[InvoiceItem]:
    own = (
        InvoiceItem.customer_id == subscription.customer_id,
        InvoiceItem.subscription_id == subscription.id,
        InvoiceItem.invoice_id.is_(None),
        InvoiceItem.proration,
        InvoiceItem.period_end == subscription.current_period_end,
    )
    return list(db.scalars(select(InvoiceItem).where(*own).order_by(InvoiceItem.created, InvoiceItem.id)))


def _credited_ids(credits: Iterable[InvoiceLine | InvoiceItem]) -> set[str | None]:
    found = [each.credited_items for each in credits if each.credited_items]
    return {id for each in found for id in (*each["invoice_line_items"], *each.get("invoice_items", []))}
