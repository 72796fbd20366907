"""A merchant who collects by direct debit, and customers who have given a mandate."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import stripe
from flask import Flask

from portal import clock
from portal.assembly import Services
from portal.billing.accounts import provider_access
from portal.billing.collection import files, writing
from portal.db import Scope
from portal.models import Customer, DirectDebitFile, Mandate
from portal.providers.interface import Access
from portal.providers.registry import HOSTED, PROVIDERS
from portal.providers.stripe import Stripe
from portal.worker import payments, refunds
from tests import debits, stripe_peer
from tests.clients import Api
from tests.factories import Factories
from tests.stripe_peer import StripePeer


@dataclass(frozen=True)
class Collecting:
    """What a merchant does who collects; every row is of this merchant."""

    services: Services
    scope: Scope
    make: Factories
    api: Api

    def sign(self, customer: Customer, **sent: Any) -> Mandate:
        """A mandate that a customer gave; it is the customer's default from now on."""
        return debits.sign(self.make, self.services.seal, customer, **sent)

    def settings(self, **collection: Any) -> None:
        """Change the terms of collection."""
        self.api.post("account", settings={"collection": collection})

    def make_file(self, now: int | None = None, test_clock: str | None = None) -> DirectDebitFile | None:
        """What the worker does for this merchant."""
        with self.make.database.writing(self.scope) as db:
            return files.make_file(db, test_clock, seal=self.services.seal, now=now or clock.now())

    def content(self, file: DirectDebitFile) -> bytes:
        """A file as the bank takes it."""
        return writing.read_content(file, self.services.seal)

    def debits(self, **sent: Any) -> list[dict[str, Any]]:
        """The debits, oldest first."""
        found: list[dict[str, Any]] = self.api.get("direct_debits", **sent)["data"]
        return found[::-1]

    def take_in(self, content: bytes, status: int = 200) -> dict[str, Any]:
        """Take in a file of the bank."""
        sent = {"upload": ("bank.xml", content)}
        if status != 200:
            refused: dict[str, Any] = self.api.error("POST", "bank_statements", status, **sent)
            return refused
        taken: dict[str, Any] = self.api.post("bank_statements", **sent)
        return taken


@pytest.fixture
def collecting(app: Flask, make: Factories, scope: Scope, api: Api) -> Collecting:
    """A merchant who collects to the bank account of `tests.statements_of_banks`, and has named no other."""
    api.post("account", default_currency="eur")
    debits.begin_collecting(make)
    return Collecting(app.extensions["portal"], scope, make, api)


@pytest.fixture
def debited(collecting: Collecting, make: Factories) -> Callable[..., Any]:
    """`debited(amount, …)`: an invoice of a customer with a mandate, collected when it was finalized."""

    def collect(*amounts: int, customer: Customer | None = None, now: int | None = None, **sent: Any) -> Any:
        who = customer or make.customer()
        if customer is None:
            collecting.sign(who, now=now or clock.now())
        return make.invoice(who, *amounts, now=now, auto_advance=True, **sent)

    return collect


@pytest.fixture
def services(app: Flask) -> Services:
    found: Services = app.extensions["portal"]
    return found


@pytest.fixture
def work(services: Services) -> Callable[..., None]:
    """What the worker's lanes for payments and refunds do until nothing is due, of whichever merchant."""

    def run(now: int | None = None) -> None:
        for lane in (payments, refunds):
            while lane.work(services, clock.now() if now is None else now):
                pass

    return run


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[StripePeer]:
    """A server that charges as Stripe does, which the provider asks."""
    with stripe_peer.running() as found:
        provider = Stripe(found.address)
        monkeypatch.setitem(PROVIDERS, "stripe", provider)
        monkeypatch.setitem(HOSTED, "stripe", provider)
        yield found


@pytest.fixture
def with_keys(peer: StripePeer, api: Api, make: Factories, services: Services) -> Access:
    """The keys that the merchant has given for it."""
    access = Access("sk_test_peer", "whsec_peer")
    api.post("account", default_currency="eur")
    with make.database.writing(make.scope) as db:
        provider_access.give_access(db, "stripe", access, seal=services.seal)
    return access


@pytest.fixture
def notify(app: Flask, make: Factories, with_keys: Access) -> Callable[..., int]:
    """`notify(type, object)`: a webhook as Stripe signs it; answers with the status."""

    def post(
        type: str, object: dict[str, Any], *, secret: str = with_keys.signing_secret, at: int | None = None
    ) -> int:
        payload = json.dumps({"id": "evt_1", "object": "event", "type": type, "data": {"object": object}})
        signed = stripe.WebhookSignature.generate_signature_header(payload, secret, at)
        path = f"/webhooks/providers/stripe/{make.scope.account_id}/test"
        sent = app.test_client().post(path, data=payload, headers={"Stripe-Signature": signed})
        return sent.status_code

    return post
