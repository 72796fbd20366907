"""A database that takes no writes, as on a full disk: what only reads goes on, documents included."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from portal import clock
from portal.db import Database
from portal.models import StoredDocument
from tests.clients import Api
from tests.factories import Factories


@contextmanager
def no_writes(database: Database) -> Iterator[None]:
    """The driver refuses each transaction that is to write."""

    def refuse(connection: Any) -> None:
        raise OperationalError("BEGIN", {}, sqlite3.OperationalError("database or disk is full"))

    event.listen(database.writer, "begin", refuse)
    try:
        yield
    finally:
        event.remove(database.writer, "begin", refuse)


@pytest.mark.parametrize("told", [False, True])
def test_a_document_that_was_never_made_is_shown(
    api: Api, make: Factories, portal: Any, client: FlaskClient, database: Database, told: bool
) -> None:
    api.post("account", settings={"portal": {"events": {"documents": told}}})
    customer = make.customer()
    invoice = make.invoice(customer)
    visit = portal(customer, make.configuration())
    link = api.get(f"invoices/{invoice.id}")["invoice_pdf"].removeprefix("http://localhost")
    with no_writes(database), clock.hold_at(clock.now() + 2 * clock.MINUTE):
        for answer in (visit.get(f"invoices/{invoice.id}/pdf"), client.get(link), client.get(link)):
            assert (answer.status_code, answer.data[:5]) == (200, b"%PDF-")
        assert visit.get("invoices").status_code == 200
        assert client.post("/v1/customers", headers={"Authorization": f"Bearer {api.key}"}).status_code == 503
    with database.reading(make.scope) as db:
        before = [row.fingerprint for row in db.query(StoredDocument)]
    client.get(link)
    with database.reading(make.scope) as db:
        assert [row.fingerprint for row in db.query(StoredDocument)] != before
