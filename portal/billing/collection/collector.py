"""The collector of the portal: it notes direct debits, which a worker puts into files for the bank (ADR 0035)."""

from sqlalchemy.orm import Session

from portal.billing.collection import scheduling, telling
from portal.billing.collection.terms import Terms, find_terms
from portal.billing.invoices import instalments
from portal.billing.invoices.collectors import Attempt, OutsideCollector
from portal.billing.ledger.locks import Billed
from portal.billing.payment_methods import mandates
from portal.models import Customer, Invoice, Mandate, Subscription

_OUTSIDE = OutsideCollector()
_PROCESSING = Attempt("processing")


class DirectDebitCollector:
    """Collects by the payment method of the invoice, else of its subscription, else by the customer's default.

    An account that names no creditor, and a customer without a mandate, are as with payments made outside.
    """

    def has_payment_method(self, db: Session, customer: Customer, subscription: Subscription | None) -> bool:
        """Whether a mandate can be collected by."""
        return find_terms(db) is not None and _find_mandate(db, customer, subscription, None) is not None

    def collect(self, db: Session, billed: Billed, *, now: int) -> Attempt:
        """Note a debit for what remains, unless one is under way."""
        terms = find_terms(db)
        if terms is None or billed.invoice.currency != "eur":
            return _OUTSIDE.collect(db, billed, now=now)
        latest = scheduling.find_latest(db, billed.invoice)
        if latest is not None and latest.status in scheduling.UNDER_WAY:
            return _PROCESSING
        mandate = _find_mandate(db, billed.customer, billed.subscription, billed.invoice, now=now)
        if mandate is None:
            return _OUTSIDE.collect(db, billed, now=now)
        self._schedule(db, terms, billed, mandate, now)
        return _PROCESSING

    def _schedule(self, db: Session, terms: Terms, billed: Billed, mandate: Mandate, now: int) -> None:
        invoice, today = billed.invoice, terms.day_of(now)
        day = terms.first_collection_day(terms.day_of(invoice.due_date or now), today)
        due_by = terms.end_of(day) if invoice.amounts_due else None
        amount = invoice.amount_remaining if due_by is None else instalments.due_by(invoice, due_by)
        debit = scheduling.schedule(db, terms, billed, mandate, day, amount=amount, due_by=due_by, now=now)
        telling.announce(db, billed, debit)

    def latest_attempt(self, db: Session, invoice: Invoice) -> Attempt:
        """A debit is processed until the bank has answered."""
        if find_terms(db) is None:
            return _OUTSIDE.latest_attempt(db, invoice)
        latest = scheduling.find_latest(db, invoice)
        if latest is None:
            return _OUTSIDE.latest_attempt(db, invoice)
        if latest.status in scheduling.UNDER_WAY:
            return _PROCESSING
        return Attempt(
            "requires_payment_method", reason=f"the bank refused the debit ({latest.reason or 'no reason'})."
        )


def _find_mandate(
    db: Session, customer: Customer, subscription: Subscription | None, invoice: Invoice | None, *, now: int = 0
) -> Mandate | None:
    wanted = [each.default_payment_method_id for each in (invoice, subscription, customer) if each is not None]
    return mandates.find_usable(db, wanted, now=now)
