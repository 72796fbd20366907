"""What a withdrawal gives back: a credit note for each bill of the subscription, refunded the way it was paid.

What can't go back that way, such as what was paid outside or by credit, becomes credit of the customer.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.credit_notes import composition, credit_notes, creditable
from portal.billing.credit_notes.params import CreateCreditNote
from portal.billing.invoices import mailing
from portal.billing.ledger import locks
from portal.billing.ledger.locks import Billed
from portal.billing.refunds import sources
from portal.billing.withdrawals import credit_lines, used_time
from portal.models import CreditNote, Invoice, Subscription
from portal.rules.credit_notes import CREDITABLE
from portal.rules.withdrawals import RefundKind


def credit_bills(db: Session, subscription: Subscription, refund: RefundKind, *, now: int) -> list[CreditNote]:
    """Credit all bills of a subscription that has ended, the oldest first, whole or for the time that is left.

    Where used time is kept, a draft is finalized before, as nobody would bill that time later; otherwise it stays one.
    """
    if refund == "prorated":
        used_time.finalize_drafts(db, subscription, now=now)
    own = (Invoice.subscription_id == subscription.id, Invoice.status.in_(sorted(CREDITABLE)), Invoice.total > 0)
    bills = select(Invoice.id).where(*own, Invoice.latest_revision_id.is_(None))
    found = db.scalars(bills.order_by(Invoice.created, Invoice.id)).all()
    notes = [_credit_bill(db, locks.invoice_by_id(db, id), subscription, refund, now) for id in found]
    return [each for each in notes if each is not None]


def _credit_bill(
    db: Session, billed: Billed, subscription: Subscription, refund: RefundKind, now: int
) -> CreditNote | None:
    invoice, left = billed.invoice, billed.invoice.total - creditable.credited_amount(db, billed.invoice)
    lines = credit_lines.choose_lines(db, invoice, subscription, refund, now)
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
