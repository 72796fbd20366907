"""Finalization: a draft gets its number, is frozen, and is collected."""

from sqlalchemy.orm import Session

from portal.billing.invoices import collectors, freezing, instalments, mailing, payments, revisions
from portal.billing.invoices.params import FinalizeInvoice, SendInvoice
from portal.billing.invoices.statuses import mark_overdue, mark_paid, refuse_wrong_status, settle_parts
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
    instalments.fix_dates(invoice, now=now)
    invoice.status, invoice.finalized_at = "open", now
    invoice.effective_at = invoice.effective_at or now
    if command.auto_advance is not None:
        invoice.auto_advance = command.auto_advance
    balances.apply_to_invoice(db, billed.customer, invoice, now)
    instalments.bill_earlier_balance(invoice)
    settle_parts(invoice, billed.subscription, now=now)
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
    is_due = not collectors.is_ahead(invoice, now=now)
    if is_due and invoice.billing_reason == "subscription_cycle" and collectors.stuck_attempt(db, invoice):
        mark_overdue(db, invoice, subscription, now=now)
