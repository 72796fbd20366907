"""Customers correct their invoices: what is said before the click is what is made, within the merchant's limits."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import pytest

from portal import clock
from portal.models import Customer, Invoice
from tests.clients import Api, Portal
from tests.conftest import NOON
from tests.debits import begin_collecting, sign
from tests.factories import Factories
from tests.hosted.two_clicks import click_twice

Open = Callable[..., Portal]
pytestmark = pytest.mark.usefixtures("held_clock")
VAT = {"type": "eu_vat", "value": "DE123456788"}


def on(**limits: Any) -> dict[str, Any]:
    return {"invoice_correction": {"enabled": True, **limits}}


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer(tax_id_data=[VAT])


@pytest.fixture
def visit(portal: Open, make: Factories, customer: Customer) -> Portal:
    return portal(customer, make.configuration(**on()))


@pytest.fixture
def bill(make: Factories, customer: Customer) -> Invoice:
    return make.invoice(customer, 1000, collection_method="send_invoice", days_until_due=14)


def words(answer: Any) -> str:
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", answer.get_data(as_text=True))).split())


def fields_of(answer: Any) -> dict[str, str]:
    """What the form of a page sends."""
    shown = answer.get_data(as_text=True)
    tags = re.findall(r"<input[^>]*>", shown)
    found = {}
    for tag in tags:
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name:
            found[name[1]] = html.unescape(value[1]) if value else ""
    selected = re.findall(r'<select[^>]*name="([^"]+)".*?<option selected[^>]*value="([^"]*)"', shown, re.DOTALL)
    return {**found, **dict(selected)}


def fill(visit: Portal, invoice: Invoice, **typed: str) -> Any:
    """The answer to the form as it is shown, with something else typed."""
    path = f"invoices/{invoice.id}/correct"
    return visit.post(path, token=False, **{**fields_of(visit.get(path)), **typed})


def press(visit: Portal, invoice: Invoice, **typed: str) -> Any:
    summary = fill(visit, invoice, **typed)
    assert summary.status_code == 200
    return visit.post(f"invoices/{invoice.id}/correct", token=False, **fields_of(summary), confirmed="1")


def now_of(api: Api, invoice: Invoice) -> Any:
    return api.get(f"invoices/{invoice.id}")


def test_an_open_invoice_is_replaced(visit: Portal, bill: Invoice, api: Api) -> None:
    assert "Correct it" in words(visit.get(f"invoices/{bill.id}"))
    typed = {"name": "Rosen AG", "address-line1": "Torstraße 1", "tax_id": "DE 136 695 976", "purchase_order": "PO-7"}
    summary = words(fill(visit, bill, **typed))
    assert "Rosen AG Now: Jenny Rosen" in summary
    assert "Torstraße 1" in summary
    assert "Lindenstraße 3" in summary
    assert "The old one is void. €10.00 is to be paid of it." in summary
    assert now_of(api, bill)["status"] == "open"
    answer = press(visit, bill, **typed)
    new = api.get(f"invoices/{now_of(api, bill)['latest_revision']}")
    assert answer.headers["Location"].endswith(f"/invoices/{new['id']}")
    assert (new["customer_name"], new["customer_address"]["line1"]) == ("Rosen AG", "Torstraße 1")
    assert new["customer_tax_ids"] == [{"type": "eu_vat", "value": "DE136695976"}]
    shown = words(visit.get(f"invoices/{new['id']}"))
    assert "Purchase order PO-7" in shown
    assert f"Replaces invoice {bill.number}" in shown


def test_a_paid_one_is_credited_and_billed_anew(visit: Portal, make: Factories, customer: Customer, api: Api) -> None:
    bill = make.paid_invoice(customer, 1000)
    summary = words(fill(visit, bill, name="Rosen AG"))
    assert "A credit note over €10.00 takes the old invoice back." in summary
    assert "no money moves" in summary
    press(visit, bill, name="Rosen AG")
    new = api.get(f"invoices/{now_of(api, bill)['latest_revision']}")
    assert (new["status"], new["amount_due"]) == ("paid", 0)
    assert api.get(f"customers/{customer.id}")["balance"] == 0
    actors = {event["type"] for event in api.get("events", limit=30)["data"]}
    assert {"credit_note.created", "invoice.sent"} <= actors


def test_two_clicks_correct_once(visit: Portal, make: Factories, customer: Customer, api: Api) -> None:
    bill = make.paid_invoice(customer, 1000)
    fields = fields_of(fill(visit, bill, name="Rosen AG"))
    token = fields.pop("csrf_token")
    path = f"invoices/{bill.id}/correct"
    answers = click_twice(make, customer, visit, path, given_token=token, **fields, confirmed="1")
    new = now_of(api, bill)["latest_revision"]
    assert {answer.headers["Location"].rpartition("/")[2] for answer in answers} == {new}
    assert len(api.get("credit_notes", invoice=bill.id)["data"]) == 1


def test_what_is_wrong_is_said_at_its_field(visit: Portal, bill: Invoice, api: Api) -> None:
    assert "Nothing is changed yet." in words(fill(visit, bill))
    assert "a tax ID looks like" in words(fill(visit, bill, tax_id="DE1"))
    assert "Enter the address." in words(fill(visit, bill, **{"address-line1": ""}))
    elsewhere = fill(visit, bill, **{"address-country": "FR"})
    assert (elsewhere.status_code, "Choose a country." in words(elsewhere)) == (400, True)
    assert now_of(api, bill)["status"] == "open"


def test_a_page_that_is_out_of_date_shows_the_summary_again(visit: Portal, bill: Invoice, api: Api) -> None:
    fields = fields_of(fill(visit, bill, name="Rosen AG"))
    api.post(f"invoices/{bill.id}", metadata={"a": "b"})
    answer = visit.post(f"invoices/{bill.id}/correct", token=False, **fields, confirmed="1")
    assert (answer.status_code, "Nothing was corrected yet." in words(answer)) == (409, True)
    assert now_of(api, bill)["status"] == "open"


@pytest.mark.parametrize(
    ("limits", "age"),
    [
        ({"days": 9}, 10),
        ({"days": 365, "tax_period": "month"}, 30),
        ({"days": 365, "tax_period": "quarter"}, 60),
        ({"countries": ["FR", "AT"]}, 0),
    ],
)
def test_the_merchants_limits_hold_also_for_what_is_posted(
    portal: Open, make: Factories, customer: Customer, api: Api, limits: dict[str, Any], age: int
) -> None:
    bill = make.invoice(customer, 1000, now=NOON - age * clock.DAY)
    fields = fields_of(fill(portal(customer, make.configuration(**on(days=365))), bill, name="A")) if age < 50 else {}
    visit = portal(customer, make.configuration(**on(**limits)))
    assert "Correct it" not in words(visit.get(f"invoices/{bill.id}"))
    answer = visit.post(f"invoices/{bill.id}/correct", **{**fields, "name": "A", "confirmed": "1"})
    assert answer.status_code in {303, 400}
    assert now_of(api, bill)["latest_revision"] is None


def test_within_its_limits_it_is_open(portal: Open, make: Factories, customer: Customer) -> None:
    bill = make.invoice(customer, 1000, now=NOON - 10 * clock.DAY)
    visit = portal(customer, make.configuration(**on(days=10, tax_period="month", countries=["DE"])))
    assert "Correct it" in words(visit.get(f"invoices/{bill.id}"))


def test_only_the_fields_of_the_merchant(portal: Open, make: Factories, customer: Customer, bill: Invoice) -> None:
    visit = portal(customer, make.configuration(**on(fields=["purchase_order"])))
    assert "Nothing is changed yet." in words(fill(visit, bill, name="Rosen AG"))
    assert "PO-7" in words(fill(visit, bill, name="Rosen AG", purchase_order="PO-7"))


def test_it_is_off_unless_the_merchant_turns_it_on(
    portal: Open, make: Factories, customer: Customer, bill: Invoice, api: Api
) -> None:
    visit = portal(customer, make.configuration())
    assert "Correct it" not in words(visit.get(f"invoices/{bill.id}"))
    assert visit.post(f"invoices/{bill.id}/correct", name="A", confirmed="1").status_code == 404
    assert now_of(api, bill)["status"] == "open"


def test_nobody_corrects_the_invoice_of_another(visit: Portal, make: Factories) -> None:
    other = make.invoice(make.customer(), 1000)
    assert visit.get(f"invoices/{other.id}/correct").status_code == 404


def test_only_who_has_an_address_is_told_of_mails(portal: Open, make: Factories) -> None:
    for email, told in (("jenny@example.com", True), (None, False)):
        customer = make.customer(email=email)
        bill = make.invoice(customer, 1000, collection_method="send_invoice", days_until_due=14)
        summary = words(fill(portal(customer, make.configuration(**on())), bill, name="Rosen AG"))
        assert ("by mail" in summary) is told


def test_what_collects_the_new_invoice_is_said_before(
    visit: Portal, make: Factories, customer: Customer, app: Any, api: Api
) -> None:
    """The old one was finalized before there was an account to collect it from."""
    bill = make.invoice(customer, 1000, auto_advance=True)
    begin_collecting(make)
    sign(make, app.extensions["portal"].seal, customer)
    assert "We collect €10.00 on" in words(fill(visit, bill, name="Rosen AG"))
    press(visit, bill, name="Rosen AG")
    assert len(api.get("direct_debits", invoice=now_of(api, bill)["latest_revision"])["data"]) == 1
