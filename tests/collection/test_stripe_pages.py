"""Cards given at Stripe to pay an invoice or a checkout: paid once, kept where wished, and given up on the way."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from portal import clock
from portal.models import Customer
from portal.providers.interface import Access
from tests.clients import Api, Portal
from tests.factories import Factories
from tests.hosted.test_checkout import DONE, buy, follow_up, path_of
from tests.hosted.test_invoice_pay import open_invoice

HTTPS = "https://localhost"


@pytest.fixture
def customer(with_keys: Access, make: Factories) -> Customer:
    return make.customer(name="Jenny Rosen", email="jenny@example.com")


@pytest.fixture
def visit(portal: Callable[..., Portal], customer: Customer, make: Factories) -> Portal:
    features = {"payment_method_update": {"enabled": True}, "invoice_history": {"enabled": True}}
    return portal(customer, make.configuration(**features))


@pytest.fixture
def invoice(api: Api, customer: Customer) -> Any:
    return open_invoice(api, customer)


@pytest.fixture
def sold(make: Factories, with_keys: Access) -> Any:
    return make.price(recurring=None, unit_amount=1000)


@pytest.fixture
def plan(make: Factories, with_keys: Access) -> Any:
    return make.price(unit_amount=1500)


def ask_to_pay(visit: Portal, invoice: Any, **typed: str) -> str:
    """Press the button of an invoice's pay page; the path that leads to Stripe, within the visit."""
    answer = visit.post(f"invoices/{invoice['id']}/pay", remaining="10000", way="card", **typed)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return re.search(r"payments/.*", answer.location)[0]  # type: ignore[index]


def follow_path(client: FlaskClient, path: str) -> Any:
    return client.get(path, base_url=HTTPS)


def path_within(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def tell(page: dict[str, Any]) -> dict[str, Any]:
    return {name: page[name] for name in ("id", "mode", "client_reference_id")}


@pytest.mark.parametrize("keeps", [True, False])
@pytest.mark.parametrize("first", ["return", "webhook", "both"])
def test_an_invoice_is_paid_once_by_a_card_given_at_stripe(
    visit, invoice, peer, api, work, notify, customer, keeps, first
):
    page_text = visit.get(f"invoices/{invoice['id']}/pay").get_data(as_text=True)
    assert "on the page of our payment provider" in page_text
    assert "no real card can be entered" not in page_text
    path = ask_to_pay(visit, invoice, **({"keep": "y"} if keeps else {}))
    assert "Continue to Stripe" in visit.get(path).get_data(as_text=True)
    for _ in range(2):
        assert visit.get(f"{path}/start").location.startswith("https://checkout.stripe.com/")
    [page] = peer.pages("payment")
    assert page["line_items"][0]["price_data"]["unit_amount"] == "10000"
    assert page["payment_intent_data"].get("setup_future_usage") == ("off_session" if keeps else None)
    peer.pay(page["id"])
    if first != "webhook":
        assert visit.get(f"{path}/back").status_code == 303
    if first != "return":
        assert notify("checkout.session.completed", tell(page)) == 200
    work()
    visit.get(f"{path}/back")
    notify("checkout.session.completed", tell(page))
    work()
    paid = api.get(f"invoices/{invoice['id']}")
    assert (paid["status"], paid["amount_paid"], paid["amount_overpaid"], peer.charged()) == ("paid", 10000, 0, 10000)
    cards = api.get("payment_methods", customer=customer.id)["data"]
    assert [each["card"]["last4"] for each in cards] == (["4242"] if keeps else [])
    default = api.get(f"customers/{customer.id}")["invoice_settings"]["default_payment_method"]
    assert (default is not None) == keeps
    [intent] = api.get("payment_intents", invoice=invoice["id"])["data"]
    assert (intent["status"], intent["setup_future_usage"]) == ("succeeded", "off_session" if keeps else None)


def test_a_kept_card_is_charged_later_without_the_customer(visit, invoice, peer, api, work, make, customer):
    path = ask_to_pay(visit, invoice, keep="y")
    visit.get(f"{path}/start")
    peer.pay(peer.pages("payment")[0]["id"])
    visit.get(f"{path}/back")
    work()
    later = make.invoice(customer, 700, auto_advance=True)
    work()
    assert (api.get(f"invoices/{later.id}")["status"], peer.charged()) == ("paid", 10700)


def test_what_was_paid_at_stripe_goes_back(visit, invoice, peer, api, work):
    path = ask_to_pay(visit, invoice)
    visit.get(f"{path}/start")
    peer.pay(peer.pages("payment")[0]["id"])
    visit.get(f"{path}/back")
    work()
    api.post("credit_notes", invoice=invoice["id"], amount=1000, refund_amount=1000)
    work()
    assert peer.charged() == 9000


def test_turning_back_at_stripe_leaves_the_invoice_open_and_the_page_ended(visit, invoice, peer, api, work):
    path = ask_to_pay(visit, invoice)
    visit.get(f"{path}/start")
    [page] = peer.pages("payment")
    visit.get(f"{path}/cancel")
    assert page["status"] == "expired"
    text = visit.get(f"invoices/{invoice['id']}").get_data(as_text=True)
    assert "You have not confirmed the payment." in text
    work()
    assert api.get(f"invoices/{invoice['id']}")["status"] == "open"
    again = ask_to_pay(visit, invoice)
    visit.get(f"{again}/start")
    peer.pay(peer.pages("payment")[-1]["id"])
    visit.get(f"{again}/back")
    work()
    assert (api.get(f"invoices/{invoice['id']}")["status"], peer.charged()) == ("paid", 10000)


def test_turning_back_after_it_was_paid_counts_the_money(visit, invoice, peer, api, work):
    path = ask_to_pay(visit, invoice)
    visit.get(f"{path}/start")
    peer.pay(peer.pages("payment")[0]["id"])
    visit.get(f"{path}/cancel")
    work()
    assert api.get(f"invoices/{invoice['id']}")["status"] == "paid"


@pytest.mark.parametrize("led", [True, False])
def test_a_page_that_nobody_pays_ends(visit, invoice, peer, api, work, led):
    path = ask_to_pay(visit, invoice)
    if led:
        visit.get(f"{path}/start")
        peer.pages("payment")[0]["status"] = "expired"
    assert visit.get(f"invoices/{invoice['id']}/pay").status_code == 303  # one payment at a time
    work(clock.now() + clock.DAY)
    assert visit.get(f"invoices/{invoice['id']}/pay").status_code == 200
    assert not peer.charged()


def test_the_way_there_ends_with_the_payment(visit, invoice, peer):
    path = ask_to_pay(visit, invoice)
    visit.post(path, answer="refuse")
    assert not visit.get(f"{path}/start").location.startswith("https://checkout")
    assert peer.pages("payment") == []


def test_what_another_way_has_paid_meanwhile_becomes_credit(visit, invoice, peer, api, work, notify, customer):
    path = ask_to_pay(visit, invoice)
    visit.get(f"{path}/start")
    api.post(f"invoices/{invoice['id']}/pay", paid_out_of_band=True)
    [page] = peer.pages("payment")
    peer.pay(page["id"])
    notify("checkout.session.completed", tell(page))
    work()
    assert api.get(f"customers/{customer.id}")["balance"] == -10000


def test_fifty_returns_and_webhooks_at_once_count_the_money_once(visit, invoice, peer, api, work, notify):
    path = ask_to_pay(visit, invoice)
    visit.get(f"{path}/start")
    [page] = peer.pages("payment")
    peer.pay(page["id"])

    def hear(at: int) -> int:
        return notify("checkout.session.completed", tell(page)) if at % 5 else (work(), 200)[1]

    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(hear, range(50))) <= {200, 503}
    notify("checkout.session.completed", tell(page))
    work()
    paid = api.get(f"invoices/{invoice['id']}")
    assert (paid["status"], paid["amount_paid"], paid["amount_overpaid"]) == ("paid", 10000, 0)


def test_whoever_has_the_link_of_an_invoice_pays_it_at_stripe(client, invoice, peer, api, work, customer):
    base = path_within(invoice["hosted_invoice_url"])
    page_text = follow_path(client, f"{base}/pay").get_data(as_text=True)
    assert "Keep this card" not in page_text
    answer = client.post(f"{base}/pay", base_url=HTTPS, data={"remaining": "10000", "way": "card", "keep": "y"})
    assert answer.location == f"{base}/confirm"
    assert "Continue to Stripe" in follow_path(client, answer.location).text
    assert follow_path(client, f"{base}/confirm/start").location.startswith("https://checkout.stripe.com/")
    [page] = peer.pages("payment")
    assert "setup_future_usage" not in page["payment_intent_data"]
    peer.pay(page["id"])
    assert follow_path(client, path_within(page["success_url"])).location == base
    work()
    assert api.get(f"invoices/{invoice['id']}")["status"] == "paid"
    assert api.get("payment_methods", customer=customer.id)["data"] == []


def test_behind_the_link_one_can_turn_back(client, invoice, peer, api):
    base = path_within(invoice["hosted_invoice_url"])
    client.post(f"{base}/pay", base_url=HTTPS, data={"remaining": "10000", "way": "card"})
    follow_path(client, f"{base}/confirm/start")
    assert client.post(f"{base}/confirm", base_url=HTTPS).location == f"{base}/confirm/cancel"
    follow_path(client, f"{base}/confirm/cancel")
    assert peer.pages("payment")[0]["status"] == "expired"
    assert follow_path(client, f"{base}/pay").status_code == 200


def test_a_provider_that_cannot_be_reached_is_said_so(client, invoice, peer):
    base = path_within(invoice["hosted_invoice_url"])
    client.post(f"{base}/pay", base_url=HTTPS, data={"remaining": "10000", "way": "card"})
    peer.drops = 1
    answer = follow_path(client, f"{base}/confirm/start")
    assert answer.status_code == 503
    assert "be reached at the moment" in answer.text
    assert follow_path(client, f"{base}/confirm/start").status_code == 303
    assert len(peer.pages("payment")) == 1


@pytest.mark.parametrize("first", ["return", "webhook"])
def test_an_order_is_completed_once_by_a_card_given_at_stripe(client, sold, peer, api, work, notify, first):
    made = api.post("checkout/sessions", mode="payment", line_items=[{"price": sold.id}], success_url=DONE)
    path = path_of(made)
    assert buy(client, path, way="card", keep="y").location == path
    assert "Continue to Stripe" in follow_path(client, path).text
    assert follow_path(client, f"{path}/card/start").location.startswith("https://checkout.stripe.com/")
    [page] = peer.pages("payment")
    assert page["line_items"][0]["price_data"]["unit_amount"] == "1000"
    peer.pay(page["id"])
    if first == "return":
        assert follow_path(client, path_within(page["success_url"])).location == path
        assert "Your payment is being made" in follow_path(client, path).text
    else:
        notify("checkout.session.completed", tell(page))
    work()
    assert follow_path(client, path).location == DONE.replace("{CHECKOUT_SESSION_ID}", made["id"])
    notify("checkout.session.completed", tell(page))
    work()
    after = api.get(f"checkout/sessions/{made['id']}", expand=["invoice", "customer"])
    assert (after["status"], after["payment_status"], after["invoice"]["amount_paid"]) == ("complete", "paid", 1000)
    assert after["customer"]["invoice_settings"]["default_payment_method"]
    assert len(api.get("events", type="checkout.session.completed")["data"]) == 1
    assert peer.charged() == 1000


def test_an_order_given_up_at_stripe_is_paid_in_another_try_or_void(client, sold, peer, api, work, services):
    made = api.post("checkout/sessions", mode="payment", line_items=[{"price": sold.id}])
    path = path_of(made)
    buy(client, path, way="card")
    follow_path(client, f"{path}/card/start")
    assert client.post(path, base_url=HTTPS, data={"answer": "refuse"}).location == f"{path}/card/cancel"
    follow_path(client, f"{path}/card/cancel")
    assert "You have not confirmed the payment." in follow_path(client, path).text
    assert client.post(path, base_url=HTTPS, data={"do": "buy", "amount": "1000", "way": "card"}).status_code == 303
    follow_path(client, f"{path}/card/start")
    assert [page["status"] for page in peer.pages("payment")] == ["expired", "open"]
    follow_up(client.application, clock.now() + 2 * clock.DAY)
    assert api.get(f"checkout/sessions/{made['id']}")["status"] == "expired"
    [invoice] = api.get("invoices")["data"]
    assert (invoice["status"], invoice["amount_paid"], peer.charged()) == ("void", 0, 0)


@pytest.mark.parametrize("first", ["return", "webhook"])
def test_a_plan_begins_once_its_card_was_given_and_charged(client, plan, peer, api, work, notify, first):
    made = api.post("checkout/sessions", mode="subscription", line_items=[{"price": plan.id, "quantity": 1}])
    path = path_of(made)
    answer = buy(client, path, way="card", amount="1500")
    assert answer.location == f"{path}/card", answer.text
    assert api.get("customers")["data"] == []
    assert "Continue to Stripe" in follow_path(client, f"{path}/card").text
    follow_path(client, f"{path}/card/start")
    [page] = peer.pages("setup")
    peer.give_card(page["id"])
    back = path_within(page["success_url"].replace("{CHECKOUT_SESSION_ID}", page["id"]))
    if first == "webhook":
        notify("checkout.session.completed", tell(page))
    assert follow_path(client, back).location == path
    notify("checkout.session.completed", tell(page))
    work()
    follow_path(client, path)
    after = api.get(f"checkout/sessions/{made['id']}", expand=["subscription"])
    assert (after["status"], after["payment_status"]) == ("complete", "paid")
    assert (after["subscription"]["status"], peer.charged()) == ("active", 1500)
    assert after["subscription"]["default_payment_method"]
    assert len(api.get("customers")["data"]) == len(api.get("subscriptions")["data"]) == 1


def test_a_plan_whose_card_is_declined_is_paid_by_another_one_at_stripe(client, plan, peer, api, work):
    made = api.post("checkout/sessions", mode="subscription", line_items=[{"price": plan.id, "quantity": 1}])
    path = path_of(made)
    buy(client, path, way="card", amount="1500")
    follow_path(client, f"{path}/card/start")
    peer.give_card(peer.pages("setup")[0]["id"], "pm_stolen")
    follow_path(client, f"{path}/card/back?ref={peer.pages('setup')[0]['id']}")
    work()
    assert "Your card was declined." in follow_path(client, path).text
    client.post(path, base_url=HTTPS, data={"do": "buy", "amount": "1500", "way": "card"})
    follow_path(client, f"{path}/card/start")
    [page] = peer.pages("payment")
    assert page["payment_intent_data"]["setup_future_usage"] == "off_session"
    peer.pay(page["id"])
    follow_path(client, f"{path}/card/back")
    work()
    follow_path(client, path)
    after = api.get(f"checkout/sessions/{made['id']}", expand=["subscription"])
    assert (after["status"], after["subscription"]["status"], peer.charged()) == ("complete", "active", 1500)
    assert after["subscription"]["default_payment_method"]


def test_a_card_is_saved_by_a_session_in_setup_mode(client, peer, api, customer):
    made = api.post("checkout/sessions", mode="setup", customer=customer.id, currency="eur")
    path = path_of(made)
    assert client.post(path, base_url=HTTPS, data={"do": "buy", "amount": "0", "way": "card"}).status_code == 303
    follow_path(client, f"{path}/card/start")
    [page] = peer.pages("setup")
    assert follow_path(client, f"{path}/card/back?ref={page['id']}").location == f"{path}?back=given-up"
    assert "Nothing was bought yet." in follow_path(client, f"{path}?back=given-up").text
    assert api.get("payment_methods", customer=customer.id)["data"] == []
    peer.give_card(page["id"])
    follow_path(client, f"{path}/card/back?ref={page['id']}")
    after = api.get(f"checkout/sessions/{made['id']}")
    assert (after["status"], after["setup_intent"] is not None) == ("complete", True)
    assert len(api.get("payment_methods", customer=customer.id)["data"]) == 1


@pytest.mark.parametrize("first", ["return", "webhook"])
def test_a_plan_that_costs_something_else_by_now_is_not_sold(client, plan, peer, api, notify, make, first):
    made = api.post(
        "checkout/sessions",
        mode="subscription",
        line_items=[{"price": plan.id, "quantity": 1, "adjustable_quantity": {"enabled": True}}],
    )
    path = path_of(made)
    buy(client, path, way="card", amount="1500", quantity_0="1")
    follow_path(client, f"{path}/card/start")
    [page] = peer.pages("setup")
    buy(client, path, way="card", amount="1500", quantity_0="2", do="update")
    peer.give_card(page["id"])
    if first == "webhook":
        assert notify("checkout.session.completed", tell(page)) == 200
    assert follow_path(client, f"{path}/card/back?ref={page['id']}").location == f"{path}?back=changed"
    assert "The amount has changed since you saw it." in follow_path(client, f"{path}?back=changed").text
    assert api.get("customers")["data"] == api.get("subscriptions")["data"] == []
