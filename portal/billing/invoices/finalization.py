"""Finalization: a draft gets its number, is frozen, and is collected."""

from sqlalchemy.orm import Session

from portal import clock
from portal.billing.invoices import collectors, freezing, mailing, payments, revisions
from portal.billing.invoices.params import FinalizeInvoice, SendInvoice
from portal.billing.invoices.statuses import mark_overdue, mark_paid, refuse_wrong_status
from portal.billing.ledger import balances, locks
from portal.billing.ledger.locks import Billed
from portal.errors import InvalidRequest
from portal.models import Invoice
from portal.recording import stage

AS_IT_IS = FinalizeInvoice()


def finalize(db: Session, invoice: Invoice, command: FinalizeInvoice = AS_IT_IS, *, now: int) -> Invoice:
    """Number the draft, freeze it and apply the customer's balance; with nothing due it is paid. Perhaps it is mailed.

    The customer's row is locked first, so that parallel calls leave no gap and no duplicate in the numbers.
    """
    billed = locks.invoice(db, invoice)
    refuse_wrong_status("finalize", invoice)
    balances.refuse_other_currency(billed.customer, invoice.currency)
    revisions.replace_original(db, billed, now=now)
    freezing.freeze_invoice(db, billed, now=now)
    invoice.status, invoice.finalized_at = "open", now
    invoice.effective_at = invoice.effective_at or now
    if command.auto_advance is not None:
        invoice.auto_advance = command.auto_advance
    if invoice.due_date is None and invoice.collection_method == "send_invoice":
        invoice.due_date = now + (invoice.days_until_due or 0) * clock.DAY
    balances.apply_to_invoice(db, billed.customer, invoice, now)
    if invoice.amount_due == 0:
        stage(db, invoice)
        mark_paid(db, invoice, billed.subscription, now=now)
    elif invoice.collection_method == "charge_automatically":
        _collect_payment(db, billed, now)
    if command.auto_advance is not False and mailing.goes_by_itself(db, billed, now=now):
        mailing.mark_sent(db, invoice, now=now)
    return invoice


def send(db: Session, invoice: Invoice, command: SendInvoice, *, now: int) -> Invoice:
    """Finalize a draft, and send the invoice, unless it has just gone by itself and no second mail is asked for."""
    billed = locks.invoice(db, invoice)
    refuse_wrong_status("send", invoice)
    if not mailing.has_addressee(billed.customer):
        raise InvalidRequest("The customer has no email address to send the invoice to.")
    asked_again = command.resend and invoice.status != "draft"
    if invoice.status == "draft":
        finalize(db, invoice, now=now)
    if asked_again or not mailing.has_just_gone(db, invoice, now=now):
        mailing.mark_sent(db, invoice, now=now)
    return invoice


def _collect_payment(db: Session, billed: Billed, now: int) -> None:
    """Collect a new invoice unless collection is off or paused; a renewal that stays unpaid is overdue at once."""
    invoice, subscription = billed.invoice, billed.subscription
    if subscription and subscription.pause_collection:
        return
    if invoice.auto_advance:
        payments.collect(db, billed, now=now)
    if invoice.billing_reason == "subscription_cycle" and collectors.stuck_attempt(db, invoice):
        mark_overdue(db, invoice, subscription, now=now)
