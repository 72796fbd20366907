"""Shipping rates: created, listed, and charged on an invoice with their taxes."""

from __future__ import annotations

import pytest

from tests import goldens

pytestmark = pytest.mark.usefixtures("held_clock")

GROUND = {"display_name": "Ground shipping", "fixed_amount": {"amount": 500, "currency": "eur"}}


def test_a_shipping_rate(api):
    estimate = {"minimum": {"unit": "business_day", "value": 2}, "maximum": {"unit": "business_day", "value": 5}}
    rate = api.post("shipping_rates", **GROUND, delivery_estimate=estimate, type="fixed_amount")
    goldens.check("shipping_rate", rate)
    assert api.get(f"shipping_rates/{rate['id']}") == rate


def test_amounts_in_further_currencies_are_added_and_the_first_stays(api):
    rate = api.post("shipping_rates", **GROUND)["id"]
    options = {"usd": {"amount": 600, "tax_behavior": "exclusive"}}
    changed = api.post(f"shipping_rates/{rate}", fixed_amount={"currency_options": options}, active=False)
    assert changed["fixed_amount"] == {"amount": 500, "currency": "eur", "currency_options": options}
    assert changed["active"] is False
    api.error("POST", f"shipping_rates/{rate}", fixed_amount={"currency_options": {"eur": {"amount": 1}}})


def test_rates_are_listed_by_currency_and_activity(api):
    euros = api.post("shipping_rates", **GROUND)["id"]
    dollars = {"display_name": "Ground", "fixed_amount": {"amount": 600, "currency": "usd"}}
    api.post(f"shipping_rates/{api.post('shipping_rates', **dollars)['id']}", active=False)
    assert [each["id"] for each in api.get("shipping_rates", currency="eur")["data"]] == [euros]
    assert [each["id"] for each in api.get("shipping_rates", active=True)["data"]] == [euros]


def test_an_invoice_charges_for_sending_with_tax(api, drafted, make):
    vat = make.tax_rate().id
    rate = api.post("shipping_rates", **GROUND)["id"]
    draft = drafted(1000, default_tax_rates=[vat], shipping_cost={"shipping_rate": rate})
    cost = draft["shipping_cost"]
    assert (cost["amount_subtotal"], cost["amount_tax"], cost["amount_total"]) == (500, 95, 595)
    assert [(tax["amount"], tax["rate"]["id"]) for tax in cost["taxes"]] == [(95, vat)]
    assert (draft["subtotal"], draft["amount_shipping"], draft["total"]) == (1000, 595, 1785)
    assert (draft["total_excluding_tax"], draft["tax"], draft["total_taxes"][0]["amount"]) == (1500, 285, 285)


def test_taxes_within_the_price_are_within_the_cost_of_sending(api, drafted, make):
    vat = make.tax_rate(inclusive=True).id
    rate = {"display_name": "Ground", "fixed_amount": {"amount": 1190, "currency": "eur"}}
    draft = drafted(1190, default_tax_rates=[vat], shipping_cost={"shipping_rate_data": rate})
    assert (draft["shipping_cost"]["amount_subtotal"], draft["shipping_cost"]["amount_total"]) == (1000, 1190)
    assert (draft["total"], draft["total_excluding_tax"]) == (2380, 2000)


def test_a_rate_made_for_one_invoice_is_a_rate_as_any_other(api, drafted):
    made = drafted(1000, shipping_cost={"shipping_rate_data": GROUND})["shipping_cost"]["shipping_rate"]
    assert api.get(f"shipping_rates/{made}")["fixed_amount"]["amount"] == 500


def test_the_cost_of_sending_is_expanded_changed_and_taken_off(api, drafted):
    invoice = drafted(1000, shipping_cost={"shipping_rate_data": GROUND})["id"]
    found = api.get(f"invoices/{invoice}", expand=["shipping_cost.shipping_rate"])
    assert found["shipping_cost"]["shipping_rate"]["display_name"] == "Ground shipping"
    changed = api.post(f"invoices/{invoice}", shipping_cost="")
    assert (changed["shipping_cost"], changed["total"]) == (None, 1000)


@pytest.mark.parametrize(
    ("cost", "param"),
    [
        ({"shipping_rate": "shr_1"}, "shipping_cost[shipping_rate]"),
        ({"shipping_rate": "shr_1", "shipping_rate_data": GROUND}, "shipping_cost"),
        ({"shipping_rate_data": {**GROUND, "fixed_amount": {"amount": 1, "currency": "usd"}}}, "shipping_cost"),
    ],
)
def test_a_cost_that_can_not_be_is_refused(api, drafted, cost, param):
    invoice = drafted(1000)
    assert api.error("POST", f"invoices/{invoice['id']}", shipping_cost=cost)["param"] == param
    assert api.get(f"invoices/{invoice['id']}") == invoice


def test_who_receives_the_goods_stands_on_the_invoice(api, drafted):
    details = {"name": "Ann", "phone": "+49 30 1", "address": {"city": "Berlin", "country": "DE"}}
    draft = drafted(1000, shipping_details=details)
    assert draft["shipping_details"]["name"] == "Ann"
    assert draft["shipping_details"]["address"]["city"] == "Berlin"
    assert api.post(f"invoices/{draft['id']}", shipping_details="")["shipping_details"] is None
