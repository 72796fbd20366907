"""Checkout in a browser: from the link to the invoice, the subscription or the bank account, once."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal import clock
from portal.models import Account
from portal.worker import expiry
from tests.clients import Api
from tests.debits import DEBTOR_IBAN, begin_collecting
from tests.factories import Factories
from tests.statements_of_banks import OWN_IBAN

DONE = "https://shop.example/done?session={CHECKOUT_SESSION_ID}"
TYPED = {"email": "ada@example.com", "name": "Ada Lovelace", "do": "buy"}
DEBITED = {"iban": DEBTOR_IBAN, "agree": "y", "way": "sepa_debit"}


def take_transfers(make: Factories) -> None:
    """The merchant's invoices say how to transfer."""
    with make.database.writing(make.scope) as db:
        account = db.get_one(Account, make.scope.account_id)
        account.settings = {**account.settings, "invoices": {"bank_transfer": {"iban": OWN_IBAN, "holder": "Rocket"}}}


@pytest.fixture
def sold(make: Factories) -> Any:
    begin_collecting(make)
    take_transfers(make)
    return make.price(recurring=None, unit_amount=1000)


def path_of(made: Any) -> str:
    """The path of a new session's page."""
    return "/checkout/" + made["url"].rpartition("/checkout/")[2]


def shown(page: TestResponse) -> str:
    """The amount that a page has shown."""
    found = re.search(r'name="amount"[^>]*value="(\d+)"', page.text)
    assert found, page.text
    return found[1]


def buy(client: FlaskClient, path: str, **typed: str) -> TestResponse:
    """Open the page, fill it in, and press the button."""
    page = client.get(path, base_url="https://localhost")
    assert page.status_code == 200, page.text
    return client.post(path, base_url="https://localhost", data={"amount": shown(page), **TYPED, **typed})


def test_a_payment_by_debit_ends_in_an_invoice(api: Api, client: FlaskClient, sold: Any) -> None:
    made = api.post("checkout/sessions", mode="payment", line_items=[{"price": sold.id}], success_url=DONE)
    answer = buy(client, path_of(made), **DEBITED)
    assert (answer.status_code, answer.location) == (303, DONE.replace("{CHECKOUT_SESSION_ID}", made["id"])), (
        answer.text
    )
    after = api.get(f"checkout/sessions/{made['id']}", expand=["invoice", "customer"])
    assert (after["status"], after["payment_status"]) == ("complete", "unpaid")
    invoice, customer = after["invoice"], after["customer"]
    assert (invoice["status"], invoice["total"], invoice["collection_method"]) == ("open", 1000, "charge_automatically")
    assert (customer["email"], customer["name"]) == ("ada@example.com", "Ada Lovelace")
    assert after["customer_details"]["email"] == "ada@example.com"
    assert api.get("direct_debits", invoice=invoice["id"])["data"][0]["amount"] == 1000
    told = api.get("events", type="checkout.session.completed")["data"]
    assert [each["data"]["object"]["id"] for each in told] == [made["id"]]


def test_a_payment_by_transfer_says_how_to_pay(api: Api, client: FlaskClient, sold: Any) -> None:
    made = api.post("checkout/sessions", mode="payment", line_items=[{"price": sold.id}])
    answer = buy(client, path_of(made), way="customer_balance")
    assert answer.status_code == 303, answer.text
    after = client.get(answer.location, base_url="https://localhost")
    assert "Your invoice says how to pay it." in after.text
    assert api.get("events", type="invoice.sent")["data"], "the page has said that it is mailed"
    invoice = api.get(f"checkout/sessions/{made['id']}", expand=["invoice"])["invoice"]
    assert (invoice["collection_method"], invoice["status"]) == ("send_invoice", "open")
    page = client.get(re.search(r'href="([^"]*/i/[^"]*)"', after.text)[1], base_url="https://localhost")  # type: ignore[index]
    assert OWN_IBAN[:4] in page.text


@pytest.mark.parametrize("way", ["sepa_debit", "customer_balance"])
def test_a_subscription_begins_with_its_first_invoice(
    api: Api, client: FlaskClient, make: Factories, sold: Any, way: str
) -> None:
    rate = make.tax_rate(percentage=19)
    made = api.post(
        "checkout/sessions",
        mode="subscription",
        line_items=[
            {"price": make.price().id, "quantity": 2, "tax_rates": [rate.id]},
            {"price": sold.id, "tax_rates": [rate.id]},
        ],
        subscription_data={"description": "By checkout", "metadata": {"from": "checkout"}},
    )
    answer = buy(client, path_of(made), **{**DEBITED, "way": way})
    assert answer.status_code == 303, answer.text
    after = api.get(f"checkout/sessions/{made['id']}", expand=["subscription.latest_invoice"])
    plan = after["subscription"]
    assert (plan["status"], plan["description"], plan["metadata"]) == ("active", "By checkout", {"from": "checkout"})
    assert plan["latest_invoice"]["total"] == after["amount_total"] == 5950
    assert plan["latest_invoice"]["status"] == "open"


def test_a_setup_ends_in_a_payment_method(api: Api, client: FlaskClient, make: Factories, sold: Any) -> None:
    customer = make.customer()
    made = api.post("checkout/sessions", mode="setup", customer=customer.id)
    answer = buy(client, path_of(made), **DEBITED)
    assert answer.status_code == 303, answer.text
    intent = api.get(f"checkout/sessions/{made['id']}", expand=["setup_intent.payment_method"])["setup_intent"]
    assert (intent["status"], intent["customer"]) == ("succeeded", customer.id)
    assert intent["payment_method"]["sepa_debit"]["last4"] == DEBTOR_IBAN[-4:]


def test_fifty_clicks_buy_once(api: Api, client: FlaskClient, sold: Any) -> None:
    made = api.post("checkout/sessions", mode="payment", line_items=[{"price": sold.id}], success_url=DONE)
    path, application = path_of(made), client.application
    typed = {"amount": "1000", **TYPED, **DEBITED}

    def click(_: int) -> TestResponse:
        return application.test_client().post(path, base_url="https://localhost", data=typed)

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(click, range(50)))
    assert {answer.status_code for answer in answers} <= {303, 409, 503}
    assert answers[-1].status_code == 303
    assert len(api.get("invoices")["data"]) == len(api.get("customers")["data"]) == 1
    assert len(api.get("direct_debits")["data"]) == 1
    assert len(api.get("events", type="checkout.session.completed")["data"]) == 1


def test_wrong_input_stands_at_its_field_and_loses_nothing(api: Api, client: FlaskClient, sold: Any) -> None:
    made = api.post("checkout/sessions", mode="payment", line_items=[{"price": sold.id}])
    answer = buy(client, path_of(made), **{**DEBITED, "iban": "DE00 1234", "email": "ada"})
    assert answer.status_code == 400
    assert "Write the address like name@example.com." in answer.text
    assert 'value="DE00 1234"' in answer.text
    assert 'value="Ada Lovelace"' in answer.text
    assert not api.get("customers")["data"]


def test_quantity_and_code_change_what_is_paid(api: Api, client: FlaskClient, make: Factories, sold: Any) -> None:
    make.promotion_code(make.coupon(percent_off=50), code="HALF")
    line = {"price": sold.id, "adjustable_quantity": {"enabled": True, "minimum": 1, "maximum": 5}}
    made = api.post("checkout/sessions", mode="payment", line_items=[line], allow_promotion_codes=True)
    path = path_of(made)
    page = client.post(path, base_url="https://localhost", data={"quantity_0": "3", "code": "half", "do": "update"})
    assert (page.status_code, shown(page)) == (200, "1500"), page.text
    # the page that is bought from still shows the old amount
    stale = client.post(
        path,
        base_url="https://localhost",
        data={**TYPED, "amount": "1000", "quantity_0": "3", "code": "half", "way": "customer_balance"},
    )
    assert stale.status_code == 409
    assert "Nothing was bought yet." in stale.text
    none = client.post(path, base_url="https://localhost", data={**TYPED, "quantity_0": "0", "amount": "0"})
    assert none.status_code == 400
    for wrong in ({"quantity_0": "6"}, {"quantity_0": "x"}, {"quantity_0": "3", "code": "none"}):
        assert client.post(path, base_url="https://localhost", data={**wrong, "do": "update"}).status_code == 400
    client.post(path, base_url="https://localhost", data={"quantity_0": "3", "code": "half", "do": "update"})
    done = buy(client, path, quantity_0="3", code="half", way="customer_balance")
    assert done.status_code == 303, done.text
    after = api.get(f"checkout/sessions/{made['id']}", expand=["invoice"])
    assert after["invoice"]["total"] == after["amount_total"] == 1500
    assert after["invoice"]["lines"]["data"][0]["quantity"] == 3


def test_address_tax_id_and_terms_are_asked_for(api: Api, client: FlaskClient, make: Factories, sold: Any) -> None:
    configuration = api.get("billing_portal/configurations", is_default=True)["data"][0]["id"]
    profile = {"terms_of_service_url": "https://shop.example/terms"}
    api.post(f"billing_portal/configurations/{configuration}", business_profile=profile)
    made = api.post(
        "checkout/sessions",
        mode="payment",
        line_items=[{"price": sold.id}],
        tax_id_collection={"enabled": True},
        billing_address_collection="required",
        phone_number_collection={"enabled": True},
        consent_collection={"terms_of_service": "required"},
    )
    path = path_of(made)
    lacking = buy(client, path, way="customer_balance", tax_id="DE136695976")
    assert lacking.status_code == 400
    for words in ("Enter the address.", "Choose a country.", "Enter your phone number.", "agree to the terms"):
        assert words in lacking.text
    address = {"address-line1": "Lindenstr. 3", "address-city": "Berlin", "address-postal_code": "10969"}
    full = {**address, "address-country": "DE", "phone": "+49 30 1234", "terms": "y", "way": "customer_balance"}
    assert buy(client, path, **full, tax_id="FR123").status_code == 400
    done = buy(client, path, **full, tax_id="de 136 695 976")
    assert done.status_code == 303, done.text
    after = api.get(f"checkout/sessions/{made['id']}")
    assert after["consent"]["terms_of_service"] == "accepted"
    details = after["customer_details"]
    assert (details["address"]["city"], details["phone"]) == ("Berlin", "+49 30 1234")
    assert details["tax_ids"] == [{"type": "eu_vat", "value": "DE136695976"}]


def test_what_waits_for_another_invoice_is_not_paid_here(
    api: Api, client: FlaskClient, make: Factories, sold: Any
) -> None:
    customer = make.customer()
    make.item(customer, 700)
    made = api.post(
        "checkout/sessions", mode="subscription", line_items=[{"price": make.price().id}], customer=customer.id
    )
    answer = buy(client, path_of(made), **DEBITED)
    assert answer.status_code == 303, answer.text
    assert api.get(f"checkout/sessions/{made['id']}", expand=["invoice"])["invoice"]["total"] == 2000
    assert api.get("invoiceitems", pending=True)["data"][0]["amount"] == 700


def test_what_is_over_says_so(api: Api, client: FlaskClient, sold: Any) -> None:
    made = api.post(
        "checkout/sessions", mode="payment", line_items=[{"price": sold.id}], cancel_url="https://shop.example/back"
    )
    path = path_of(made)
    page = client.get(path, base_url="https://localhost")
    assert 'href="https://shop.example/back"' in page.text
    assert page.headers["Cache-Control"] == "no-store"
    api.post(f"checkout/sessions/{made['id']}/expire")
    over = client.get(path, base_url="https://localhost")
    assert over.status_code == 410
    assert "This checkout has expired" in over.text
    assert 'href="https://shop.example/back"' in over.text
    late = client.post(path, base_url="https://localhost", data=TYPED)
    assert (late.status_code, late.location) == (303, f"{path}/done")
    assert client.get("/checkout/pls_unknown", base_url="https://localhost").status_code == 404


def test_the_answer_may_lead_to_the_merchant_alone(api: Api, client: FlaskClient, sold: Any) -> None:
    made = api.post("checkout/sessions", mode="payment", line_items=[{"price": sold.id}], success_url=DONE)
    page = client.get(path_of(made), base_url="https://localhost")
    assert "form-action 'self' https://shop.example;" in page.headers["Content-Security-Policy"]


def test_the_page_speaks_the_language_of_the_session(api: Api, client: FlaskClient, sold: Any) -> None:
    made = api.post("checkout/sessions", mode="payment", line_items=[{"price": sold.id}], locale="de")
    assert 'lang="de"' in client.get(path_of(made), base_url="https://localhost").text


def test_a_free_order_needs_no_way_to_pay(api: Api, client: FlaskClient, make: Factories) -> None:
    free = make.price(recurring=None, unit_amount=0)
    made = api.post("checkout/sessions", mode="payment", line_items=[{"price": free.id}])
    assert buy(client, path_of(made)).status_code == 303
    after = api.get(f"checkout/sessions/{made['id']}", expand=["invoice"])
    assert (after["payment_status"], after["invoice"]["status"]) == ("no_payment_required", "paid")


Visit = Callable[[str], TestResponse]


@pytest.fixture
def visit(client: FlaskClient) -> Visit:
    return lambda url: client.get("/pay/" + url.rpartition("/pay/")[2], base_url="https://localhost")


def test_a_link_opens_a_session_for_each_visitor(
    api: Api, client: FlaskClient, visit: Visit, make: Factories, sold: Any
) -> None:
    link = api.post(
        "payment_links",
        line_items=[{"price": sold.id, "quantity": 2}],
        metadata={"campaign": "winter"},
        after_completion={"type": "hosted_confirmation", "hosted_confirmation": {"custom_message": "See you soon!"}},
        restrictions={"completed_sessions": {"limit": 1}},
    )
    first, second = visit(link["url"]), visit(f"{link['url']}?client_reference_id=c-7&prefilled_email=ada@example.com")
    assert first.status_code == second.status_code == 303
    assert first.location != second.location
    assert 'value="ada@example.com"' in client.get(second.location, base_url="https://localhost").text
    done = buy(client, second.location, way="customer_balance")
    assert "See you soon!" in client.get(done.location, base_url="https://localhost").text
    session = api.get("checkout/sessions", payment_link=link["id"], status="complete")["data"][0]
    assert (session["metadata"], session["client_reference_id"]) == ({"campaign": "winter"}, "c-7")
    assert (session["payment_link"], session["amount_total"]) == (link["id"], 2000)
    # that was the last one: neither a new visitor nor the other page can buy
    assert visit(link["url"]).status_code == 410
    late = buy(client, first.location, way="customer_balance")
    assert (late.status_code, "This link is not active" in late.text) == (410, True)
    assert len(api.get("invoices")["data"]) == 1
    assert api.get(f"payment_links/{link['id']}")["restrictions"]["completed_sessions"] == {"count": 1, "limit": 1}


def test_a_link_that_is_switched_off_says_so(api: Api, visit: Visit, sold: Any) -> None:
    link = api.post("payment_links", line_items=[{"price": sold.id}], inactive_message="Sold out until spring.")
    api.post(f"payment_links/{link['id']}", active=False)
    page = visit(link["url"])
    assert page.status_code == 410
    assert "Sold out until spring." in page.text
    assert visit("https://x/pay/unknown").status_code == 404


def test_strangers_open_so_many_sessions_and_no_more(api: Api, visit: Visit, sold: Any) -> None:
    link = api.post("payment_links", line_items=[{"price": sold.id}])
    assert [visit(link["url"]).status_code for _ in range(21)] == [303] * 20 + [429]


def test_a_link_leads_to_the_merchant(api: Api, client: FlaskClient, visit: Visit, make: Factories, sold: Any) -> None:
    link = api.post(
        "payment_links",
        line_items=[{"price": make.price().id}],
        after_completion={"type": "redirect", "redirect": {"url": DONE}},
        subscription_data={"trial_period_days": 7},
    )
    opened = visit(link["url"])
    answer = buy(client, opened.location, **DEBITED)
    assert answer.location.startswith("https://shop.example/done?session=cs_"), answer.text
    plan = api.get("subscriptions")["data"][0]
    assert plan["status"] == "trialing"


def follow_up(app: Flask, now: int) -> None:
    """What the worker does for checkout at a moment: of other tests' sessions too, in batches."""
    while expiry.follow_checkouts(app.extensions["portal"], now):
        pass


def told_of_checkout(api: Api) -> list[str]:
    """The last words of the events of checkout, newest first."""
    told = [event["type"] for event in api.get("events", limit=100)["data"]]
    return [type.removeprefix("checkout.session.") for type in told if type.startswith("checkout.session.")]


def test_a_session_expires_by_itself(api: Api, client: FlaskClient, sold: Any) -> None:
    made = api.post("checkout/sessions", mode="payment", line_items=[{"price": sold.id}])
    follow_up(client.application, made["expires_at"] - 1)
    assert api.get(f"checkout/sessions/{made['id']}")["status"] == "open"
    follow_up(client.application, made["expires_at"])
    assert api.get(f"checkout/sessions/{made['id']}")["status"] == "expired"
    assert api.get("events", type="checkout.session.expired")["data"][0]["data"]["object"]["id"] == made["id"]


def test_a_payment_that_comes_later_is_told(api: Api, client: FlaskClient, sold: Any) -> None:
    made = api.post("checkout/sessions", mode="payment", line_items=[{"price": sold.id}])
    buy(client, path_of(made), way="customer_balance")
    follow_up(client.application, clock.now())
    session = api.get(f"checkout/sessions/{made['id']}")
    assert session["payment_status"] == "unpaid"
    api.post(f"invoices/{session['invoice']}/pay", paid_out_of_band=True)
    follow_up(client.application, clock.now())
    assert api.get(f"checkout/sessions/{made['id']}")["payment_status"] == "paid"
    assert told_of_checkout(api) == ["async_payment_succeeded", "completed"]


def test_a_payment_that_fails_is_told_and_can_still_come(api: Api, client: FlaskClient, sold: Any) -> None:
    made = api.post("checkout/sessions", mode="payment", line_items=[{"price": sold.id}])
    buy(client, path_of(made), way="customer_balance")
    invoice = api.get(f"checkout/sessions/{made['id']}")["invoice"]
    api.post(f"invoices/{invoice}/mark_uncollectible")
    follow_up(client.application, clock.now())
    follow_up(client.application, clock.now())
    assert api.get(f"checkout/sessions/{made['id']}")["payment_failed_at"]
    api.post(f"invoices/{invoice}/pay", paid_out_of_band=True)
    follow_up(client.application, clock.now())
    assert told_of_checkout(api) == ["async_payment_succeeded", "async_payment_failed", "completed"]


def test_wrong_codes_are_counted(api: Api, client: FlaskClient, make: Factories, sold: Any) -> None:
    make.promotion_code(make.coupon(percent_off=50), code="HALF")
    made = api.post("checkout/sessions", mode="payment", line_items=[{"price": sold.id}], allow_promotion_codes=True)
    path = path_of(made)
    for at in range(10):
        assert (
            client.post(path, base_url="https://localhost", data={"code": f"x{at}", "do": "update"}).status_code == 400
        )
    late = client.post(path, base_url="https://localhost", data={"code": "half", "do": "update"})
    assert (late.status_code, shown(late)) == (400, "1000")


def test_what_came_to_nothing_is_forgotten_in_the_end(api: Api, client: FlaskClient, sold: Any) -> None:
    lines = [{"price": sold.id}]
    kept, gone = (api.post("checkout/sessions", mode="payment", line_items=lines) for _ in range(2))
    buy(client, path_of(kept), way="customer_balance")
    api.post(f"checkout/sessions/{gone['id']}/expire")
    expiry.prune_expired(client.application.extensions["portal"], gone["expires_at"] + 91 * clock.DAY)
    assert [each["id"] for each in api.get("checkout/sessions")["data"]] == [kept["id"]]
