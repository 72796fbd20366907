"""What can be charged now: the methods that a customer has kept, and those that can be given on a page."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from portal.billing.accounts.payment_providers import find_provider
from portal.billing.collection.terms import find_terms
from portal.billing.payment_methods import mandates, methods
from portal.models import Customer, PaymentMethod
from portal.rules import cards


def takes_debits(db: Session, currency: str) -> bool:
    """Whether the account collects by direct debit in a currency."""
    return currency == "eur" and find_terms(db) is not None


def takes_cards(db: Session, currency: str) -> bool:
    """Whether a card can be given: one of the sandbox's on a page itself, any other on the page of the provider."""
    provider = find_provider(db)
    return provider is not None and "card" in provider.abilities.types


def list_kept(
    db: Session, customer: Customer, currency: str | None, wanted: Sequence[str] = (), *, now: int
) -> list[PaymentMethod]:
    """The methods of a customer that can be charged now, of the types `wanted`: the default, then the newest first."""
    found = [
        method
        for method in methods.list_for_customer(db, customer.id)
        if (not wanted or method.type in wanted) and _can_be_charged(db, method, currency or "eur", now)
    ]
    return sorted(found, key=lambda method: method.id != customer.default_payment_method_id)


def _can_be_charged(db: Session, method: PaymentMethod, currency: str, now: int) -> bool:
    if method.provider is None:
        return takes_debits(db, currency) and mandates.find_usable(db, [method.id], now=now) is not None
    provider, details = find_provider(db), method.details
    is_current = method.type != "card" or cards.is_valid(details["exp_year"], details["exp_month"], now)
    return provider is not None and provider.name == method.provider and is_current
