"""Cards of the sandbox on the customer's pages: added, shown with their month, and payments that are confirmed."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from portal import clock
from portal.models import Customer, PaymentMethod
from portal.worker import payments
from tests.clients import Api, Portal
from tests.debits import CREDITOR
from tests.factories import Factories

pytestmark = pytest.mark.usefixtures("held_clock")


@pytest.fixture
def customer(make: Factories, api: Api) -> Customer:
    api.post("account", default_currency="eur", settings={"payments": {"provider": "sandbox"}})
    return make.customer(name="Jenny Rosen")


@pytest.fixture
def visit(portal: Callable[..., Portal], customer: Customer, make: Factories) -> Portal:
    return portal(customer, make.configuration(payment_method_update={"enabled": True}))


@pytest.fixture
def charge(app: Flask) -> Callable[[], None]:
    """What the worker's lane does."""

    def run() -> None:
        while payments.work(app.extensions["portal"], clock.now()):
            pass

    return run


def page_of(visit: Portal, path: str = "") -> str:
    answer = visit.get(path)
    assert answer.status_code == 200
    return str(answer.get_data(as_text=True))


def add(visit: Portal, token: str = "tok_visa", path: str = "payment-methods/card", **changed: Any) -> Any:
    return visit.post(path, **{"card": token, "expiry": "12/29", "name": "Jenny Rosen", **changed})


def cards_of(make: Factories) -> list[PaymentMethod]:
    with make.database.reading(make.scope) as db:
        return list(db.query(PaymentMethod).order_by(PaymentMethod.created, PaymentMethod.id))


def test_a_card_is_added_and_becomes_the_default(visit, customer, api, make):
    assert "No payment method yet" in page_of(visit)
    assert "payment-methods/add" not in page_of(visit)
    assert add(visit).status_code == 303
    [card] = cards_of(make)
    assert (card.customer_id, card.details["last4"], card.sealed) == (customer.id, "4242", None)
    default = api.get(f"customers/{customer.id}")["invoice_settings"]["default_payment_method"]
    assert default == card.id
    shown = page_of(visit)
    assert "Visa" in shown
    assert "•••• 4242" in shown
    assert "12/29" in shown


def test_a_second_click_adds_no_second_card(visit, make):
    add(visit)
    add(visit)
    assert len(cards_of(make)) == 1


def test_any_other_number_is_refused_and_stays_nowhere(visit, make, caplog):
    with caplog.at_level(logging.DEBUG):
        answer = add(visit, "4111111111111111")
    assert answer.status_code == 400
    assert "4111" not in answer.get_data(as_text=True)
    assert "4111" not in caplog.text
    assert cards_of(make) == []


@pytest.mark.parametrize("expiry", ["", "13/29", "0/29", "soon", "12/2", "1229"])
def test_a_month_is_written_as_on_the_card(visit, make, expiry):
    answer = add(visit, expiry=expiry)
    assert answer.status_code == 400
    assert "such as 03/27" in answer.get_data(as_text=True)
    assert cards_of(make) == []


@pytest.mark.parametrize(
    ("expiry", "words"), [("10/26", "Expired "), ("11/26", "attention"), ("12/26", "attention"), ("01/27", "hint")]
)
def test_a_card_says_when_it_expires(visit, expiry, words):
    """The clock stands in November 2026."""
    add(visit, expiry=expiry)
    [line] = re.findall(rf'<span class="line [a-z]+">[^<]*<bdi dir="ltr">{expiry}</bdi>[^<]*</span>', page_of(visit))
    assert words in line


def test_an_expired_card_is_declined(visit, make, api, customer, charge):
    add(visit, expiry="10/26")
    invoice = make.invoice(customer, 4200, auto_advance=True)
    charge()
    [intent] = api.get("payment_intents", invoice=invoice.id)["data"]
    assert intent["last_payment_error"]["code"] == "expired_card"


def test_a_card_is_replaced_and_removed(visit, make, customer):
    add(visit)
    [first] = cards_of(make)
    add(visit, "tok_mastercard", f"payment-methods/card?replaces={first.id}")
    old, new = cards_of(make)
    assert (old.customer_id, new.customer_id) == (None, customer.id)
    assert "Remove this card?" in page_of(visit, f"payment-methods/{new.id}/remove")
    assert visit.post(f"payment-methods/{new.id}/remove").status_code == 303
    assert "No payment method yet" in page_of(visit)


def test_another_card_becomes_the_default(visit, make, api, customer):
    add(visit)
    add(visit, "tok_mastercard")
    first = cards_of(make)[0].id
    visit.post(f"payment-methods/{first}/default")
    assert "Your bills are now charged to the card ending in 4242." in page_of(visit)
    assert api.get(f"customers/{customer.id}")["invoice_settings"]["default_payment_method"] == first


@pytest.mark.parametrize(
    ("provider", "creditor", "paths"),
    [
        ("sandbox", None, {"card": 200, "add": 404}),
        (None, CREDITOR, {"card": 404, "add": 200}),
        ("sandbox", CREDITOR, {"card": 200, "add": 200}),
        (None, None, {"card": 404, "add": 404}),
    ],
)
def test_only_what_can_be_collected_by_can_be_added(visit, api, provider, creditor, paths):
    empty = dict.fromkeys(CREDITOR, "")
    api.post("account", settings={"payments": {"provider": provider or ""}, "direct_debit": creditor or empty})
    assert {path: visit.get(f"payment-methods/{path}").status_code for path in paths} == paths


def test_a_flow_for_a_payment_method_begins_with_a_card_where_there_is_no_debit(api, customer, make, app):
    configuration = make.configuration(payment_method_update={"enabled": True})
    visit = Portal.opened(app, make, customer, configuration, flow_data={"type": "payment_method_update"})
    assert visit.get().location.endswith("payment-methods/card")
    sent = {"card": "tok_visa", "expiry": "12/29", "csrf_token": form_token(visit, "payment-methods/card")}
    assert visit.post("payment-methods/card", token=False, **sent).status_code == 303
    assert len(cards_of(make)) == 1


def form_token(visit: Portal, path: str) -> str:
    return re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', page_of(visit, path))[0]


def waiting(visit: Portal, make: Factories, customer: Customer, charge: Callable[[], None]) -> Any:
    add(visit, "tok_authenticationRequired")
    invoice = make.invoice(customer, 4200, auto_advance=True)
    charge()
    return invoice


def test_a_payment_waits_until_the_customer_confirms_it(visit, make, api, customer, charge):
    invoice = waiting(visit, make, customer, charge)
    [intent] = api.get("payment_intents", invoice=invoice.id)["data"]
    path = f"payments/{intent['id']}/confirm"
    assert path in page_of(visit)
    assert path in page_of(visit, f"invoices/{invoice.id}")
    assert "€42.00" in page_of(visit, path)
    assert visit.post(path, confirm="yes").status_code == 303
    assert "Your payment is being made." in page_of(visit)
    charge()
    assert api.get(f"invoices/{invoice.id}")["status"] == "paid"
    assert path not in page_of(visit)
    assert visit.get(path).status_code == 302
    visit.post(path, refuse="yes")
    assert api.get(f"payment_intents/{intent['id']}")["status"] == "succeeded"


def test_a_customer_may_decide_against_a_payment(visit, make, api, customer, charge):
    invoice = waiting(visit, make, customer, charge)
    [intent] = api.get("payment_intents", invoice=invoice.id)["data"]
    visit.post(f"payments/{intent['id']}/confirm", refuse="yes")
    charge()
    [intent] = api.get("payment_intents", invoice=invoice.id)["data"]
    assert intent["status"] == "requires_payment_method"
    assert intent["last_payment_error"]["code"] == "payment_intent_authentication_failure"
    assert api.get(f"invoices/{invoice.id}")["status"] == "open"


def test_nobody_confirms_the_payment_of_another(visit, make, api, customer, charge, portal):
    invoice = waiting(visit, make, customer, charge)
    [intent] = api.get("payment_intents", invoice=invoice.id)["data"]
    other = portal(make.customer(), make.configuration(payment_method_update={"enabled": True}))
    path = f"payments/{intent['id']}/confirm"
    assert other.get(path).status_code == 302
    assert other.post(path, confirm="yes").status_code == 404
    assert api.get(f"payment_intents/{intent['id']}")["status"] == "requires_action"


def test_an_invoice_paid_meanwhile_is_not_charged(visit, make, api, customer, charge):
    invoice = waiting(visit, make, customer, charge)
    [intent] = api.get("payment_intents", invoice=invoice.id)["data"]
    api.post(f"invoices/{invoice.id}/pay", paid_out_of_band=True)
    visit.post(f"payments/{intent['id']}/confirm", confirm="yes")
    charge()
    assert len(api.get("invoice_payments", invoice=invoice.id)["data"]) == 1
