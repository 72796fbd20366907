"""The ways in which a checkout session can be paid: one entry for each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.billing.accounts import accounts
from portal.billing.configurations import payment_method_configurations
from portal.billing.intents import chargeable
from portal.db import scope_of
from portal.rules.permissions import Features


@dataclass(frozen=True)
class Way:
    """A way to pay, by the wire's word for its type of payment methods.

    `collects` says whether the customer gives leave on the page to collect from now on; else the customer pays by
    what the invoice says. `is_open(db, currency)` says whether this account has it.
    """

    type: str
    collects: bool
    is_open: Callable[[Session, str], bool]


def _takes_transfers(db: Session, currency: str) -> bool:
    invoices = accounts.find_account(db, scope_of(db).account_id).settings.get("invoices", {})
    return bool((invoices.get("bank_transfer") or {}).get("iban"))


#: In the order in which pages offer them.
WAYS = (
    Way("sepa_debit", collects=True, is_open=chargeable.takes_debits),
    Way("card", collects=True, is_open=chargeable.takes_cards),
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


def list_types(db: Session, features: Features, currency: str) -> tuple[str, ...]:
    """The types by which this account is paid for a plan, as far as features of the portal offer them."""
    types = [way.type for way in list_ways(db, "subscription", currency)]
    return payment_method_configurations.restrict(db, types, features)
