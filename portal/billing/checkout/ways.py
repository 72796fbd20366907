"""The ways in which a checkout session can be paid: one entry for each, and what its customer has kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.billing.accounts import accounts
from portal.billing.accounts.payment_providers import find_provider
from portal.billing.collection.terms import find_terms
from portal.billing.payment_methods import mandates, methods
from portal.db import scope_of
from portal.models import Customer, PaymentMethod
from portal.providers.sandbox import Sandbox
from portal.rules import cards


@dataclass(frozen=True)
class Way:
    """A way to pay, by the wire's word for its type of payment methods.

    `collects` says whether the customer gives leave on the page to collect from now on; else the customer pays by
    what the invoice says. `is_open(db, currency)` says whether this account has it.
    """

    type: str
    collects: bool
    is_open: Callable[[Session, str], bool]


def _takes_debits(db: Session, currency: str) -> bool:
    return currency == "eur" and find_terms(db) is not None


def _takes_transfers(db: Session, currency: str) -> bool:
    invoices = accounts.find_account(db, scope_of(db).account_id).settings.get("invoices", {})
    return bool((invoices.get("bank_transfer") or {}).get("iban"))


def _takes_cards(db: Session, currency: str) -> bool:
    """Whether cards can be chosen on the page itself: those of the sandbox, which have no numbers to be typed."""
    provider = find_provider(db)
    return provider is not None and provider.name == Sandbox.name


#: In the order in which pages offer them.
WAYS = (
    Way("sepa_debit", collects=True, is_open=_takes_debits),
    Way("card", collects=True, is_open=_takes_cards),
    Way("customer_balance", collects=False, is_open=_takes_transfers),
)


def list_ways(db: Session, mode: str, currency: str | None, wanted: Sequence[str] = ()) -> list[Way]:
    """The ways of this account for a session, of those `wanted`, where any are named.

    A session that only sets up a payment method needs one that collects.
    """
    return [
        way
        for way in WAYS
        if (not wanted or way.type in wanted)
        and (mode != "setup" or way.collects)
        and way.is_open(db, currency or "eur")
    ]


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
        return _takes_debits(db, currency) and mandates.find_usable(db, [method.id], now=now) is not None
    provider, details = find_provider(db), method.details
    is_current = method.type != "card" or cards.is_valid(details["exp_year"], details["exp_month"], now)
    return provider is not None and provider.name == method.provider and is_current
