"""How an order is sent, and where to: the options of a checkout page, what they cost, and the address."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.clients import Api
from tests.factories import Factories
from tests.hosted.test_checkout import DEBITED, TYPED, buy, path_of, shown, sold  # noqa: F401 - a fixture

COUNTRIES = {"allowed_countries": ["DE", "AT"]}
SENT_TO = {
    "shipping-name": "Charles Babbage",
    "shipping-line1": "Lindenstr. 3",
    "shipping-city": "Berlin",
    "shipping-postal_code": "10969",
    "shipping-country": "DE",
}
ADDRESS = {"city": "Berlin", "country": "DE", "line1": "Lindenstr. 3", "line2": None, "postal_code": "10969"}
EXPRESS = {"display_name": "Express", "fixed_amount": {"amount": 1500, "currency": "eur"}}


@pytest.fixture
def standard(make: Factories) -> Any:
    return make.shipping_rate(display_name="Standard", fixed_amount={"amount": 500, "currency": "eur"})


def begin(api: Api, sold: Any, standard: Any, **sent: Any) -> Any:  # noqa: F811
    """A session with an address and two ways to send it."""
    options = [{"shipping_rate": standard.id}, {"shipping_rate_data": EXPRESS}]
    line = {"price": sold.id, "tax_rates": sent.pop("tax_rates", [])}
    known = {"shipping_address_collection": COUNTRIES, "shipping_options": options, **sent}
    return api.post("checkout/sessions", mode="payment", line_items=[line], **known)


def test_the_customer_chooses_how_it_is_sent(api: Api, client: FlaskClient, sold: Any, standard: Any) -> None:  # noqa: F811
    made = begin(api, sold, standard)
    first, express = made["shipping_options"]
    assert first == {"shipping_amount": 500, "shipping_rate": standard.id}
    assert (made["amount_subtotal"], made["amount_total"]) == (1000, 1500)
    assert (made["total_details"]["amount_shipping"], made["shipping_cost"]["shipping_rate"]) == (500, standard.id)
    assert made["collected_information"] is made["shipping_details"] is None
    path = path_of(made)
    page = client.get(path, base_url="https://localhost")
    assert "Germany" in page.text
    assert "France" not in page.text
    seen = buy(client, path, **SENT_TO, shipping_rate=express["shipping_rate"], way="customer_balance")
    assert (seen.status_code, shown(seen)) == (409, "2500")
    done = buy(client, path, **SENT_TO, shipping_rate=express["shipping_rate"], way="customer_balance")
    assert done.status_code == 303, done.text
    names = ["invoice.shipping_cost.shipping_rate", "customer", "shipping_options.shipping_rate"]
    after = api.get(f"checkout/sessions/{made['id']}", expand=[*names, "shipping_cost.shipping_rate"])
    assert after["amount_total"] == after["invoice"]["total"] == 2500
    assert after["shipping_cost"]["shipping_rate"]["display_name"] == "Express"
    assert after["shipping_options"][0]["shipping_rate"]["id"] == standard.id
    assert after["invoice"]["shipping_cost"]["amount_total"] == 1500
    details = {"address": {**ADDRESS, "state": None}, "name": "Charles Babbage"}
    assert after["collected_information"]["shipping_details"] == details
    for told in (after["shipping_details"], after["invoice"]["shipping_details"], after["customer"]["shipping"]):
        assert {name: told[name] for name in details} == details
    event = api.get("events", type="checkout.session.completed")["data"][0]["data"]["object"]
    assert event["collected_information"] == after["collected_information"]


@pytest.mark.parametrize(("inclusive", "total", "tax"), [(False, 1785, 285), (True, 1500, 239)])
@pytest.mark.parametrize("rounding", ["per_invoice", "per_line"])
def test_shipping_is_taxed_as_what_is_sold(
    api: Api,
    client: FlaskClient,
    make: Factories,
    sold: Any,  # noqa: F811
    standard: Any,
    inclusive: bool,
    total: int,
    tax: int,
    rounding: str,
) -> None:
    account = api.get("account")["id"]
    api.post(f"accounts/{account}", settings={"invoices": {"tax_rounding": rounding}})
    rate = make.tax_rate(percentage=19, inclusive=inclusive)
    made = begin(api, sold, standard, tax_rates=[rate.id])
    tax += rounding == "per_line" and inclusive
    assert (made["amount_total"], made["total_details"]["amount_tax"]) == (total, tax)
    taxed = made["shipping_cost"]["taxes"][0]
    assert (taxed["rate"]["id"], made["total_details"]["amount_shipping"]) == (rate.id, 500)
    done = buy(client, path_of(made), **SENT_TO, way="customer_balance")
    assert done.status_code == 303, done.text
    invoice = api.get(f"checkout/sessions/{made['id']}", expand=["invoice"])["invoice"]
    assert (invoice["total"], sum(each["amount"] for each in invoice["total_taxes"])) == (total, tax)


def test_what_is_sold_at_two_rates_leaves_shipping_untaxed(
    api: Api,
    client: FlaskClient,
    make: Factories,
    sold: Any,  # noqa: F811
    standard: Any,
) -> None:
    make.promotion_code(make.coupon(percent_off=50), code="HALF")
    rates = [make.tax_rate(percentage=percent, inclusive=False).id for percent in (19, 7)]
    made = api.post(
        "checkout/sessions",
        mode="payment",
        line_items=[{"price": sold.id, "tax_rates": [each]} for each in rates],
        shipping_options=[{"shipping_rate": standard.id}],
        allow_promotion_codes=True,
    )
    assert (made["amount_total"], made["shipping_cost"]["amount_tax"]) == (2760, 0)
    path = path_of(made)
    # a discount lowers what is sold, not what sending it costs
    half = client.post(path, base_url="https://localhost", data={"code": "half", "do": "update"})
    assert shown(half) == "1630"
    assert buy(client, path, code="half", way="customer_balance").status_code == 303
    assert api.get(f"checkout/sessions/{made['id']}", expand=["invoice"])["invoice"]["total"] == 1630


def test_an_address_that_is_not_delivered_to_stands_at_its_field(
    api: Api,
    client: FlaskClient,
    sold: Any,  # noqa: F811
    standard: Any,
) -> None:
    made = begin(api, sold, standard, billing_address_collection="required")
    path = path_of(made)
    billing = {"address-line1": "Rue 1", "address-city": "Paris", "address-postal_code": "75001"}
    known = {**billing, "address-country": "FR", "way": "customer_balance", "shipping_rate": standard.id}
    lacking = buy(client, path, **known)
    for words in ("Enter the name of the person who receives it.", "Enter the address.", "Choose a country."):
        assert words in lacking.text
    assert buy(client, path, **known, **{**SENT_TO, "shipping-country": "FR"}).status_code == 400
    same = buy(client, path, **known, same="y")
    assert (same.status_code, "We don&#39;t deliver to" in same.text) == (400, True)
    odd = buy(client, path, **{**known, "shipping_rate": "shr_none"}, **SENT_TO)
    assert odd.status_code == 400
    assert not api.get("customers")["data"]
    at_home = {**known, "address-country": "AT", "address-postal_code": "1010"}
    done = buy(client, path, **at_home, same="y")
    assert done.status_code == 303, done.text
    told = api.get(f"checkout/sessions/{made['id']}")["collected_information"]["shipping_details"]
    assert (told["name"], told["address"]["country"], told["address"]["line1"]) == ("Ada Lovelace", "AT", "Rue 1")


def test_a_plan_is_sent_to_the_customer(api: Api, client: FlaskClient, make: Factories, sold: Any) -> None:  # noqa: F811
    before = {"name": "Ada", "address": {"line1": "Old 1", "country": "AT", "city": "Wien", "postal_code": "1010"}}
    customer = make.customer(name="Ada", shipping=before)
    sent = {
        "mode": "subscription",
        "customer": customer.id,
        "line_items": [{"price": make.price().id}],
        "shipping_address_collection": COUNTRIES,
    }
    for update, kept in ((None, "Old 1"), ({"shipping": "auto"}, "Lindenstr. 3")):
        made = api.post("checkout/sessions", **sent, **({"customer_update": update} if update else {}))
        path = path_of(made)
        assert 'value="Old 1"' in client.get(path, base_url="https://localhost").text
        assert buy(client, path, **SENT_TO, **DEBITED).status_code == 303
        assert api.get(f"customers/{customer.id}")["shipping"]["address"]["line1"] == kept
        told = api.get(f"checkout/sessions/{made['id']}")["collected_information"]["shipping_details"]
        assert told["address"]["line1"] == "Lindenstr. 3"


def test_a_link_sends_too(api: Api, client: FlaskClient, sold: Any, standard: Any) -> None:  # noqa: F811
    link = api.post(
        "payment_links",
        line_items=[{"price": sold.id}],
        shipping_options=[{"shipping_rate": standard.id}],
        shipping_address_collection=COUNTRIES,
        custom_text={"shipping_address": {"message": "We deliver on Mondays."}},
    )
    assert link["shipping_address_collection"] == COUNTRIES
    assert link["shipping_options"] == [{"shipping_amount": 500, "shipping_rate": standard.id}]
    opened = client.get("/pay/" + link["url"].rpartition("/pay/")[2], base_url="https://localhost")
    page = client.get(opened.location, base_url="https://localhost")
    assert "We deliver on Mondays." in page.text
    assert buy(client, opened.location, **SENT_TO, way="customer_balance").status_code == 303
    session = api.get("checkout/sessions", payment_link=link["id"], expand=["data.invoice"])["data"][0]
    assert session["amount_total"] == session["invoice"]["total"] == 1500
    changed = api.post(f"payment_links/{link['id']}", shipping_address_collection="", shipping_options="")
    assert (changed["shipping_address_collection"], changed["shipping_options"]) == (None, [])


def test_fifty_clicks_send_it_once(api: Api, client: FlaskClient, sold: Any, standard: Any) -> None:  # noqa: F811
    path, application = path_of(begin(api, sold, standard)), client.application
    typed = {"amount": "1500", **TYPED, **SENT_TO, "way": "customer_balance", "shipping_rate": standard.id}

    def click(_: int) -> TestResponse:
        return application.test_client().post(path, base_url="https://localhost", data=typed)

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(click, range(50)))
    assert {answer.status_code for answer in answers} <= {303, 409, 503}
    assert [each["total"] for each in api.get("invoices")["data"]] == [1500]


def test_what_can_not_be_sent_is_refused(api: Api, make: Factories, sold: Any, standard: Any) -> None:  # noqa: F811
    gone = make.shipping_rate(display_name="Gone", fixed_amount={"amount": 1, "currency": "eur"})
    api.post(f"shipping_rates/{gone.id}", active=False)
    foreign = make.shipping_rate(display_name="US", fixed_amount={"amount": 1, "currency": "usd"})
    plan = {"mode": "subscription", "line_items": [{"price": make.price().id}]}
    payment = {"mode": "payment", "line_items": [{"price": sold.id}]}
    good = {"shipping_rate": standard.id}
    for sent, param in [
        ({**plan, "shipping_options": [good]}, "shipping_options"),
        ({**payment, "shipping_options": [{"shipping_rate": "shr_none"}]}, "shipping_options[0][shipping_rate]"),
        ({**payment, "shipping_options": [{"shipping_rate": gone.id}]}, "shipping_options[0][shipping_rate]"),
        ({**payment, "shipping_options": [good, {"shipping_rate": foreign.id}]}, "shipping_options[1]"),
        ({**payment, "shipping_options": [good, good]}, "shipping_options[1]"),
        ({**payment, "shipping_options": [{**good, "shipping_rate_data": EXPRESS}]}, "shipping_options[0]"),
        ({**payment, "shipping_options": [{"shipping_rate_data": EXPRESS}] * 6}, "shipping_options"),
        ({**payment, "shipping_address_collection": {"allowed_countries": ["DE", "XX"]}},
         "shipping_address_collection[allowed_countries][1]"),
        ({**payment, "shipping_address_collection": {"allowed_countries": ""}},
         "shipping_address_collection[allowed_countries]"),
        ({"mode": "setup", "shipping_address_collection": COUNTRIES}, "shipping_address_collection"),
    ]:  # fmt: skip
        assert api.error("POST", "checkout/sessions", **sent)["param"] == param
    assert not api.get("checkout/sessions")["data"]
    assert len(api.get("shipping_rates")["data"]) == 3


def test_shipping_costs_what_the_page_said_whatever_became_of_its_rate(
    api: Api,
    client: FlaskClient,
    make: Factories,
    sold: Any,  # noqa: F811
) -> None:
    fixed = {"amount": 700, "currency": "usd", "currency_options": {"eur": {"amount": 400}}}
    rate = make.shipping_rate(display_name="Standard", fixed_amount=fixed)
    paths = []
    for _ in range(2):
        made = api.post(
            "checkout/sessions",
            mode="payment",
            line_items=[{"price": sold.id}],
            shipping_options=[{"shipping_rate": rate.id}],
        )
        paths.append(path_of(made))
    api.post(f"shipping_rates/{rate.id}", fixed_amount={"currency_options": {"eur": {"amount": 600}}})
    assert buy(client, paths[0], way="customer_balance").status_code == 303
    api.post(f"shipping_rates/{rate.id}", active=False)
    assert buy(client, paths[1], way="customer_balance").status_code == 303
    assert [each["shipping_cost"]["amount_total"] for each in api.get("invoices")["data"]] == [400, 400]


def test_a_link_goes_on_without_what_is_no_longer_sold(
    api: Api,
    client: FlaskClient,
    make: Factories,
    sold: Any,  # noqa: F811
    standard: Any,
) -> None:
    extra = make.price(recurring=None, unit_amount=300)
    slow = make.shipping_rate(display_name="Slow", fixed_amount={"amount": 100, "currency": "eur"})
    link = api.post(
        "payment_links",
        line_items=[{"price": sold.id}],
        optional_items=[{"price": extra.id, "quantity": 1}],
        shipping_options=[{"shipping_rate": slow.id}, {"shipping_rate": standard.id}],
    )
    api.post(f"prices/{extra.id}", active=False)
    api.post(f"shipping_rates/{slow.id}", active=False)
    path = "/pay/" + link["url"].rpartition("/pay/")[2]
    assert client.get(path, base_url="https://localhost").status_code == 303
    session = api.get("checkout/sessions", payment_link=link["id"])["data"][0]
    assert session["shipping_options"] == [{"shipping_amount": 500, "shipping_rate": standard.id}]
    assert session["optional_items"] in (None, [])
    api.post(f"shipping_rates/{standard.id}", active=False)
    # it can't be sent for nothing
    assert client.get(path, base_url="https://localhost").status_code == 410


def test_what_can_cost_something_needs_a_way_to_pay(api: Api, make: Factories) -> None:
    free = make.price(recurring=None, unit_amount=0)
    options = [{"shipping_rate_data": {**EXPRESS, "fixed_amount": {"amount": 0, "currency": "eur"}}}]
    sent = {"line_items": [{"price": free.id}], "mode": "payment"}
    assert api.post("checkout/sessions", **sent, shipping_options=options)["amount_total"] == 0
    dearer = [*options, {"shipping_rate_data": EXPRESS}]
    assert api.error("POST", "checkout/sessions", **sent, shipping_options=dearer)
    rate = make.shipping_rate(display_name="Express", fixed_amount={"amount": 1500, "currency": "eur"})
    assert api.error(
        "POST", "payment_links", line_items=[{"price": free.id}], shipping_options=[{"shipping_rate": rate.id}]
    )


def test_a_number_beyond_all_bounds_is_refused_at_its_field(api: Api, client: FlaskClient, sold: Any) -> None:  # noqa: F811
    line = {"price": sold.id, "adjustable_quantity": {"enabled": True}}
    path = path_of(api.post("checkout/sessions", mode="payment", line_items=[line]))
    answer = buy(client, path, **DEBITED, quantity_0="9" * 5000)
    assert answer.status_code == 400
    assert "Enter a number from" in answer.text
