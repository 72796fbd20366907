"""Which invoices are mailed as they are finalized, without a call that sends them (ADR 0037)."""

from sqlalchemy.orm import Session

from portal import clock
from portal.billing.accounts import accounts, mirrors
from portal.billing.ledger.locks import Billed
from portal.db import scope_of
from portal.models import Customer, Invoice
from portal.recording import record_change
from portal.rules import mails
from portal.rules.mail_recipients import addressees

#: How far back the date of an invoice may lie that is still news to the customer.
LONGEST_BACKDATING = 31 * clock.DAY
#: For how long a call to send an invoice that went by itself is taken as the same order.
SAME_ORDER = clock.HOUR


def goes_by_itself(db: Session, billed: Billed, *, now: int) -> bool:
    """Whether an invoice that was finalized just now is mailed without a call; `now` is that moment."""
    invoice, customer, subscription = billed.invoice, billed.customer, billed.subscription
    is_bill = invoice.collection_method == "send_invoice" and invoice.total != 0 and not _is_of_the_past(invoice, now)
    is_wanted = customer.deleted_at is None and "invoice" not in customer.unsubscribed_from
    # who lives by a test clock gets what a call sends, and nothing by itself
    return (
        is_bill
        and is_wanted
        and has_addressee(customer)
        and customer.test_clock_id is None
        and not (subscription and subscription.pause_collection)
        and _is_switched_on(db)
    )


def has_just_gone(db: Session, invoice: Invoice, *, now: int) -> bool:
    """Whether the invoice was mailed as it was finalized, so recently that another order means the same mail."""
    if invoice.collection_method != "send_invoice" or invoice.sent_at is None:
        return False
    return invoice.sent_at == invoice.finalized_at and now < invoice.sent_at + SAME_ORDER and _is_switched_on(db)


def has_addressee(customer: Customer) -> bool:
    """Whether a mail with an invoice of this customer would reach anybody."""
    return bool(addressees(customer.email, customer.email_recipients, "invoice").everybody)


def mark_sent(db: Session, invoice: Invoice, *, now: int) -> None:
    """Order the mail: it follows from `invoice.sent`, once for each time that this is called."""
    invoice.sent_at = now
    record_change(db, invoice.tenant_id, "invoice", invoice.id, column="sent_at")  # sent twice within a second too


def _is_of_the_past(invoice: Invoice, now: int) -> bool:
    """Whether the invoice only records what was billed long ago: dated back, or overdue from the start."""
    is_overdue = invoice.due_date is not None and invoice.due_date < now
    return is_overdue or (invoice.effective_at or now) < now - LONGEST_BACKDATING


def _is_switched_on(db: Session) -> bool:
    """Whether invoices go by themselves here; what another system bills, that system mails."""
    settings = accounts.find_account(db, scope_of(db).account_id).settings
    return bool(mails.mail_settings(settings)["invoices"]) and mirrors.is_billed_here(db)
