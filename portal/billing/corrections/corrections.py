"""Corrections of finalized invoices: another name, address, tax ID or order number, and nothing else (ADR 0047).

An open invoice is revised. A paid one is credited as a whole, and billed anew; that credit pays the new invoice, so no
money moves. In both cases the new invoice names the one that it replaces.
"""

from sqlalchemy.orm import Session

from portal.billing.corrections import buyers, exchanges
from portal.billing.corrections.obstacles import NotCorrectable, find_obstacle
from portal.billing.corrections.params import CorrectInvoice
from portal.billing.invoices import finalization, invoices, mailing
from portal.billing.invoices.params import CreateInvoice, FromInvoice
from portal.billing.ledger import locks
from portal.models import Invoice


def correct(db: Session, invoice: Invoice, command: CorrectInvoice, *, now: int) -> Invoice:
    """The invoice that says it right, finalized and mailed together with the credit note, if there is one.

    Raises `NotCorrectable` for one that can't be corrected, and where its amounts would be others now.
    """
    billed = locks.invoice(db, invoice)
    locks.billable_customer(db, invoice.customer_id)
    if obstacle := find_obstacle(db, invoice):
        raise NotCorrectable(obstacle)
    buyer, fields = buyers.correct_buyer(invoice, command)
    is_paid = invoice.status == "paid"
    new = exchanges.start_exchange(db, billed, now=now) if is_paid else _start_revision(db, invoice, now)
    new.buyer, new.custom_fields = buyer, fields
    if is_paid:
        exchanges.finish_exchange(db, billed, new, now=now)
    else:
        finalization.finalize(db, new, now=now)
    if (new.total, new.tax, new.total_taxes) != (invoice.total, invoice.tax, invoice.total_taxes):
        raise NotCorrectable("other_amounts")
    if mailing.has_addressee(billed.customer) and not mailing.has_just_gone(db, new, now=now):
        mailing.mark_sent(db, new, now=now)
    return new


def _start_revision(db: Session, original: Invoice, now: int) -> Invoice:
    """A draft that is collected as the original was."""
    command = CreateInvoice(from_invoice=FromInvoice(action="revision", invoice=original.id))
    revision = invoices.create(db, command, now=now)
    revision.auto_advance = original.auto_advance
    return revision
