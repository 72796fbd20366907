"""Payments by cards of the sandbox that are disputed, without a worker and without waiting."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from portal import clock
from portal.billing.intents import asking, attempts, results
from portal.billing.ledger import locks
from portal.billing.payment_methods import own_methods
from portal.billing.payment_methods.params import BillingDetails
from portal.db import find_row
from portal.models import Account, Customer, Dispute, PaymentMethod
from portal.providers.interface import GivenMethod
from portal.providers.sandbox import Sandbox
from tests.factories import Factories


def disputed(make: Factories, customer: Customer | None = None, token: str = "tok_createDispute") -> str:
    """The id of a dispute of a customer's payment, which was paid a minute ago."""
    now, provider = clock.now(), Sandbox()
    who = customer or make.customer()
    with make.database.writing(make.scope) as db:
        account = db.get_one(Account, make.scope.account_id)
        account.settings = {**account.settings, "payments": {"provider": "sandbox"}}
        given = provider.set_up(GivenMethod(token), now=now)
        method = own_methods.keep_card(db, who.id, given, BillingDetails(), default=False, now=now).id
    invoice = make.invoice(who, 4200)
    with make.database.writing(make.scope) as db:
        billed = locks.invoice_by_id(db, invoice.id)
        kept = find_row(db, PaymentMethod, method, noun="payment method")
        intent = attempts.begin(db, billed, kept, None, requested=4200, now=now)
        db.flush()
        charge = asking.prepare(db, intent, billed, now=now)
        assert charge is not None
        results.apply(db, intent, billed, intent.attempt, provider.collect(replace(charge, now=now + 61)), now=now)
        db.flush()
        return db.scalars(select(Dispute.id).where(Dispute.payment_intent_id == intent.id)).one()
