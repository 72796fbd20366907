"""Fixtures of the tests that bill a customer over the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from portal import clock
from tests.clients import Api
from tests.conftest import NOON
from tests.factories import Factories


@pytest.fixture
def customer(make: Factories) -> str:
    return make.customer().id


@pytest.fixture
def drafted(api: Api, customer: str) -> Callable[..., Any]:
    """`drafted(1000, 500, **invoice)` is a draft in euros with a line per amount."""

    def draft(*amounts: int, **sent: Any) -> Any:
        invoice = api.post("invoices", **{"customer": customer, "currency": "eur", **sent})
        for amount in amounts:
            item = {"customer": invoice["customer"], "invoice": invoice["id"], "amount": amount}
            api.post("invoiceitems", **item, currency=invoice["currency"], description="Consulting")
        return api.get(f"invoices/{invoice['id']}")

    return draft


@pytest.fixture
def opened(api: Api, drafted: Callable[..., Any]) -> Callable[..., Any]:
    """The same, finalized."""
    return lambda *amounts, **sent: api.post(f"invoices/{drafted(*amounts, **sent)['id']}/finalize")


@pytest.fixture
def begun(api: Api, make: Factories) -> Callable[..., Any]:
    """`begun(quantity=2, trial_period_days=7)` is a subscription to 30.00 euros a month, begun at noon."""

    def begin(quantity: int = 1, tax_rates: list[str] | None = None, unit_amount: int = 3000, **sent: Any) -> Any:
        item = {"price": make.price(unit_amount=unit_amount).id, "quantity": quantity, "tax_rates": tax_rates or []}
        with clock.hold_at(NOON):
            return api.post("subscriptions", **{"customer": make.customer().id, "items": [item], **sent})

    return begin


@pytest.fixture
def active(api: Api, begun: Callable[..., Any]) -> Callable[..., Any]:
    """The same, its first invoice paid."""

    def pay(*args: Any, **sent: Any) -> Any:
        subscription = begun(*args, **sent)
        with clock.hold_at(NOON):
            api.post(f"invoices/{subscription['latest_invoice']}/pay", paid_out_of_band=True)
        return api.get(f"subscriptions/{subscription['id']}")

    return pay
