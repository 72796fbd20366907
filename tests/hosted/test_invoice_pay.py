"""Paying an open invoice, in whole or in part: in the portal and behind its link, once, and never more than remains."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.models import Customer
from portal.worker import payments
from tests.clients import Api, Portal
from tests.debits import DEBTOR_IBAN, begin_collecting
from tests.documents.conftest import read
from tests.factories import Factories
from tests.hosted.test_checkout import take_transfers
from tests.hosted.test_checkout_cards import keep_card

HTTPS = "https://localhost"
BY_DEBIT = {"way": "sepa_debit", "iban": DEBTOR_IBAN, "holder": "Jenny", "agree": "y"}
PARTS = {"partial": {"enabled": True, "minimum": 500}}


@pytest.fixture
def customer(make: Factories, api: Api) -> Customer:
    begin_collecting(make)
    take_transfers(make)
    api.post("account", settings={"payments": {"provider": "sandbox", **PARTS}})
    return make.customer(name="Jenny Rosen")


@pytest.fixture
def visit(portal: Callable[..., Portal], customer: Customer, make: Factories) -> Portal:
    features = {"payment_method_update": {"enabled": True}, "invoice_history": {"enabled": True}}
    return portal(customer, make.configuration(**features))


@pytest.fixture
def invoice(api: Api, customer: Customer) -> Any:
    return open_invoice(api, customer)


@pytest.fixture
def charge(app: Flask) -> Callable[[], None]:
    """What the worker's lane does."""

    def run() -> None:
        while payments.work(app.extensions["portal"], clock.now()):
            pass

    return run


def open_invoice(api: Api, customer: Customer, amount: int = 10000, **sent: Any) -> Any:
    api.post("invoiceitems", customer=customer.id, amount=amount, currency="eur")
    terms = sent or {"collection_method": "send_invoice", "days_until_due": 14}
    draft = api.post("invoices", customer=customer.id, pending_invoice_items_behavior="include", **terms)
    return api.post(f"invoices/{draft['id']}/finalize")


def pay(visit: Portal, invoice: Any, **typed: str) -> Any:
    return visit.post(f"invoices/{invoice['id']}/pay", **{"remaining": "10000", **typed})


def by_card(token: str = "tok_visa", **typed: str) -> dict[str, str]:
    return {"way": "card", "card": token, **typed}


def text_of(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


def test_a_part_is_paid_by_card_and_the_rest_remains(api, visit, invoice, charge):
    page = text_of(visit.get(f"invoices/{invoice['id']}/pay"))
    assert 'value="100.00"' in page
    assert pay(visit, invoice, amount="30,50", **by_card()).status_code == 303
    shown = text_of(visit.get(f"invoices/{invoice['id']}"))
    assert "is under way" in shown
    assert "Pay now" not in shown
    charge()
    after = api.get(f"invoices/{invoice['id']}")
    assert (after["status"], after["amount_paid"], after["amount_remaining"]) == ("open", 3050, 6950)
    [payment] = api.get("invoice_payments", invoice=invoice["id"])["data"]
    assert (payment["amount_paid"], payment["status"]) == (3050, "paid")
    assert "€69.50" in text_of(visit.get(f"invoices/{invoice['id']}"))
    assert pay(visit, invoice, remaining="6950", amount="69.50", **by_card()).status_code == 303
    charge()
    after = api.get(f"invoices/{invoice['id']}")
    assert (after["status"], after["amount_paid"], after["amount_remaining"]) == ("paid", 10000, 0)
    assert len(api.get("payment_intents", invoice=invoice["id"])["data"]) == 2


@pytest.mark.parametrize("typed", ["4.99", "100.01", "-5", "0", "", "ten", "1e1", "10.001"])
def test_another_amount_is_refused_at_its_field(api, visit, invoice, typed):
    answer = pay(visit, invoice, amount=typed, **by_card())
    assert answer.status_code == 400
    assert "Enter an amount from" in text_of(answer)
    assert not api.get("payment_intents")["data"]


def test_without_the_setting_only_the_whole_is_paid(api, visit, invoice, charge):
    api.post("account", settings={"payments": {"partial": {"enabled": False}}})
    assert 'name="amount"' not in text_of(visit.get(f"invoices/{invoice['id']}/pay"))
    assert pay(visit, invoice, amount="30.00", **by_card()).status_code == 303
    charge()
    assert api.get(f"invoices/{invoice['id']}")["status"] == "paid"


def test_fifty_posts_never_take_more_than_remains(api, visit, invoice, charge):
    path, cookie = f"invoices/{invoice['id']}/pay", visit

    def click(_: int) -> int:
        return int(pay(cookie, invoice, amount="60.00", **by_card()).status_code)

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(click, range(50))) <= {303, 503}
    [intent] = api.get("payment_intents")["data"]
    assert (intent["amount"], path.count("/")) == (6000, 2)
    charge()
    for _ in range(3):
        pay(visit, invoice, amount="60.00", **by_card())
        charge()
    after = api.get(f"invoices/{invoice['id']}")
    assert (after["amount_paid"], after["amount_remaining"]) == (6000, 4000), "what was shown is not what remains"


def test_a_declined_part_is_said_so_and_nothing_is_overdue(api, visit, invoice, charge):
    pay(visit, invoice, amount="30.00", **by_card("tok_visa_chargeDeclinedInsufficientFunds"))
    charge()
    page = text_of(visit.get(f"invoices/{invoice['id']}"))
    assert "Your card was declined, as there is not enough money." in page
    assert "Pay now" in page
    [intent] = api.get("payment_intents")["data"]
    assert (intent["status"], intent["next_attempt_at"]) == ("requires_payment_method", None)
    assert api.get("events", type="invoice.payment_failed")["data"]
    assert not api.get("events", type="invoice.overdue")["data"]


def test_after_a_part_the_rest_is_tried_on_the_day_it_was_to_be(api, visit, make, customer, charge):
    keep_card(make, customer, "tok_visa_chargeDeclined")
    invoice = open_invoice(api, customer, collection_method="charge_automatically", auto_advance=True)
    charge()
    [intent] = api.get("payment_intents")["data"]
    again_at = intent["next_attempt_at"]
    assert again_at
    pay(visit, invoice, amount="40.00", **by_card())
    charge()
    assert api.get(f"invoices/{invoice['id']}")["amount_remaining"] == 6000
    rest = api.get("payment_intents")["data"]
    assert [(each["status"], each["next_attempt_at"]) for each in rest if each["status"] != "succeeded"] == [
        ("requires_payment_method", again_at)
    ]


def test_what_is_kept_is_chosen_by_its_name(api, visit, make, customer, invoice, charge):
    kept = keep_card(make, customer)
    assert f'value="{kept}"' in text_of(visit.get(f"invoices/{invoice['id']}/pay"))
    pay(visit, invoice, amount="100", way=kept)
    charge()
    [intent] = api.get("payment_intents")["data"]
    assert (intent["status"], intent["payment_method"]) == ("succeeded", kept)


def test_a_new_account_is_debited_in_whole(api, visit, invoice):
    assert pay(visit, invoice, amount="100", **BY_DEBIT).status_code == 303
    [debit] = api.get("direct_debits")["data"]
    assert (debit["amount"], debit["invoice"]) == (10000, invoice["id"])
    page = text_of(visit.get(f"invoices/{invoice['id']}"))
    assert "We collect" in page
    assert "How to pay" not in page
    assert visit.get(f"invoices/{invoice['id']}/pay").status_code == 303


def test_a_part_is_debited_and_the_rest_can_be_transferred(api, visit, invoice):
    assert pay(visit, invoice, amount="30", **BY_DEBIT).status_code == 303
    [debit] = api.get("direct_debits")["data"]
    assert (debit["amount"], debit["status"]) == (3000, "scheduled")
    page = text_of(visit.get(f"invoices/{invoice['id']}"))
    assert re.search(r"We collect <bdi[^>]*>€30.00</bdi>", page)
    assert "There is nothing else to do" not in page
    assert re.search(r"<dt>Amount</dt><dd><bdi>€70.00</bdi>", page)
    pdf = read(api.client.get(invoice["invoice_pdf"]).data).pages[0].extract_text()
    assert "We collect" in pdf
    assert "€30.00" in pdf
    assert "Pay by bank transfer" in pdf


def test_anyone_with_the_link_pays_and_sees_nothing_that_is_kept(
    api, client: FlaskClient, make, customer, invoice, charge
):
    kept = keep_card(make, customer)
    path = re.sub(r"^https?://[^/]+", "", invoice["hosted_invoice_url"])
    page = client.get(f"{path}/pay", base_url=HTTPS)
    assert page.status_code == 200
    assert kept not in page.text
    assert "ending in \u20684242\u2069</label>" not in page.text
    typed = {"remaining": "10000", "amount": "100.00", **by_card("tok_authenticationRequired")}
    assert client.post(f"{path}/pay", base_url=HTTPS, data=typed).status_code == 303
    charge()
    assert f"{path.rpartition('/')[2]}/confirm" in client.get(path, base_url=HTTPS).text
    assert client.post(f"{path}/confirm", base_url=HTTPS, data={"answer": "confirm"}).status_code == 303
    charge()
    assert api.get(f"invoices/{invoice['id']}")["status"] == "paid"
    default = api.get(f"customers/{customer.id}")["invoice_settings"]["default_payment_method"]
    assert default == kept


def test_the_link_does_not_show_what_was_charged(api, client: FlaskClient, make, customer, charge):
    keep_card(make, customer, "tok_visa_chargeDeclined")
    declined = open_invoice(api, customer, collection_method="charge_automatically", auto_advance=True)
    charge()
    page = client.get(re.sub(r"^https?://[^/]+", "", declined["hosted_invoice_url"]), base_url=HTTPS)
    assert "from <bdi>your card</bdi> was not paid." in page.text
    assert "ending in" not in page.text
    assert "Set-Cookie" not in page.headers


def test_another_customers_invoice_can_not_be_paid(api, visit, make):
    other = open_invoice(api, make.customer())
    assert pay(visit, other, amount="100", **by_card()).status_code == 404


def test_the_receipt_has_each_part(api, visit, invoice, charge):
    for remaining, amount in (("10000", "25"), ("7500", "75")):
        pay(visit, invoice, remaining=remaining, amount=amount, **by_card())
        charge()
    page = text_of(visit.get(f"invoices/{invoice['id']}"))
    assert "-€25.00" in page
    assert "-€75.00" in page
    assert visit.get(f"invoices/{invoice['id']}/receipt").status_code == 200
