"""The lines of a bill that a withdrawal credits."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.credit_notes import earlier_credits, whole_lines
from portal.billing.credit_notes.params import CreditNoteLineData
from portal.billing.ledger import totals
from portal.models import Invoice, InvoiceItem, InvoiceLine, Subscription
from portal.rules.withdrawals import RefundKind, unused_amount


def choose_lines(
    db: Session, invoice: Invoice, subscription: Subscription, refund: RefundKind, now: int
) -> list[CreditNoteLineData]:
    """What is credited of a bill, line by line: what is left of each, or the part of it for the time from now on."""
    before = earlier_credits.credits_by_line(db, invoice)
    others = _foreign_items(db, invoice, subscription)
    credited = []
    for line in totals.list_lines(db, invoice.id):
        left = line.amount - before[line.id].amount
        if line.invoice_item_id in others or not left:
            continue
        if refund == "full" and left == line.amount:
            credited.append(whole_lines.credit_line(line))
        elif part := left if refund == "full" else _unused_part(line, left, subscription, now):
            credited.append(whole_lines.credit_amount(line, part))
    return credited


def _unused_part(line: InvoiceLine, amount: int, subscription: Subscription, now: int) -> int:
    """What is for the time to come; what has no time of its own, such as a fee, is for the subscription's period."""
    start, end = line.period_start, line.period_end
    if end <= start:
        start, end = subscription.current_period_start, subscription.current_period_end
    return unused_amount(amount, start, end, now)


def _foreign_items(db: Session, invoice: Invoice, subscription: Subscription) -> set[str]:
    """Items that this bill has only taken along: neither of the subscription nor ordered together with it."""
    taken = select(InvoiceLine.invoice_item_id).where(InvoiceLine.invoice_id == invoice.id)
    foreign = (InvoiceItem.subscription_id.is_(None), InvoiceItem.created != subscription.created)
    return set(db.scalars(select(InvoiceItem.id).where(InvoiceItem.id.in_(taken), *foreign)))
