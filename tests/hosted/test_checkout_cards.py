"""Checkout by card and by what a customer has kept: charged while the customer waits, once, and refused in words."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal import clock
from portal.billing.payment_methods import own_methods
from portal.billing.payment_methods.params import BillingDetails
from portal.models import Customer
from portal.providers.interface import GivenMethod
from portal.worker import payments
from tests.clients import Api
from tests.debits import DEBTOR_IBAN, begin_collecting
from tests.factories import Factories
from tests.hosted.test_checkout import DONE, TYPED, buy, follow_up, path_of, shown, take_transfers

HTTPS = "https://localhost"


@pytest.fixture
def sold(make: Factories, api: Api) -> Any:
    begin_collecting(make)
    take_transfers(make)
    api.post("account", settings={"payments": {"provider": "sandbox"}})
    return make.price(recurring=None, unit_amount=1000)


@pytest.fixture
def charge(app: Flask) -> Callable[[], None]:
    """What the worker's lane does."""

    def run() -> None:
        while payments.work(app.extensions["portal"], clock.now()):
            pass

    return run


@pytest.fixture
def follow(app: Flask) -> Callable[..., None]:
    def run(later: int = 0) -> None:
        follow_up(app, clock.now() + later)

    return run


def by_card(token: str = "tok_visa") -> dict[str, str]:
    return {"way": "card", "card": token}


def keep_card(make: Factories, customer: Customer, token: str = "tok_visa") -> str:
    with make.database.writing(make.scope) as db:
        holder = BillingDetails(name="Ada")
        return own_methods.add_card(db, customer.id, GivenMethod(token), holder, now=clock.now()).id


def look(client: FlaskClient, path: str) -> TestResponse:
    return client.get(path, base_url=HTTPS)


def test_a_card_is_charged_and_then_the_session_is_complete(api, client, sold, charge):
    made = api.post("checkout/sessions", mode="payment", line_items=[{"price": sold.id}], success_url=DONE)
    path = path_of(made)
    answer = buy(client, path, **by_card())
    assert (answer.status_code, answer.location) == (303, path), answer.text
    waiting = look(client, path)
    assert "Your payment is being made" in waiting.text
    assert waiting.headers["Refresh"] == "2"
    during = api.get(f"checkout/sessions/{made['id']}")
    assert (during["status"], during["payment_status"]) == ("open", "unpaid")
    assert not api.get("events", type="checkout.session.completed")["data"]
    charge()
    answer = look(client, path)
    assert (answer.status_code, answer.location) == (303, DONE.replace("{CHECKOUT_SESSION_ID}", made["id"]))
    after = api.get(f"checkout/sessions/{made['id']}", expand=["invoice", "customer"])
    assert (after["status"], after["payment_status"]) == ("complete", "paid")
    assert (after["invoice"]["status"], after["invoice"]["amount_paid"]) == ("paid", 1000)
    assert after["customer"]["invoice_settings"]["default_payment_method"]
    assert len(api.get("events", type="checkout.session.completed")["data"]) == 1


def test_a_worker_completes_what_the_customer_has_left(api, client, sold, charge, follow):
    made = api.post("checkout/sessions", mode="payment", line_items=[{"price": sold.id}])
    buy(client, path_of(made), **by_card())
    charge()
    follow()
    assert api.get(f"checkout/sessions/{made['id']}")["status"] == "complete"


def test_fifty_clicks_charge_once(api, client, sold, charge):
    made = api.post("checkout/sessions", mode="payment", line_items=[{"price": sold.id}])
    path, application = path_of(made), client.application
    typed = {"amount": "1000", **TYPED, **by_card()}

    def click(_: int) -> int:
        return application.test_client().post(path, base_url=HTTPS, data=typed).status_code

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(click, range(50))) <= {200, 303, 409, 503}
    charge()
    assert len(api.get("invoices")["data"]) == len(api.get("customers")["data"]) == 1
    [intent] = api.get("payment_intents")["data"]
    assert (intent["status"], intent["attempt"], intent["amount_received"]) == ("succeeded", 1, 1000)


def test_a_declined_card_is_said_so_and_another_one_pays_the_same_invoice(api, client, sold, charge):
    made = api.post("checkout/sessions", mode="payment", line_items=[{"price": sold.id}])
    path = path_of(made)
    buy(client, path, **by_card("tok_visa_chargeDeclined"))
    charge()
    page = look(client, path)
    assert "Your card was declined." in page.text
    assert "Bank transfer" not in page.text
    assert api.get(f"checkout/sessions/{made['id']}")["status"] == "open"
    answer = client.post(path, base_url=HTTPS, data={"do": "buy", "amount": "1000", **by_card()})
    assert (answer.status_code, answer.location) == (303, path), answer.text
    charge()
    assert look(client, path).status_code == 303
    after = api.get(f"checkout/sessions/{made['id']}")
    assert (after["status"], after["payment_status"]) == ("complete", "paid")
    [invoice] = api.get("invoices")["data"]
    assert (invoice["status"], invoice["amount_paid"]) == ("paid", 1000)
    cards = api.get(f"customers/{after['customer']}/payment_methods")["data"]
    assert [each["card"]["last4"] for each in cards] == ["4242"]


def test_after_a_declined_card_a_debit_completes_the_session(api, client, sold, charge):
    made = api.post("checkout/sessions", mode="payment", line_items=[{"price": sold.id}])
    path = path_of(made)
    buy(client, path, **by_card("tok_chargeDeclinedExpiredCard"))
    charge()
    assert "Your card has expired." in look(client, path).text
    debited = {"way": "sepa_debit", "iban": DEBTOR_IBAN, "holder": "Ada", "agree": "y"}
    answer = client.post(path, base_url=HTTPS, data={"do": "buy", "amount": "1000", **debited})
    assert answer.status_code == 303, answer.text
    after = api.get(f"checkout/sessions/{made['id']}")
    assert (after["status"], after["payment_status"]) == ("complete", "unpaid")
    [debit] = api.get("direct_debits")["data"]
    assert (debit["amount"], debit["invoice"]) == (1000, after["invoice"])
    [intent] = api.get("payment_intents")["data"]
    assert intent["next_attempt_at"] is None


@pytest.mark.parametrize("answered", ["confirm", "refuse"])
def test_a_card_that_asks_is_confirmed_on_a_page(api, client, sold, charge, answered):
    made = api.post("checkout/sessions", mode="payment", line_items=[{"price": sold.id}])
    path = path_of(made)
    buy(client, path, **by_card("tok_authenticationRequired"))
    charge()
    assert "Confirm your payment" in look(client, path).text
    for _ in range(2):
        client.post(path, base_url=HTTPS, data={"answer": answered})
    charge()
    page = look(client, path)
    after = api.get(f"checkout/sessions/{made['id']}")
    if answered == "confirm":
        assert (after["status"], after["payment_status"]) == ("complete", "paid")
    else:
        assert "You have not confirmed the payment." in page.text
        assert after["status"] == "open"
    assert len(api.get("payment_intents")["data"]) == len(api.get("invoices")["data"]) == 1


@pytest.mark.parametrize("way", ["call", "worker"])
def test_an_order_that_nobody_paid_is_void_once_its_session_ends(api, client, make, sold, charge, follow, way):
    line = {"price": make.price().id}
    made = api.post("checkout/sessions", mode="subscription", line_items=[line])
    buy(client, path_of(made), **by_card("tok_visa_chargeDeclined"))
    with_invoice = api.get(f"checkout/sessions/{made['id']}", expand=["subscription", "invoice"])
    assert with_invoice["subscription"]["status"] == "incomplete"
    if way == "call":
        refused = api.request("POST", f"checkout/sessions/{made['id']}/expire")
        assert (refused.status_code, "under way" in refused.text) == (400, True)
    charge()
    if way == "call":
        api.post(f"checkout/sessions/{made['id']}/expire")
    else:
        follow(clock.DAY + 60)
    after = api.get(f"checkout/sessions/{made['id']}", expand=["subscription", "invoice"])
    assert after["status"] == "expired"
    assert after["invoice"]["status"] == "void"
    assert after["subscription"]["status"] == "incomplete_expired"
    assert "This checkout has expired" in look(client, path_of(made)).text


def test_a_plan_is_active_once_its_card_was_charged(api, client, make, sold, charge):
    made = api.post("checkout/sessions", mode="subscription", line_items=[{"price": make.price().id}])
    buy(client, path_of(made), **by_card())
    charge()
    look(client, path_of(made))
    after = api.get(f"checkout/sessions/{made['id']}", expand=["subscription"])
    assert (after["status"], after["subscription"]["status"]) == ("complete", "active")


def test_a_trial_takes_a_card_and_charges_nothing(api, client, make, sold, charge):
    made = api.post(
        "checkout/sessions",
        mode="subscription",
        line_items=[{"price": make.price().id}],
        subscription_data={"trial_period_days": 7},
    )
    buy(client, path_of(made), **by_card())
    after = api.get(f"checkout/sessions/{made['id']}", expand=["subscription.default_payment_method"])
    assert (after["status"], after["payment_status"]) == ("complete", "no_payment_required")
    assert after["subscription"]["default_payment_method"]["card"]["last4"] == "4242"


def test_a_card_is_set_up(api, client, make, sold):
    made = api.post("checkout/sessions", mode="setup", customer=make.customer().id)
    buy(client, path_of(made), **by_card())
    after = api.get(f"checkout/sessions/{made['id']}", expand=["setup_intent.payment_method"])
    assert (after["status"], after["setup_intent"]["payment_method_types"]) == ("complete", ["card"])
    assert after["setup_intent"]["payment_method"]["card"]["last4"] == "4242"


def test_a_known_customer_pays_by_what_is_kept(api, client, make, sold, charge):
    customer = make.customer()
    kept = keep_card(make, customer)
    made = api.post("checkout/sessions", mode="payment", customer=customer.id, line_items=[{"price": sold.id}])
    path = path_of(made)
    page = look(client, path)
    assert "Visa ending in \u20684242\u2069" in page.text
    assert f'value="{kept}"' in page.text
    answer = client.post(path, base_url=HTTPS, data={"do": "buy", "amount": shown(page), "way": kept})
    assert answer.status_code == 303, answer.text
    charge()
    look(client, path)
    after = api.get(f"checkout/sessions/{made['id']}", expand=["invoice"])
    assert (after["status"], after["invoice"]["default_payment_method"]) == ("complete", kept)
    assert len(api.get(f"customers/{customer.id}/payment_methods")["data"]) == 1


def test_another_customers_method_is_no_choice(api, client, make, sold):
    other = keep_card(make, make.customer())
    made = api.post("checkout/sessions", mode="payment", customer=make.customer().id, line_items=[{"price": sold.id}])
    answer = client.post(path_of(made), base_url=HTTPS, data={"do": "buy", "amount": "1000", "way": other})
    assert answer.status_code == 400
    assert not api.get("invoices")["data"]


def test_a_link_gives_back_what_an_order_had_taken(api, client, sold, charge):
    link = api.post(
        "payment_links",
        line_items=[{"price": sold.id}],
        restrictions={"completed_sessions": {"limit": 1}},
    )
    token = link["url"].rpartition("/pay/")[2]
    path = client.get(f"/pay/{token}", base_url=HTTPS).location
    buy(client, path, **by_card("tok_visa_chargeDeclined"))
    assert client.get(f"/pay/{token}", base_url=HTTPS).status_code == 410
    charge()
    [session] = api.get("checkout/sessions", payment_link=link["id"])["data"]
    api.post(f"checkout/sessions/{session['id']}/expire")
    assert client.get(f"/pay/{token}", base_url=HTTPS).status_code == 303


def test_fields_of_other_ways_are_hidden_by_the_stylesheet(api, client, sold):
    made = api.post("checkout/sessions", mode="payment", line_items=[{"price": sold.id}])
    page = look(client, path_of(made)).text
    assert page.index("of-card") < page.index("of-debit")
