"""A paid invoice is exchanged for another one: credited as a whole, and billed anew with that credit."""

from sqlalchemy.orm import Session

from portal.billing.credit_notes import credit_notes, whole_lines
from portal.billing.credit_notes.params import CreateCreditNote, ShippingCost
from portal.billing.invoices import drafts, freezing, mailing, revisions, statuses
from portal.billing.ledger import balances, totals
from portal.billing.ledger.locks import Billed
from portal.models import Invoice
from portal.recording import stage


def start_exchange(db: Session, billed: Billed, *, now: int) -> Invoice:
    """Credit a paid invoice, whose total becomes credit of the customer, and draft the one that takes its place."""
    customer, original = billed.customer, billed.invoice
    credit_notes.create(db, _credit_whole(db, billed), now=now)
    period = (original.period_start, original.period_end)
    draft = drafts.create(
        db, customer, billed.subscription, original.currency, original.billing_reason, now=now, period=period
    )
    draft.auto_advance, draft.automatically_finalizes_at = False, None
    revisions.repeat(db, original, draft, now=now)
    return draft


def finish_exchange(db: Session, billed: Billed, new: Invoice, *, now: int) -> None:
    """Finalize the draft, and pay it with the credit; the rest of the customer's balance stays as it is."""
    revisions.take_over(db, billed.subscription, billed.invoice, new)
    freezing.freeze_invoice(db, Billed(billed.customer, billed.subscription, new), now=now)
    new.status, new.finalized_at, new.effective_at = "open", now, now
    balances.pay_by_credit(db, billed.customer, new, now)
    stage(db, new)
    # its subscription has been paid before
    statuses.mark_paid(db, new, None, now=now)


def _credit_whole(db: Session, billed: Billed) -> CreateCreditNote:
    original = billed.invoice
    lines = [whole_lines.credit_line(line) for line in totals.list_lines(db, original.id)]
    cost = original.shipping_cost
    return CreateCreditNote(
        invoice=original.id,
        credit_amount=original.total,
        email_type="credit_note" if mailing.has_addressee(billed.customer) else "none",
        lines=[each for each in lines if each.amount != 0],
        shipping_cost=ShippingCost(shipping_rate=cost["shipping_rate"]) if cost else None,
    )
