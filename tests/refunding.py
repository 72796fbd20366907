"""Payments that can be given back: a transfer on a bank statement, which needs no worker."""

from __future__ import annotations

from typing import Any

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
