"""What happens to demo customers beside their subscriptions: invoices that are credited, voided, open or overdue."""

from collections.abc import Callable, Iterator

from sqlalchemy.orm import Session

from portal import clock
from portal.billing.credit_notes import credit_notes
from portal.billing.credit_notes.params import CreateCreditNote
from portal.billing.invoices import collection, finalization, invoiceitems, invoices, payments
from portal.billing.invoices.item_params import CreateInvoiceItem
from portal.billing.invoices.params import CreateInvoice, FinalizeInvoice, PayInvoice
from portal.demo.use_cases import run_use_case
from portal.models import Customer, Invoice, TaxRate
from portal.wire.commands import ExpandableCommand

#: What happens at a moment of the demo year.
DatedAction = tuple[int, Callable[[], object]]


def pay_invoice(db: Session, invoice: Invoice, now: int) -> None:
    """Record that an open invoice is paid."""
    if invoice.status == "open":
        run_use_case(db, payments.pay, PayInvoice, now, invoice, paid_out_of_band=True)


def credited_and_open_invoices(db: Session, customer: Customer, rate: TaxRate, now: int) -> Iterator[DatedAction]:
    """A paid invoice of which a part was credited, and one that is open."""
    billed, credited, rides = now - 40 * clock.DAY, now - 20 * clock.DAY, list[Invoice]()
    yield (
        billed,
        lambda: rides.append(_create_one_off_invoice(db, customer, "Night rides in October", 6400, rate, billed)),
    )
    yield billed + 2 * clock.DAY, lambda: pay_invoice(db, rides[0], billed + 2 * clock.DAY)
    yield credited, lambda: _credit_cancelled_ride(db, rides[0], rate, credited)
    lately = now - 6 * clock.DAY
    yield lately, lambda: _create_one_off_invoice(db, customer, "Airport transfer, 12 seats", 18500, rate, lately)


def voided_and_overdue_invoices(db: Session, customer: Customer, rate: TaxRate, now: int) -> Iterator[DatedAction]:
    """An invoice that was voided, and one that is overdue."""
    voided, overdue = now - 70 * clock.DAY, now - 60 * clock.DAY
    yield voided, lambda: _create_voided_invoice(db, customer, rate, voided)
    yield overdue, lambda: _create_one_off_invoice(db, customer, "Team outing", 23100, rate, overdue)


def no_incidents(db: Session, customer: Customer, rate: TaxRate, now: int) -> Iterator[DatedAction]:
    """Nothing beside the subscription."""
    yield from ()


def _credit_cancelled_ride(db: Session, invoice: Invoice, rate: TaxRate, now: int) -> None:
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


def _create_voided_invoice(db: Session, customer: Customer, rate: TaxRate, now: int) -> None:
    invoice = _create_one_off_invoice(db, customer, "Conference shuttle", 42000, rate, now)
    run_use_case(db, collection.void, ExpandableCommand, now + clock.DAY, invoice)


def _create_one_off_invoice(
    db: Session, customer: Customer, words: str, amount: int, rate: TaxRate, now: int
) -> Invoice:
    invoice = run_use_case(
        db,
        invoices.create,
        CreateInvoice,
        now,
        customer=customer.id,
        collection_method="send_invoice",
        days_until_due=14,
    )
    item = {"customer": customer.id, "invoice": invoice.id, "amount": amount, "currency": "eur"}
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
