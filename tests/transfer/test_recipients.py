"""Further recipients of a customer's documents are taken in as a call takes them, and nobody is mailed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from portal.db import Database, Scope
from portal.models import Mail
from portal.transfer.reports import ImportReport
from tests.clients import Api
from tests.transfer.test_refusals import CUSTOMER, reasons

Imported = Callable[..., ImportReport]
FAILURE = {"at": 1700000000, "mail": "invoice", "message": "no such mailbox"}
RECIPIENT = {"email": "accounting@example.com", "kind": "to", "documents": ["invoice"], "failure": FAILURE}


def test_recipients_come_along_and_are_mailed_nothing(
    api: Api, scope: Scope, imported: Imported, database: Database
) -> None:
    for recipients in ([RECIPIENT], [RECIPIENT, {"email": "boss@example.com"}], []):
        assert reasons(imported(scope, {**CUSTOMER, "email_recipients": recipients})) == []
        shown = api.get("customers/cus_1")["email_recipients"]
        assert [each["email"] for each in shown] == [each["email"] for each in recipients]
        assert shown[:1] == recipients[:1]
    with database.reading(scope) as db:
        assert db.scalars(select(Mail)).all() == []


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ([{"email": "nobody"}], "email_recipients[0][email]: Invalid email address: nobody"),
        ([{"kind": "to"}], "email_recipients[0][email]: Missing required param: email_recipients[0][email]."),
        ([RECIPIENT, RECIPIENT], "email_recipients: The same address is in this list more than once."),
        (["accounting@example.com"], "email_recipients: this is no list of recipients"),
        (7, "email_recipients: this is no list of recipients"),
    ],
)
def test_what_a_call_refuses_an_import_refuses(scope: Scope, imported: Imported, sent: Any, reason: str) -> None:
    assert reasons(imported(scope, {**CUSTOMER, "email_recipients": sent})) == [f"line 1: customer cus_1: {reason}"]
