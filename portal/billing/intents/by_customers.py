"""Open invoices that a customer pays now, in whole or in part, by a method of the customer's choice.

One payment of an invoice is under way at a time, so that the parts never add up to more than what remains.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from portal.billing.accounts import accounts
from portal.billing.collection import scheduling, telling
from portal.billing.collection.coming_debits import find_coming_debit
from portal.billing.collection.terms import find_terms
from portal.billing.intents import attempts, pages
from portal.billing.ledger import locks
from portal.billing.ledger.locks import Billed
from portal.billing.payment_methods import chosen, mandates
from portal.billing.payment_methods.chosen import Payment
from portal.db import scope_of
from portal.errors import InvalidRequest, StalePage
from portal.models import Invoice, PaymentMethod
from portal.objects.accounts import PARTIAL_DEFAULTS
from portal.seal import Seal


class NotPayable(StalePage):
    """Another payment is under way, or something else remains to be paid than was shown."""


@dataclass(frozen=True)
class Payable:
    """What of an open invoice can be paid now, in minor units: the whole (`most`), or a part of `least` or more.

    Of an invoice in parts that is also `next`, what is to be paid of it next.
    `debited_on` is the first day on which it could be debited; None where the account doesn't collect.
    """

    most: int
    least: int
    currency: str
    debited_on: date | None
    next: int | None = None

    @property
    def allows_parts(self) -> bool:
        """Whether less than the whole can be paid, as much as the customer likes."""
        return self.least < self.most

    @property
    def has_next(self) -> bool:
        """Whether there is a part to be paid next, and others after it."""
        return self.next is not None and self.next < self.most

    def allows(self, amount: int) -> bool:
        """Whether so much can be paid."""
        return self.least <= amount <= self.most or amount == self.next


def find_payable(db: Session, invoice: Invoice, *, now: int) -> Payable | None:
    """What can be paid of an invoice; None where nothing remains, or a payment is under way."""
    if invoice.status != "open" or not invoice.amount_remaining or find_coming_debit(db, invoice):
        return None
    latest = attempts.find_latest(db, invoice)
    if latest is not None and latest.status in {"processing", "requires_action"}:
        return None
    stored = accounts.find_account(db, scope_of(db).account_id).settings.get("payments", {})
    partial, most = PARTIAL_DEFAULTS | stored.get("partial", {}), invoice.amount_remaining
    least = min(partial["minimum"], most) if partial["enabled"] else most
    terms = find_terms(db)
    day = terms.earliest_collection_day(terms.day_of(now)) if terms else None
    return Payable(most, least, invoice.currency, day, invoice.amount_next)


@dataclass(frozen=True)
class Wish:
    """What a customer wants to pay: how much, by what, and what remained as the page was shown; in minor units."""

    amount: int
    shown: int
    payment: Payment


def pay(db: Session, invoice_id: str, wish: Wish, *, default: bool, seal: Seal, now: int) -> str | None:
    """Have a part or the whole of an invoice charged; `default` says whether a new method is charged from now on.

    Answers with the id of the payment where it is made on the provider's page, which the customer is to be led to.
    Raises `NotPayable`; `InvalidRequest` for an amount that can't be paid so, or a method that can't be charged.
    """
    billed = locks.invoice_by_id(db, invoice_id)
    payable = find_payable(db, billed.invoice, now=now)
    if payable is None or payable.most != wish.shown:
        raise NotPayable("This can't be paid now as it was shown.")
    if not payable.allows(wish.amount):
        raise InvalidRequest(f"The amount must be from {payable.least} to {payable.most}.", param="amount")
    if wish.payment.elsewhere:
        return pages.begin(db, billed, wish.amount, keeps=wish.payment.keeps, now=now).id
    method = chosen.find_or_add(db, billed.customer, wish.payment, default=default, seal=seal, now=now)
    if method is None:
        raise InvalidRequest("Choose what is charged.", param="way")
    db.flush()
    if method.provider is not None:
        latest = attempts.find_latest(db, billed.invoice)
        attempts.begin(db, billed, method, latest, requested=wish.amount, now=now)
    else:
        _debit(db, billed, method, wish.amount, now)
    return None


def _debit(db: Session, billed: Billed, method: PaymentMethod, amount: int, now: int) -> None:
    terms, mandate = find_terms(db), mandates.find_usable(db, [method.id], now=now)
    if terms is None or mandate is None:
        raise InvalidRequest("There is no mandate to collect by.", param="way")
    day = terms.earliest_collection_day(terms.day_of(now))
    telling.announce(db, billed, scheduling.schedule(db, terms, billed, mandate, day, amount=amount, now=now))
