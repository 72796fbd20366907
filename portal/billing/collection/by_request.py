"""Open invoices that a customer has collected now, whatever their age, by the default account (ADR 0039)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal.billing.collection import scheduling, telling
from portal.billing.collection.coming_debits import IS_COLLECTED
from portal.billing.collection.terms import Terms, find_terms
from portal.billing.ledger import locks
from portal.billing.payment_methods import mandates
from portal.db import find_row
from portal.models import Customer, DirectDebit, Invoice, Mandate, PaymentIntent, PaymentMethod

#: What files for banks are in.
CURRENCY = "eur"
#: Invoices that a provider charges, or will be asked for again by itself: a debit beside it would take the money twice.
_IS_CHARGED = (
    select(PaymentIntent.id)
    .where(
        PaymentIntent.tenant_id == Invoice.tenant_id,
        PaymentIntent.invoice_id == Invoice.id,
        or_(
            PaymentIntent.status.in_(("processing", "requires_action")),
            (PaymentIntent.status == "requires_payment_method") & PaymentIntent.ask_at.is_not(None),
        ),
    )
    .correlate(Invoice)
    .exists()
)


@dataclass(frozen=True)
class CollectableInvoice:
    """An open invoice that nobody collects; `amount` is what remains of it in minor units."""

    id: str
    number: str
    amount: int


@dataclass(frozen=True)
class CollectionOffer:
    """What can be collected on a day, from the account that ends so. There is one invoice at least."""

    invoices: Sequence[CollectableInvoice]
    collect_on: date
    last4: str
    currency: str = CURRENCY

    @property
    def amount(self) -> int:
        """The sum of all invoices in minor units."""
        return sum(each.amount for each in self.invoices)


def find_offer(
    db: Session, customer: Customer, invoice_ids: Sequence[str] | None = None, *, now: int
) -> CollectionOffer | None:
    """What the customer can have collected, of these invoices or of all; None without any, or without a mandate."""
    found = _list_collectable(db, customer.id, invoice_ids) if customer.default_payment_method_id else ()
    means = _find_means(db, customer, now) if found else None
    if means is None:
        return None
    terms, mandate = means
    method = find_row(db, PaymentMethod, mandate.payment_method_id, noun="payment method")
    return CollectionOffer(found, terms.earliest_collection_day(terms.day_of(now)), method.details["last4"])


def collect(db: Session, customer_id: str, invoice_ids: Sequence[str], *, now: int) -> list[DirectDebit]:
    """Have these invoices of the customer collected; those for which that is not possible, or no more, are left out.

    Only one debit is under way for an invoice, however often this is called: the customer's row is locked first.
    """
    customer = locks.billable_customer(db, customer_id)
    means = _find_means(db, customer, now)
    if means is None:
        return []
    terms, mandate = means
    day = terms.earliest_collection_day(terms.day_of(now))
    wanted = [each.id for each in _list_collectable(db, customer_id, invoice_ids)]
    made = []
    for billed in locks.invoices(db, wanted).values():
        amount = billed.invoice.amount_remaining
        made.append(scheduling.schedule(db, terms, billed, mandate, day, amount=amount, now=now))
        telling.announce(db, billed, made[-1])
    return made


def _find_means(db: Session, customer: Customer, now: int) -> tuple[Terms, Mandate] | None:
    terms, mandate = find_terms(db), mandates.find_usable(db, [customer.default_payment_method_id], now=now)
    return (terms, mandate) if terms and mandate else None


def _list_collectable(db: Session, customer_id: str, invoice_ids: Sequence[str] | None) -> Sequence[CollectableInvoice]:
    """The customer's own among these invoices (all of them without), what is due first before the others."""
    statement = select(Invoice.id, Invoice.number, Invoice.amount_remaining).where(
        Invoice.customer_id == customer_id,
        Invoice.status == "open",
        Invoice.currency == CURRENCY,
        Invoice.amount_remaining > 0,
        ~IS_COLLECTED,
        ~_IS_CHARGED,
    )
    if invoice_ids is not None:
        statement = statement.where(Invoice.id.in_(invoice_ids))
    rows = db.execute(statement.order_by(Invoice.created, Invoice.id))
    return [CollectableInvoice(row.id, row.number or row.id, row.amount_remaining) for row in rows]
