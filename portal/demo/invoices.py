"""One-off invoices of demo customers, and what becomes of them: they are paid, credited or voided."""

from sqlalchemy.orm import Session

from portal import clock
from portal.billing.credit_notes import credit_notes
from portal.billing.credit_notes.params import CreateCreditNote
from portal.billing.invoices import finalization, invoiceitems, invoices, payments, statuses
from portal.billing.invoices.item_params import CreateInvoiceItem
from portal.billing.invoices.params import CreateInvoice, FinalizeInvoice, PayInvoice
from portal.demo.use_cases import run_use_case
from portal.models import Customer, Invoice, TaxRate
from portal.wire.commands import ExpandableCommand


def create_one_off_invoice(
    db: Session, customer: Customer, words: str, amount: int, rate: TaxRate, now: int
) -> Invoice:
    """A finalized invoice over one item, due in 14 days."""
    invoice = run_use_case(
        db,
        invoices.create,
        CreateInvoice,
        now,
        customer=customer.id,
        collection_method="send_invoice",
        days_until_due=14,
    )
    item = {"customer": customer.id, "invoice": invoice.id, "amount": amount, "currency": customer.currency or "eur"}
    run_use_case(
        db,
        invoiceitems.create,
        CreateInvoiceItem,
        now,
        description=words,
        tax_rates=[rate.id],
        **item,
    )
    made: Invoice = run_use_case(db, finalization.finalize, FinalizeInvoice, now, invoice)
    return made


def pay_invoice(db: Session, invoice: Invoice, now: int) -> None:
    """Record that an open invoice is paid."""
    if invoice.status == "open":
        run_use_case(db, payments.pay, PayInvoice, now, invoice, paid_out_of_band=True)


def credit_cancelled_ride(db: Session, invoice: Invoice, rate: TaxRate, now: int) -> None:
    """Credit a part of a paid invoice."""
    line = {"type": "custom_line_item", "description": "Ride cancelled by us", "unit_amount": 1600, "quantity": 1}
    run_use_case(
        db,
        credit_notes.create,
        CreateCreditNote,
        now,
        invoice=invoice.id,
        lines=[{**line, "tax_rates": [rate.id]}],
        credit_amount=1904,
        reason="product_unsatisfactory",
        memo="With our apologies.",
    )


def create_voided_invoice(db: Session, customer: Customer, rate: TaxRate, now: int) -> None:
    """An invoice that is voided a day later."""
    invoice = create_one_off_invoice(db, customer, "Conference shuttle", 42000, rate, now)
    run_use_case(db, statuses.void, ExpandableCommand, now + clock.DAY, invoice)
