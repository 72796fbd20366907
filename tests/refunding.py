"""Payments that can be given back: a transfer on a bank statement, which needs no worker."""

from __future__ import annotations

from typing import Any

from portal import clock
from portal.billing.ledger import balances
from portal.billing.ledger.balances import CreateTransaction
from portal.billing.refunds import payouts
from portal.billing.refunds.payees import Payee
from portal.seal import Seal
from tests.clients import Api
from tests.factories import Factories
from tests.statements_of_banks import OWN_IBAN, Transfer, camt

#: The account that transfers come to, and that refunds are paid from.
OWN_ACCOUNT = {"holder": "Rocket Rides GmbH", "iban": OWN_IBAN}


def transferred(api: Api, make: Factories, amount: int = 4200, customer: Any = None) -> str:
    """The payment record of an invoice that a transfer has paid."""
    api.post("account", default_currency="eur", settings={"invoices": {"bank_transfer": OWN_ACCOUNT}})
    invoice = make.invoice(customer or make.customer(), amount)
    api.post("bank_statements", upload=("a.xml", camt(Transfer(amount, f"Invoice {invoice.number}"))))
    [found] = api.get("invoice_payments", invoice=invoice.id)["data"]
    return str(found["payment"]["payment_record"])


def asked_payout(make: Factories, seal: Seal) -> str:
    """The id of a refund that a customer with credit has asked for, of a merchant with an account."""
    customer = make.customer()
    make.run(balances.create, CreateTransaction, customer, amount=-4200, currency="eur")
    payee = Payee("Jenny Rosen", seal.encrypt(b"DE02120300000000202051"))
    with make.database.writing(make.scope) as db:
        return payouts.ask(db, customer.id, payee, now=clock.now()).id
