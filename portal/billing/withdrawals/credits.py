"""What a withdrawal gives back: a credit note for each bill of the subscription, refunded the way it was paid.

What can't go back that way, such as what was paid outside or by credit, becomes credit of the customer.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.credit_notes import composition, credit_notes, creditable, earlier_credits, whole_lines
from portal.billing.credit_notes.params import CreateCreditNote, CreditNoteLineData
from portal.billing.invoices import mailing
from portal.billing.ledger import locks, totals
from portal.billing.ledger.locks import Billed
from portal.billing.refunds import sources
from portal.models import CreditNote, Invoice, InvoiceItem, InvoiceLine, Subscription
from portal.rules.credit_notes import CREDITABLE
from portal.rules.withdrawals import RefundKind, unused_amount


def credit_bills(db: Session, subscription: Subscription, refund: RefundKind, *, now: int) -> list[CreditNote]:
    """Credit all bills of a subscription that has ended, the oldest first, whole or for the time that is left."""
    own = (Invoice.subscription_id == subscription.id, Invoice.status.in_(sorted(CREDITABLE)), Invoice.total > 0)
    bills = select(Invoice.id).where(*own, Invoice.latest_revision_id.is_(None))
    found = db.scalars(bills.order_by(Invoice.created, Invoice.id)).all()
    notes = [_credit_bill(db, locks.invoice_by_id(db, id), subscription, refund, now) for id in found]
    return [each for each in notes if each is not None]


def _credit_bill(
    db: Session, billed: Billed, subscription: Subscription, refund: RefundKind, now: int
) -> CreditNote | None:
    invoice, left = billed.invoice, billed.invoice.total - creditable.credited_amount(db, billed.invoice)
    lines = _credit_lines(db, invoice, subscription, refund, now)
    if not (lines and left > 0):
        return None
    command = CreateCreditNote(invoice=invoice.id, lines=lines)
    total = composition.total_of(db, invoice, command)
    if total > left:  # an earlier goodwill was for no line
        command, total = CreateCreditNote(invoice=invoice.id, amount=left), left
    if total <= 0:
        return None
    given = _choose_ways(db, invoice, total)
    told = "credit_note" if mailing.has_addressee(billed.customer) else "none"
    return credit_notes.create(db, command.model_copy(update={**given, "email_type": told}), now=now)


def _choose_ways(db: Session, invoice: Invoice, total: int) -> dict[str, int | None]:
    """How what was paid is given back: as a refund as far as that goes, and the rest as credit."""
    paid = total - min(total, invoice.amount_remaining)
    back = min(paid, sum(each.left for each in sources.list_of_invoice(db, invoice)) if paid else 0)
    return {"refund_amount": back or None, "credit_amount": (paid - back) or None}


def _credit_lines(
    db: Session, invoice: Invoice, subscription: Subscription, refund: RefundKind, now: int
) -> list[CreditNoteLineData]:
    before = earlier_credits.credits_by_line(db, invoice)
    others = _foreign_items(db, invoice, subscription)
    credited = []
    for line in totals.list_lines(db, invoice.id):
        left = line.amount - before[line.id].amount
        if line.invoice_item_id in others or not left:
            continue
        if refund == "full" and left == line.amount:
            credited.append(whole_lines.credit_line(line))
        elif part := left if refund == "full" else _unused(line, left, subscription, now):
            credited.append(whole_lines.credit_amount(line, part))
    return credited


def _unused(line: InvoiceLine, amount: int, subscription: Subscription, now: int) -> int:
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
