"""Orders that are paid on the provider's page, by a card that is given there: invoice and session wait for it."""

from sqlalchemy.orm import Session

from portal.billing.checkout import invoice_endings
from portal.billing.intents import pages
from portal.billing.invoices import finalization
from portal.billing.invoices.params import FinalizeInvoice
from portal.billing.ledger import locks
from portal.models import CheckoutSession, Customer


def begin(db: Session, session: CheckoutSession, customer: Customer, *, keeps: bool, now: int) -> bool:
    """Make the invoice for a customer who is locked, and the payment of what remains of it.

    Answers whether there is any: the customer's credit may have paid all of it.
    """
    terms = {"collection_method": "charge_automatically", "auto_advance": False}
    invoice = invoice_endings.make_draft(db, session, customer, terms, now=now)
    finalization.finalize(db, invoice, FinalizeInvoice(auto_advance=False), now=now)
    session.invoice_id = invoice.id
    db.flush()
    if invoice.status != "open" or not invoice.amount_remaining:
        return False
    billed = locks.invoice_by_id(db, invoice.id)
    pages.begin(db, billed, invoice.amount_remaining, keeps=keeps, now=now)
    return True
