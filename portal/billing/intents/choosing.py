"""Which payment method of a provider an invoice is charged by."""

from sqlalchemy.orm import Session

from portal.billing.accounts.payment_providers import find_provider
from portal.billing.collection.terms import find_terms
from portal.billing.payment_methods import mandates
from portal.db import rows_by_id
from portal.models import Customer, Invoice, PaymentMethod, Subscription


def choose_method(
    db: Session, customer: Customer, subscription: Subscription | None, invoice: Invoice | None, *, now: int
) -> PaymentMethod | None:
    """The method of the provider that comes first; None where there is none, or a bank account comes before it.

    First is that of the invoice, then of its subscription, then the customer's default.
    """
    named = [each.default_payment_method_id for each in (invoice, subscription, customer) if each is not None]
    wanted, provider = [id for id in named if id], find_provider(db)
    if provider is None or not wanted:
        return None
    found = rows_by_id(db, PaymentMethod, wanted)
    for method in (found[id] for id in wanted if id in found):
        if method.provider == provider.name and method.customer_id == customer.id:
            return method
        if _is_debited(db, method, invoice, now):
            return None
    return None


def _is_debited(db: Session, method: PaymentMethod, invoice: Invoice | None, now: int) -> bool:
    """Whether a bank account is debited by the portal itself."""
    if method.provider is not None or find_terms(db) is None:
        return False
    if invoice is not None and invoice.currency != "eur":
        return False
    return mandates.find_usable(db, [method.id], now=now) is not None
