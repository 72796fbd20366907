"""Sessions for one document: correct an invoice, or answer a quote, and then where the merchant wants to."""

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
from tests.factories import Factories
from tests.hosted.two_clicks import click_twice

Open = Callable[..., Portal]
pytestmark = pytest.mark.usefixtures("held_clock")
AFTER = {"type": "redirect", "redirect": {"return_url": "https://rides.example.com/thanks"}}


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer()


@pytest.fixture
def bill(make: Factories, customer: Customer) -> Invoice:
    return make.invoice(customer, 1000, collection_method="send_invoice", days_until_due=14)


@pytest.fixture
def quote(api: Api, make: Factories, customer: Customer) -> Any:
    """An open quote of the Gold plan for a month."""
    terms = {"collection_method": "send_invoice", "invoice_settings": {"days_until_due": 14}}
    made = api.post("quotes", customer=customer.id, line_items=[{"price": make.price().id}], **terms)
    return api.post(f"quotes/{made['id']}/finalize")


@pytest.fixture
def visit(portal: Open, make: Factories, customer: Customer) -> Callable[..., Portal]:
    """`visit(type, after, **branch)` opens a session for one task."""

    def opened(type: str, after: Any = None, **branch: str) -> Portal:
        on = {"enabled": True}
        configuration = make.configuration(invoice_correction=on, quotes=on, invoice_history=on)
        flow = {"type": type, type: branch, **({"after_completion": after} if after else {})}
        return portal(customer, configuration, flow_data=flow)

    return opened


def words(answer: Any) -> str:
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", answer.get_data(as_text=True))).split())


def fields_of(answer: Any) -> dict[str, str]:
    """The texts and hidden fields of a form."""
    found = {}
    for tag in re.findall(r"<input[^>]*>", answer.get_data(as_text=True)):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name:
            found[name[1]] = html.unescape(value[1]) if value else ""
    return found


def correct(visit: Portal, invoice: Invoice, **typed: str) -> Any:
    """Fill the form in and press the button of the summary."""
    path = f"invoices/{invoice.id}/correct"
    country = {"address-country": "DE"}
    summary = visit.post(path, token=False, **{**fields_of(visit.get(path)), **country, **typed})
    assert summary.status_code == 200, summary.text
    return visit.post(path, token=False, **{**fields_of(summary), **country}, confirmed="1")


def home_of(visit: Portal) -> str:
    return f"/p/{visit.session_id}/"


def test_an_invoice_is_corrected_and_the_task_is_done(visit: Any, bill: Invoice, api: Api) -> None:
    opened = visit("invoice_correction", AFTER, invoice=bill.id)
    assert opened.get().location == f"{home_of(opened)}invoices/{bill.id}/correct"
    page = opened.get(f"invoices/{bill.id}/correct").text
    assert f"../{bill.id}" not in page, "nothing leads out of the task"
    answer = correct(opened, bill, name="Rosen AG")
    assert answer.location == f"{home_of(opened)}done"
    new = api.get(f"invoices/{api.get(f'invoices/{bill.id}')['latest_revision']}")
    assert new["customer_name"] == "Rosen AG"
    assert "rides.example.com/thanks" in opened.get("done").headers["Refresh"]


def test_the_home_page_follows_unless_the_merchant_says_otherwise(visit: Any, bill: Invoice) -> None:
    opened = visit("invoice_correction", invoice=bill.id)
    assert correct(opened, bill, name="Rosen AG").location == home_of(opened)
    home = words(opened.get())
    assert "The invoice is corrected." in home
    assert "takes its place" not in home


def test_a_task_reaches_its_own_document_only(
    visit: Any, make: Factories, customer: Customer, bill: Invoice, quote: Any
) -> None:
    other = make.invoice(customer, 500)
    correcting = visit("invoice_correction", invoice=bill.id)
    for path in (f"invoices/{other.id}/correct", f"invoices/{bill.id}", "invoices", f"quotes/{quote['id']}", "details"):
        assert correcting.get(path).status_code == 404
    answering = visit("quote_accept", quote=quote["id"])
    for path in (f"invoices/{bill.id}/correct", "quotes", "quotes/qt_1", "invoices"):
        assert answering.get(path).status_code == 404


def test_what_was_corrected_meanwhile_ends_the_task(visit: Any, bill: Invoice, api: Api) -> None:
    opened = visit("invoice_correction", AFTER, invoice=bill.id)
    api.post(f"invoices/{bill.id}/correct", name="Rosen AG")
    assert opened.get(f"invoices/{bill.id}/correct").location == f"{home_of(opened)}done"


def test_what_can_not_be_corrected_any_more_says_so(visit: Any, bill: Invoice, api: Api) -> None:
    opened = visit("invoice_correction", AFTER, invoice=bill.id)
    api.post(f"invoices/{bill.id}/void")
    answer = opened.get(f"invoices/{bill.id}/correct")
    assert answer.status_code == 409
    assert "This invoice can't be corrected here any more. Please ask us." in words(answer)


@pytest.mark.parametrize(("answer", "status"), [("accept", "accepted"), ("decline", "canceled")])
def test_a_quote_is_answered_once_and_the_task_is_done(
    visit: Any, make: Factories, customer: Customer, quote: Any, api: Api, answer: str, status: str
) -> None:
    opened = visit("quote_accept", AFTER, quote=quote["id"])
    assert opened.get().location == f"{home_of(opened)}quotes/{quote['id']}"
    page = opened.get(f"quotes/{quote['id']}")
    assert "../quotes" not in page.text
    assert opened.get(f"quotes/{quote['id']}/pdf").mimetype == "application/pdf"
    path = f"quotes/{quote['id']}/{answer}"
    token = fields_of(opened.get(path))["csrf_token"]
    clicks = click_twice(make, customer, opened, path, given_token=token)
    assert {click.status_code for click in clicks} == {303}
    assert f"{home_of(opened)}done" in {click.location for click in clicks}
    assert api.get(f"quotes/{quote['id']}")["status"] == status
    assert len(api.get("subscriptions", customer=customer.id)["data"]) == (status == "accepted")
    assert "rides.example.com/thanks" in opened.get("done").headers["Refresh"]


@pytest.mark.parametrize(("meanwhile", "status"), [("accept", "accepted"), ("cancel", "canceled")])
def test_a_no_that_comes_too_late_is_not_taken_for_one(
    visit: Any, quote: Any, api: Api, meanwhile: str, status: str
) -> None:
    opened = visit("quote_accept", AFTER, quote=quote["id"])
    path = f"quotes/{quote['id']}/decline"
    token = fields_of(opened.get(path))["csrf_token"]
    api.post(f"quotes/{quote['id']}/{meanwhile}")
    answer = opened.post(path, token=False, csrf_token=token)
    assert (answer.status_code, answer.location) == (303, f"{home_of(opened)}quotes/{quote['id']}")
    assert "is declined" not in words(opened.get(f"quotes/{quote['id']}"))
    assert api.get(f"quotes/{quote['id']}")["status"] == status
    assert opened.get("done").status_code != 200, "the task is not done"


def refused(api: Api, make: Factories, customer: Customer, flow: dict[str, Any], **features: Any) -> Any:
    on = {name: {"enabled": True} for name in ("invoice_correction", "quotes", "invoice_history")}
    configuration = make.configuration(**{**on, **features})
    sent = {"customer": customer.id, "configuration": configuration.id, "flow_data": flow}
    return api.error("POST", "billing_portal/sessions", **sent)


def correcting(invoice: str) -> dict[str, Any]:
    return {"type": "invoice_correction", "invoice_correction": {"invoice": invoice}}


def test_a_correction_that_can_not_succeed_is_refused(
    api: Api, make: Factories, customer: Customer, bill: Invoice
) -> None:
    where, off = "flow_data[invoice_correction][invoice]", {"enabled": False}
    assert refused(api, make, customer, {"type": "invoice_correction"})["param"] == where
    foreign = make.invoice(make.customer(), 100)
    for id in ("in_1", foreign.id, make.draft(customer).id):
        assert refused(api, make, customer, correcting(id))["param"] == where
    error = refused(api, make, customer, correcting(bill.id), invoice_correction=off)
    assert error["param"] == "flow_data[type]"
    assert refused(api, make, customer, correcting(bill.id), invoice_history=off)["param"] == where
    with clock.hold_at(NOON + 100 * clock.DAY):
        assert refused(api, make, customer, correcting(bill.id))["param"] == where


def test_a_quote_that_can_not_be_accepted_is_refused(api: Api, make: Factories, customer: Customer, quote: Any) -> None:
    def answering(id: str) -> dict[str, Any]:
        return {"type": "quote_accept", "quote_accept": {"quote": id}}

    where = "flow_data[quote_accept][quote]"
    draft = api.post("quotes", customer=customer.id, line_items=[{"price": make.price().id}])
    for id in ("qt_1", draft["id"]):
        assert refused(api, make, customer, answering(id))["param"] == where
    assert refused(api, make, make.customer(), answering(quote["id"]))["param"] == where
    assert refused(api, make, customer, answering(quote["id"]), quotes={"enabled": False})["param"] == "flow_data[type]"
    with clock.hold_at(quote["expires_at"]):
        assert refused(api, make, customer, answering(quote["id"]))["param"] == where
    api.post(f"quotes/{quote['id']}/accept")
    assert refused(api, make, customer, answering(quote["id"]))["param"] == where


@pytest.mark.parametrize("days", [-200, 300])
def test_the_time_of_a_test_clock_counts_for_flows(api: Api, make: Factories, days: int) -> None:
    held = api.post("test_helpers/test_clocks", frozen_time=NOON + days * clock.DAY)
    made = api.post("customers", test_clock=held["id"], name="Ada", email="ada@example.com")
    terms = {"customer": made["id"], "collection_method": "send_invoice"}
    lines, due = [{"price": make.price().id}], {"days_until_due": 14}
    quote = api.post("quotes", **terms, line_items=lines, invoice_settings=due)
    api.post(f"quotes/{quote['id']}/finalize")
    bill = api.post("invoices", **terms, **due, currency="eur")
    api.post("invoiceitems", customer=made["id"], invoice=bill["id"], amount=1000, currency="eur")
    api.post(f"invoices/{bill['id']}/finalize")
    plan = api.post("subscriptions", **terms, **due, items=lines)
    on = {name: {"enabled": True} for name in ("invoice_correction", "quotes", "invoice_history")}
    withdrawal = {"enabled": True, "days": 14}
    configuration = make.configuration(**on, subscription_withdrawal=withdrawal)
    for flow in (
        {"type": "quote_accept", "quote_accept": {"quote": quote["id"]}},
        correcting(bill["id"]),
        {"type": "subscription_withdrawal", "subscription_withdrawal": {"subscription": plan["id"]}},
    ):
        sent = {"customer": made["id"], "configuration": configuration.id, "flow_data": flow}
        assert api.post("billing_portal/sessions", **sent)["flow"]["type"] == flow["type"]
