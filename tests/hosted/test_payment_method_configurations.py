"""Payment method configurations: which types the portal and the checkout offer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from portal import clock
from portal.worker import payments
from tests import official
from tests.browser.plans import offered
from tests.clients import Api, Portal
from tests.debits import CREDITOR

OFF, ON = ({"display_preference": {"preference": word}} for word in ("off", "on"))


@pytest.fixture
def both(api: Api) -> Api:
    """The API of a merchant who takes cards and debits."""
    api.post(
        "account", default_currency="eur", settings={"direct_debit": CREDITOR, "payments": {"provider": "sandbox"}}
    )
    return api


@pytest.fixture
def chosen(both: Api) -> Callable[..., str]:
    def make(**sent: Any) -> str:
        return str(both.post("payment_method_configurations", **sent)["id"])

    return make


def test_a_configuration_says_what_is_available(both, chosen):
    shown = both.get(f"payment_method_configurations/{chosen(name='Cards', sepa_debit=OFF, alipay=ON)}")
    assert (shown["name"], shown["active"], shown["is_default"]) == ("Cards", True, False)
    on = {"overridable": None, "preference": "none", "value": "on"}
    assert shown["card"] == {"available": True, "display_preference": on}
    assert (shown["sepa_debit"]["available"], shown["sepa_debit"]["display_preference"]["value"]) == (False, "off")
    assert (shown["alipay"]["available"], shown["alipay"]["display_preference"]["value"]) == (False, "on")
    assert shown["customer_balance"]["available"] is False  # the account has no bank details
    assert shown["klarna"] is None
    path = f"payment_method_configurations/{shown['id']}"
    after = both.post(path, sepa_debit=ON, active=False)
    assert (after["sepa_debit"]["available"], after["alipay"], after["active"]) == (True, shown["alipay"], False)
    assert both.get("payment_method_configurations", active=True)["data"] == []
    assert both.error("POST", path, card={"display_preference": {"preference": "maybe"}})["param"].startswith("card")
    assert "no money goes to other accounts" in both.error("POST", path, parent="pmc_1")["message"]


def test_customers_add_what_the_configuration_offers(both, chosen, portal, make):
    customer, cards = make.customer(), chosen(sepa_debit=OFF)
    features = {"payment_method_update": {"enabled": True, "payment_method_configuration": cards}}
    visit: Portal = portal(customer, make.configuration(**features))
    assert "Add a bank account" not in visit.get("payment-methods").get_data(as_text=True)
    assert visit.get("payment-methods/card").status_code == 200
    assert visit.get("payment-methods/add").status_code == 404
    assert visit.post("payment-methods/add", iban="DE89370400440532013000", name="Jenny", agree="y").status_code == 404
    both.post(f"payment_method_configurations/{cards}", sepa_debit=ON, card=OFF)
    assert visit.get("payment-methods/add").status_code == 200
    assert visit.post("payment-methods/card", card="tok_visa", expiry="12/30", name="Jenny").status_code == 404
    assert "Add a card" not in visit.get("payment-methods").get_data(as_text=True)
    assert both.get("payment_methods", customer=customer.id)["data"] == []
    both.post(f"payment_method_configurations/{cards}", sepa_debit=OFF)
    assert "Add a" not in visit.get("payment-methods").get_data(as_text=True)


def test_another_configuration_is_not_touched(both, chosen, portal, make):
    chosen(card=OFF, sepa_debit=OFF)
    visit: Portal = portal(make.customer(), make.configuration(payment_method_update={"enabled": True}))
    page = visit.get("payment-methods").get_data(as_text=True)
    assert "Add a bank account" in page
    assert "Add a card" in page


def test_what_cannot_be_named_is_refused(both, chosen, make):
    portal_of = "features[payment_method_update][payment_method_configuration]"
    update = {"enabled": True, "payment_method_configuration": "pmc_none"}
    sent = {"features": {"payment_method_update": update}}
    assert both.error("POST", "billing_portal/configurations", **sent)["param"] == portal_of
    update["payment_method_configuration"] = chosen(card=OFF, sepa_debit=OFF)
    made = both.post("billing_portal/configurations", **sent)
    flow = {"customer": make.customer().id, "configuration": made["id"], "flow_data": {"type": "payment_method_update"}}
    assert both.error("POST", "billing_portal/sessions", **flow)["param"] == "flow_data[type]"
    both.post(f"payment_method_configurations/{update['payment_method_configuration']}", active=False)
    assert both.error("POST", "billing_portal/configurations", **sent)["param"] == portal_of


def test_a_checkout_offers_what_the_configuration_offers(both, chosen, make):
    price = make.price(recurring=None, unit_amount=1000)
    sent = {"mode": "payment", "line_items": [{"price": price.id}]}
    cards = chosen(sepa_debit=OFF, customer_balance=OFF)
    made = both.post("checkout/sessions", **sent, payment_method_configuration=cards)
    assert made["payment_method_types"] == ["card"]
    assert made["payment_method_configuration_details"] == {"id": cards, "parent": None}
    page = both.client.get(made["url"].partition("http://localhost")[2] or made["url"])
    assert "IBAN" not in page.get_data(as_text=True)
    param = "payment_method_configuration"
    for wrong in ({param: "pmc_none"}, {param: cards, "payment_method_types": ["card"]}):
        assert both.error("POST", "checkout/sessions", **sent, **wrong)["param"] == param
    both.post(f"payment_method_configurations/{cards}", card=OFF)
    assert both.error("POST", "checkout/sessions", **sent, **{param: cards})["param"] == param


def test_configurations_by_the_official_client(both, app: Flask):
    client = official.client(app, both.key)
    made = client.v1.payment_method_configurations.create(
        {"name": "Cards", "sepa_debit": {"display_preference": {"preference": "off"}}}
    )
    assert made.sepa_debit.available is False
    again = client.v1.payment_method_configurations.update(
        made.id, {"name": "All", "sepa_debit": {"display_preference": {"preference": "on"}}}
    )
    assert (again.sepa_debit.available, again.name) == (True, "All")
    assert [each.id for each in client.v1.payment_method_configurations.list().data] == [made.id]
    assert client.v1.payment_method_configurations.retrieve(made.id).card.available is True


def test_what_is_there_goes_on_where_its_type_is_no_longer_added(both, chosen, portal, make, app: Flask):
    customer, cards_off = make.customer(), chosen(card=OFF)
    features = {"payment_method_update": {"enabled": True, "payment_method_configuration": cards_off}}
    visit: Portal = portal(customer, make.configuration(**features))
    asked = both.post("payment_methods", type="card", card={"token": "tok_authenticationRequired"})
    both.post(f"payment_methods/{asked['id']}/attach", customer=customer.id)
    both.post(f"customers/{customer.id}", invoice_settings={"default_payment_method": asked["id"]})
    invoice = make.invoice(customer, 4200, auto_advance=True)
    while payments.work(app.extensions["portal"], clock.now()):
        pass
    [intent] = both.get("payment_intents", invoice=invoice.id)["data"]
    assert intent["status"] == "requires_action"
    assert f"payments/{intent['id']}/confirm" in visit.get("").get_data(as_text=True)
    both.post(f"payment_method_configurations/{cards_off}", sepa_debit=OFF)
    page = visit.get("payment-methods").get_data(as_text=True)
    assert f"{asked['id']}/remove" in page
    assert "Add a" not in page


def test_bills_and_plans_are_paid_by_what_the_configuration_offers(both, chosen, portal, make):
    customer, debits = make.customer(), chosen(card=OFF)
    features = {"payment_method_update": {"enabled": True, "payment_method_configuration": debits}}
    visit: Portal = portal(customer, make.configuration(**features))
    both.post("invoiceitems", customer=customer.id, amount=4200, currency="eur")
    terms = {"collection_method": "send_invoice", "days_until_due": 14}
    draft = both.post("invoices", customer=customer.id, pending_invoice_items_behavior="include", **terms)
    both.post(f"invoices/{draft['id']}/finalize")
    path = f"invoices/{draft['id']}/pay"
    page = visit.get(path).get_data(as_text=True)
    assert 'name="iban"' in page
    assert 'value="card"' not in page
    assert 'name="card"' not in page
    visit.post(path, way="card", card="tok_visa", remaining="4200")
    assert both.get("payment_intents", invoice=draft["id"])["data"] == []
    both.post(f"payment_method_configurations/{debits}", sepa_debit=OFF)
    assert visit.get(path).status_code == 303


def test_a_plan_is_started_by_what_the_configuration_offers(both, chosen, make, portal):
    plans, debits = offered(make), chosen(card=OFF)
    known = plans.configuration.features
    features = {name: known[name] for name in ("subscription_create", "subscription_update")}
    features |= {"payment_method_update": {"enabled": True, "payment_method_configuration": debits}}
    visit: Portal = portal(make.customer(), make.configuration(**features))
    assert visit.post("subscribe", price=plans.gold.id, quantity="1").status_code == 303
    assert both.get("checkout/sessions")["data"][0]["payment_method_types"] == ["sepa_debit"]
