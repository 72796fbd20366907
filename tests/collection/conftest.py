"""A merchant who collects by direct debit, and customers who have given a mandate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask

from portal import clock
from portal.assembly import Services
from portal.billing.collection import files, writing
from portal.db import Scope
from portal.models import Customer, DirectDebitFile, Mandate
from tests import debits
from tests.clients import Api
from tests.factories import Factories


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
