"""What a customer may add to an order on the page of its checkout."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.clients import Api
from tests.factories import Factories
from tests.hosted.test_checkout import DEBITED, TYPED, buy, path_of, shown, sold  # noqa: F401 - a fixture


def update(client: FlaskClient, path: str, **typed: str) -> TestResponse:
    """Press the button that works the amount out."""
    return client.post(path, base_url="https://localhost", data={"do": "update", **typed})


@pytest.fixture
def wrap(make: Factories) -> Any:
    return make.price(make.product(name="Gift wrap"), recurring=None, unit_amount=300)


def test_what_is_added_is_bought(api: Api, client: FlaskClient, sold: Any, wrap: Any) -> None:  # noqa: F811
    made = api.post(
        "checkout/sessions",
        mode="payment",
        line_items=[{"price": sold.id}],
        optional_items=[{"price": wrap.id, "quantity": 2}],
    )
    offered = [{"adjustable_quantity": None, "price": wrap.id, "quantity": 2}]
    assert (made["amount_total"], made["optional_items"]) == (1000, offered)
    assert len(api.get(f"checkout/sessions/{made['id']}/line_items")["data"]) == 1
    path = path_of(made)
    # who ticks it and buys at once sees first what it comes to
    seen = buy(client, path, add_1="y", way="customer_balance")
    assert (seen.status_code, shown(seen)) == (409, "1600")
    done = buy(client, path, add_1="y", way="customer_balance")
    assert done.status_code == 303, done.text
    after = api.get(f"checkout/sessions/{made['id']}", expand=["invoice", "line_items"])
    assert after["amount_total"] == after["invoice"]["total"] == 1600
    assert [(each["description"], each["quantity"]) for each in after["line_items"]["data"]][1] == ("Gift wrap", 2)
    assert [each["quantity"] for each in after["invoice"]["lines"]["data"]] == [1, 2]
    assert after["optional_items"] == offered


def test_what_was_added_can_be_left_out_again(api: Api, client: FlaskClient, sold: Any, wrap: Any) -> None:  # noqa: F811
    item = {"price": wrap.id, "quantity": 3, "adjustable_quantity": {"enabled": True, "minimum": 2, "maximum": 5}}
    made = api.post("checkout/sessions", mode="payment", line_items=[{"price": sold.id}], optional_items=[item])
    path = path_of(made)
    added = update(client, path, add_1="y")
    assert (added.status_code, shown(added)) == (200, "1900")
    assert re.search(r'name="quantity_1"[^>]*value="3"', added.text)
    assert shown(update(client, path, add_1="y", quantity_1="5")) == "2500"
    wrong = update(client, path, add_1="y", quantity_1="1")
    assert (wrong.status_code, "Enter a number from 2 to 5." in wrong.text) == (400, True)
    without = update(client, path, quantity_1="5")
    assert (shown(without), 'name="quantity_1"' in without.text) == ("1000", False)
    assert buy(client, path, way="customer_balance").status_code == 303
    after = api.get(f"checkout/sessions/{made['id']}", expand=["invoice", "line_items"])
    assert (after["invoice"]["total"], len(after["line_items"]["data"])) == (1000, 1)


def test_a_plan_takes_what_repeats_and_what_does_not(
    api: Api,
    client: FlaskClient,
    make: Factories,
    sold: Any,  # noqa: F811
    wrap: Any,
) -> None:
    more = make.price(make.product(name="Support"), unit_amount=500)
    items = [{"price": wrap.id, "quantity": 1}, {"price": more.id, "quantity": 1}]
    made = api.post(
        "checkout/sessions", mode="subscription", line_items=[{"price": make.price().id}], optional_items=items
    )
    path = path_of(made)
    assert shown(update(client, path, add_1="y", add_2="y")) == "2800"
    assert buy(client, path, add_1="y", add_2="y", **DEBITED).status_code == 303
    after = api.get(f"checkout/sessions/{made['id']}", expand=["subscription", "invoice"])
    prices = [each["price"]["id"] for each in after["subscription"]["items"]["data"]]
    assert (len(prices), prices[1], after["invoice"]["total"]) == (2, more.id, 2800)


def test_a_link_offers_it_to_each_visitor(api: Api, client: FlaskClient, sold: Any, wrap: Any) -> None:  # noqa: F811
    item = {"price": wrap.id, "quantity": 1}
    link = api.post("payment_links", line_items=[{"price": sold.id}], optional_items=[item])
    assert link["optional_items"] == [{**item, "adjustable_quantity": None}]
    assert len(api.get(f"payment_links/{link['id']}/line_items")["data"]) == 1
    opened = client.get("/pay/" + link["url"].rpartition("/pay/")[2], base_url="https://localhost")
    assert shown(update(client, opened.location, add_1="y")) == "1300"
    assert buy(client, opened.location, add_1="y", way="customer_balance").status_code == 303
    assert api.get("checkout/sessions", payment_link=link["id"])["data"][0]["amount_total"] == 1300
    changed = api.post(f"payment_links/{link['id']}", optional_items=[{**item, "quantity": 4}])
    assert changed["optional_items"][0]["quantity"] == 4
    assert api.post(f"payment_links/{link['id']}", optional_items="")["optional_items"] is None


def test_fifty_clicks_buy_it_once(api: Api, client: FlaskClient, sold: Any, wrap: Any) -> None:  # noqa: F811
    made = api.post(
        "checkout/sessions",
        mode="payment",
        line_items=[{"price": sold.id}],
        optional_items=[{"price": wrap.id, "quantity": 1}],
    )
    path, application = path_of(made), client.application
    update(client, path, add_1="y")
    typed = {"amount": "1300", "add_1": "y", **TYPED, "way": "customer_balance"}

    def click(_: int) -> TestResponse:
        return application.test_client().post(path, base_url="https://localhost", data=typed)

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(click, range(50)))
    assert {answer.status_code for answer in answers} <= {303, 409, 503}
    assert [each["total"] for each in api.get("invoices")["data"]] == [1300]


def test_what_can_not_be_offered_is_refused(api: Api, make: Factories, sold: Any, wrap: Any) -> None:  # noqa: F811
    other = make.price(recurring=None, unit_amount=100, currency="usd")
    plan, wide = make.price(), {"enabled": True, "minimum": 2, "maximum": 5}
    lines = [{"price": sold.id}]
    for items, param in [
        ([{"price": "price_none", "quantity": 1}], "optional_items[0][price]"),
        ([{"price": wrap.id, "quantity": 0}], "optional_items[0][quantity]"),
        ([{"price": wrap.id}], "optional_items[0][quantity]"),
        ([{"price": wrap.id, "quantity": 1, "adjustable_quantity": wide}], "optional_items[0][adjustable_quantity]"),
        ([{"price": other.id, "quantity": 1}], "optional_items"),
        ([{"price": plan.id, "quantity": 1}], "optional_items"),
        ([{"price": wrap.id, "quantity": 1}] * 11, "optional_items"),
    ]:
        error = api.error("POST", "checkout/sessions", mode="payment", line_items=lines, optional_items=items)
        assert error["param"] == param
        assert api.error("POST", "payment_links", line_items=lines, optional_items=items)["param"] in {
            param,
            "line_items",
        }
    assert (
        api.error("POST", "checkout/sessions", mode="setup", optional_items=[{"price": wrap.id, "quantity": 1}])[
            "param"
        ]
        == "optional_items"
    )
    assert not api.get("checkout/sessions")["data"]
    assert not api.get("payment_links")["data"]


def test_what_costs_something_needs_a_way_to_be_paid(api: Api, make: Factories) -> None:
    free, more = (make.price(recurring=None, unit_amount=amount) for amount in (0, 500))
    sent = {"line_items": [{"price": free.id}], "optional_items": [{"price": more.id, "quantity": 1}]}
    assert "no way to pay" in api.error("POST", "checkout/sessions", mode="payment", **sent)["message"]
    assert "no way to pay" in api.error("POST", "payment_links", **sent)["message"]
