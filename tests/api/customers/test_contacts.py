"""Contacts by the API: who they are, what becomes of them, and how recipients of mails are among them."""

from __future__ import annotations

from threading import Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.db import Database, Scope
from portal.models import Contact, Customer, Mail
from tests.clients import Api
from tests.factories import Factories

WORDS = ("created", "deleted", "updated")
LEA = {"email": "Lea@EXAMPLE.com", "name": "Lea", "role": "accountant", "locale": "de"}


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer(email="jenny@example.com")


@pytest.fixture
def path(customer: Customer) -> str:
    return f"customers/{customer.id}/contacts"


def joined(database: Database, scope: Scope, id: str) -> None:
    with database.writing(scope) as db:
        row = db.get_one(Contact, (scope.tenant_id, id))
        row.joined_at, row.expires_at = row.created, None


def mails(database: Database, scope: Scope) -> list[tuple[str, str | None]]:
    with database.reading(scope) as db:
        return [(each.name, each.address) for each in db.scalars(select(Mail).order_by(Mail.created, Mail.id))]


def test_a_contact_is_added_listed_changed_and_removed(api: Api, path: str, database: Database, scope: Scope) -> None:
    made = api.post(path, **LEA, metadata={"desk": "4"})
    assert (made["email"], made["status"], made["joined_at"]) == ("Lea@example.com", "invited", None)
    assert [each["id"] for each in api.get(path)["data"]] == [made["id"]]
    one = f"{path}/{made['id']}"
    changed = api.post(one, role="billing_manager", name="", metadata={"desk": ""})
    assert (changed["role"], changed["name"], changed["metadata"]) == ("billing_manager", None, {})
    assert api.get(one) == changed
    again = api.post(f"{one}/invite")
    assert again["invited_at"] > made["invited_at"]
    assert api.delete(one)["deleted"]
    assert api.get(path)["data"] == []
    assert api.error("GET", one, status=404)["code"] == "resource_missing"
    told = [each["type"] for each in api.get("events", types=[f"customer.contact.{word}" for word in WORDS])["data"]]
    assert told[::-1] == [f"customer.contact.{word}" for word in ("created", "updated", "updated", "deleted")]
    sent = mails(database, scope)
    assert sent.count(("contact_invited", "Lea@example.com")) == 2
    assert sent.count(("contact_changed", "jenny@example.com")) == 3


@pytest.mark.parametrize(
    ("sent", "param"),
    [
        ({"role": "owner"}, "email"),
        ({"email": "lea@example.com"}, "role"),
        ({"email": "nobody", "role": "owner"}, "email"),
        ({"email": "lea@example.com", "role": "king"}, "role"),
        ({"email": "JENNY@example.com", "role": "owner"}, "email"),
        ({"email": "There@example.com", "role": "owner"}, "email"),
        ({"email": "lea@example.com", "role": "owner", "locale": "xx-yy-zz"}, "locale"),
        ({"email": "lea@example.com", "role": "owner", "configuration": "bpc_1"}, "configuration"),
    ],
)
def test_what_is_no_contact_is_refused(api: Api, path: str, sent: Any, param: str) -> None:
    api.post(path, email="there@example.com", role="owner")
    assert api.error("POST", path, **sent)["param"] == param
    assert len(api.get(path)["data"]) == 1


def test_another_customers_contact_is_not_found(api: Api, make: Factories, path: str) -> None:
    other = api.post(path, **LEA)["id"]
    elsewhere = f"customers/{make.customer().id}/contacts/{other}"
    for method in ("GET", "POST", "DELETE"):
        assert api.error(method, elsewhere, status=404)["code"] == "resource_missing"


def test_a_recipient_is_an_entry_of_the_customers_list(api: Api, customer: Customer, path: str) -> None:
    made = api.post(path, email="books@example.com", role="recipient")
    assert (made["status"], made["invited_at"]) == ("active", None)
    (entry,) = api.get(f"customers/{customer.id}")["email_recipients"]
    assert (entry["email"], len(entry["documents"])) == ("books@example.com", 4)
    api.post(f"{path}/{made['id']}", role="accountant")
    assert api.get(f"customers/{customer.id}")["email_recipients"] == []
    api.post(f"{path}/{made['id']}", role="recipient")
    assert len(api.get(f"customers/{customer.id}")["email_recipients"]) == 1
    api.post(f"customers/{customer.id}", email_recipients=[{"email": "other@example.com"}])
    assert api.get(path)["data"] == []


def test_the_last_owner_stays(api: Api, make: Factories, database: Database, scope: Scope) -> None:
    path = f"customers/{make.customer(email='').id}/contacts"
    first, second = (api.post(path, email=f"{name}@example.com", role="owner")["id"] for name in "ab")
    joined(database, scope, first)
    for method, sent in (("DELETE", {}), ("POST", {"role": "accountant"})):
        assert api.error(method, f"{path}/{first}", **sent)["code"] == "last_owner"
    joined(database, scope, second)
    api.delete(f"{path}/{first}")
    assert [each["id"] for each in api.get(path)["data"]] == [second]


def test_a_new_address_is_invited_anew(api: Api, path: str, database: Database, scope: Scope) -> None:
    id = api.post(path, **LEA)["id"]
    joined(database, scope, id)
    assert api.get(f"{path}/{id}")["status"] == "active"
    assert api.error("POST", f"{path}/{id}/invite")["code"] == "contact_active"
    changed = api.post(f"{path}/{id}", email="lea@example.org")
    assert (changed["status"], changed["joined_at"]) == ("invited", None)


def test_who_is_deleted_leaves_no_contacts(api: Api, customer: Customer, path: str, database: Any, scope: Any) -> None:
    api.post(path, **LEA)
    api.delete(f"customers/{customer.id}")
    with database.reading(scope) as db:
        assert list(db.scalars(select(Contact))) == []


def test_invitations_have_a_limit(api: Api, path: str) -> None:
    one = f"{path}/{api.post(path, **LEA)['id']}/invite"
    for _ in range(19):
        api.post(one)
    assert api.error("POST", one)["code"] == "invitations_limit_reached"


def test_of_many_at_once_one_gets_the_address(app: Flask, api: Api, path: str) -> None:
    answers: list[int] = []

    def add() -> None:
        answers.append(Api(app.test_client(), api.key).request("POST", path, **LEA).status_code)

    threads = [Thread(target=add) for _ in range(10)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(answers) == [200] + [400] * 9
    assert len(api.get(path)["data"]) == 1
