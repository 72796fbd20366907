"""Further recipients of a customer's documents, by calls."""

from __future__ import annotations

from typing import Any

import pytest

from portal.rules.mail_recipients import MOST_RECIPIENTS, addressees
from tests.clients import Api
from tests.factories import Factories

EVERYTHING = ["credit_note", "invoice", "receipt", "reminder"]


def test_recipients_are_set_shown_and_replaced_as_a_whole(api: Api) -> None:
    made = api.post("customers", email_recipients=[{"email": "Accounting@EXAMPLE.com"}])
    one = {"documents": EVERYTHING, "email": "Accounting@example.com", "failure": None, "kind": "cc"}
    assert made["email_recipients"] == [one]
    path = f"customers/{made['id']}"
    sent = {"email": "boss@example.com", "kind": "to", "documents": ["receipt", "invoice", "invoice"]}
    (changed,) = api.post(path, email_recipients=[sent])["email_recipients"]
    assert changed == {**sent, "documents": ["invoice", "receipt"], "failure": None}
    assert api.post(path, name="Jenny")["email_recipients"] == [changed]
    (quiet,) = api.post(path, email_recipients=[{"email": "boss@example.com", "documents": ""}])["email_recipients"]
    assert quiet["documents"] == []
    assert api.post(path, email_recipients="")["email_recipients"] == []


@pytest.mark.parametrize(
    ("sent", "param"),
    [
        ([{"email": "nobody"}], "email_recipients[0][email]"),
        ([{"email": ""}], "email_recipients[0][email]"),
        ([{"kind": "to"}], "email_recipients[0][email]"),
        ([{"email": "a@example.com", "kind": "bcc"}], "email_recipients[0][kind]"),
        ([{"email": "a@example.com", "documents": ["quote"]}], "email_recipients[0][documents][0]"),
        ([{"email": "a@example.com"}, {"email": "A@example.com"}], "email_recipients"),
        ([{"email": f"a{number}@example.com"} for number in range(MOST_RECIPIENTS + 1)], "email_recipients"),
        ([{"email": "a@example.com\nBcc: b@example.com"}], "email_recipients[0][email]"),
    ],
)
def test_what_is_no_recipient_is_refused(api: Api, sent: list[Any], param: str) -> None:
    assert api.error("POST", "customers", email_recipients=sent)["param"] == param


def test_a_change_is_an_event_and_says_what_was_before(api: Api, make: Factories) -> None:
    path = f"customers/{make.customer(email_recipients=[{'email': 'a@example.com'}]).id}"
    api.post(path, email_recipients=[{"email": "b@example.com"}])
    event = api.get("events", type="customer.updated", limit=1)["data"][0]["data"]
    before, after = event["previous_attributes"]["email_recipients"], event["object"]["email_recipients"]
    assert [[each["email"] for each in side] for side in (before, after)] == [["a@example.com"], ["b@example.com"]]


def test_who_is_deleted_has_no_recipients(api: Api, make: Factories, database: Any) -> None:
    customer = make.customer(email_recipients=[{"email": "a@example.com"}])
    api.delete(f"customers/{customer.id}")
    with database.reading(make.scope) as db:
        assert db.get_one(type(customer), (make.scope.tenant_id, customer.id)).email_recipients == []


def test_the_customer_is_named_first_and_nobody_twice() -> None:
    given = [
        {"email": "b@x.example", "kind": "to", "documents": ["invoice"]},
        {"email": "A@x.example", "kind": "cc", "documents": ["invoice"]},
        {"email": "c@x.example", "kind": "cc", "documents": ["reminder"]},
    ]
    found = addressees("a@x.example", given, "invoice")
    assert (found.to, found.cc) == (("a@x.example", "b@x.example"), ())
    assert addressees(None, given, "payment_reminder").everybody == ("c@x.example",)
    assert addressees("a@x.example", given, "tax_id_changed").everybody == ("a@x.example",)
