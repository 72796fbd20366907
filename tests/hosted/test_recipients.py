"""Further recipients of documents on the pages: shown, added, removed, and only where the configuration allows it."""

from __future__ import annotations

from typing import Any

import pytest

from portal.billing.customers.recipients import note_delivery
from portal.models import Customer
from portal.rules.mail_recipients import MOST_RECIPIENTS, address_key
from tests.clients import Api
from tests.factories import Factories

CC = "accounting@example.com"
KEY = address_key(CC)


@pytest.fixture
def jenny(make: Factories) -> Customer:
    return make.customer()


@pytest.fixture
def visit(portal: Any, make: Factories, jenny: Customer) -> Any:
    return portal(jenny, make.configuration())


def recipients(api: Api, customer: Customer) -> list[Any]:
    shown: list[Any] = api.get(f"customers/{customer.id}")["email_recipients"]
    return shown


def test_a_recipient_is_added_shown_and_removed(api: Api, visit: Any, jenny: Customer) -> None:
    assert "Nobody else gets your documents" in visit.get("details").text
    answer = visit.post("details/recipients", email=f" {CC} ", invoice="y", receipt="y")
    assert (answer.status_code, answer.location.endswith("/details")) == (303, True)
    (stored,) = recipients(api, jenny)
    assert stored == {"documents": ["invoice", "receipt"], "email": CC, "failure": None, "kind": "cc"}
    page = visit.get("details").text
    assert CC in page
    assert [name in page for name in ("Receipts", "Credit notes", "All documents")] == [True, False, False]
    assert CC in visit.get(f"details/recipients/{KEY}/remove").text
    for _ in range(2):
        assert visit.post(f"details/recipients/{KEY}/remove").status_code == 303
    assert recipients(api, jenny) == []
    assert visit.get(f"details/recipients/{KEY}/remove").status_code == 404


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"email": "", "invoice": "y"}, "Enter the email address."),
        ({"email": "nobody", "invoice": "y"}, "Write the address like name@example.com."),
        ({"email": CC}, "Choose at least one kind of document."),
        ({"email": "JENNY.rosen@example.com", "invoice": "y"}, "This address gets your documents already."),
        ({"email": "there@example.com", "invoice": "y"}, "This address gets your documents already."),
    ],
)
def test_what_is_no_recipient_is_said(api: Api, visit: Any, jenny: Customer, fields: Any, words: str) -> None:
    api.post(f"customers/{jenny.id}", email_recipients=[{"email": "There@example.com"}])
    answer = visit.post("details/recipients", **fields)
    assert (answer.status_code, words in answer.text) == (400, True)
    assert len(recipients(api, jenny)) == 1


def test_there_is_an_end_of_recipients(api: Api, visit: Any, jenny: Customer) -> None:
    many = [{"email": f"a{number}@example.com"} for number in range(MOST_RECIPIENTS)]
    api.post(f"customers/{jenny.id}", email_recipients=many)
    assert "There can be at most 10 further recipients" in visit.get("details").text
    answer = visit.post("details/recipients", email=CC, invoice="y")
    assert (answer.status_code, "There can be at most 10 further recipients" in answer.text) == (400, True)


def test_without_permission_they_are_shown_and_not_changed(
    api: Api, portal: Any, make: Factories, jenny: Customer
) -> None:
    api.post(f"customers/{jenny.id}", email_recipients=[{"email": CC}])
    visit = portal(jenny, make.configuration(customer_update={"enabled": True, "allowed_updates": ["email"]}))
    page = visit.get("details").text
    assert CC in page
    assert "details/recipients" not in page
    for path in ("details/recipients", f"details/recipients/{KEY}/remove"):
        assert visit.get(path).status_code == 404
        assert visit.post(path, token=False, email=CC, invoice="y").status_code in {400, 404}


def test_a_recipient_whose_mails_do_not_arrive_is_told(
    api: Api, visit: Any, jenny: Customer, writing: Any, make: Factories
) -> None:
    api.post(f"customers/{jenny.id}", email_recipients=[{"email": CC}])
    assert "did not arrive" not in visit.get("details").text
    with writing() as db:
        row = db.get_one(Customer, (make.scope.tenant_id, jenny.id))
        note_delivery(row, CC, {"at": 1, "mail": "invoice", "message": "no"})
    assert "did not arrive" in visit.get("details").text
