"""The collector of the portal: the provider where the payment method is one of it, else direct debit (ADR 0036)."""

from sqlalchemy.orm import Session

from portal.billing.accounts import accounts
from portal.billing.collection.collector import DirectDebitCollector
from portal.billing.intents import attempts
from portal.billing.intents.choosing import choose_method
from portal.billing.invoices.collectors import Attempt, is_ahead
from portal.billing.ledger.locks import Billed
from portal.db import scope_of
from portal.models import Customer, Invoice, PaymentIntent, Subscription

_DEBITS = DirectDebitCollector()


class MethodCollector:
    """Collects by the payment method of the invoice, else of its subscription, else by the customer's default."""

    def has_payment_method(self, db: Session, customer: Customer, subscription: Subscription | None) -> bool:
        """Whether there is a method of the provider, or a mandate."""
        chosen = choose_method(db, customer, subscription, None, now=0) if _has_intents(db) else None
        return chosen is not None or _DEBITS.has_payment_method(db, customer, subscription)

    def collect(self, db: Session, billed: Billed, *, now: int) -> Attempt:
        """Note an attempt for what remains, unless one is under way, be it a debit."""
        if not _has_intents(db):
            return _DEBITS.collect(db, billed, now=now)
        latest = attempts.find_latest(db, billed.invoice)
        if latest is not None and (latest.status == "processing" or attempts.is_on_page(latest)):
            return _describe(latest)
        method = choose_method(db, billed.customer, billed.subscription, billed.invoice, now=now)
        if method is None or _DEBITS.latest_attempt(db, billed.invoice).state == "processing":
            return _DEBITS.collect(db, billed, now=now)
        if latest is not None and latest.status == "requires_action" and latest.payment_method_id == method.id:
            return _describe(latest)
        if is_ahead(billed.invoice, now=now):
            return Attempt("processing")
        return _describe(attempts.begin(db, billed, method, latest, now=now))

    def latest_attempt(self, db: Session, invoice: Invoice) -> Attempt:
        """A debit that is under way, else what the provider has said."""
        latest = attempts.find_latest(db, invoice) if _has_intents(db) else None
        debit = _DEBITS.latest_attempt(db, invoice)
        if latest is None or latest.status == "canceled" or debit.state == "processing":
            return debit
        return _describe(latest)


def _has_intents(db: Session) -> bool:
    """Whether this account has ever switched a provider on: what that one began may still be under way."""
    return "payments" in accounts.find_account(db, scope_of(db).account_id).settings


def _describe(intent: PaymentIntent) -> Attempt:
    if intent.status == "processing":
        return Attempt("processing")
    if intent.status == "requires_action":
        return Attempt("requires_action", reason="the customer has to confirm the payment in the portal.")
    if intent.disputed_at is not None:
        return Attempt("requires_payment_method", reason="the customer has disputed the payment.")
    why = (intent.last_payment_error or {}).get("message", "there is nothing to charge it to.")
    return Attempt("requires_payment_method", reason=f"the payment was refused: {why}")
