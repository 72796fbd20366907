"""What a checkout page asks beyond who buys: the merchant's own fields, their answers, and where they end up."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.clients import Api
from tests.factories import Factories
from tests.hosted.test_checkout import DEBITED, buy, path_of, sold  # noqa: F401 - a fixture

SIZES = [{"label": "Small", "value": "s"}, {"label": "Large", "value": "l"}]
FIELDS: list[dict[str, Any]] = [
    {"key": "engraving", "label": {"type": "custom", "custom": "Engraving"}, "type": "text",
     "text": {"minimum_length": 2, "maximum_length": 10}},
    {"key": "members", "label": {"type": "custom", "custom": "Members"}, "type": "numeric", "optional": True},
    {"key": "size", "label": {"type": "custom", "custom": "Size"}, "type": "dropdown",
     "dropdown": {"options": SIZES, "default_value": "l"}},
]  # fmt: skip


def test_answers_are_on_the_session_its_event_and_the_invoice(api: Api, client: FlaskClient, sold: Any) -> None:  # noqa: F811
    made = api.post("checkout/sessions", mode="payment", line_items=[{"price": sold.id}], custom_fields=FIELDS)
    assert [each["key"] for each in made["custom_fields"]] == ["engraving", "members", "size"]
    assert made["custom_fields"][0]["text"] == {
        "default_value": None, "maximum_length": 10, "minimum_length": 2, "value": None,
    }  # fmt: skip
    page = client.get(path_of(made), base_url="https://localhost")
    assert '<option selected value="l">Large</option>' in page.text
    done = buy(client, path_of(made), field_0="For Ada", field_1="٤ ٢", field_2="s", way="customer_balance")
    assert done.status_code == 303, done.text
    after = api.get(f"checkout/sessions/{made['id']}", expand=["invoice"])
    told = api.get("events", type="checkout.session.completed")["data"][0]["data"]["object"]
    assert after["custom_fields"] == told["custom_fields"]
    assert [each[each["type"]]["value"] for each in after["custom_fields"]] == ["For Ada", "42", "s"]
    assert after["custom_fields"][2]["dropdown"]["options"] == SIZES
    assert after["invoice"]["custom_fields"] == [
        {"name": "Engraving", "value": "For Ada"},
        {"name": "Members", "value": "42"},
        {"name": "Size", "value": "Small"},
    ]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"field_0": ""}, "Fill in: "),
        ({"field_0": "A"}, "Use at least 2 characters."),
        ({"field_0": "Ada Lovelace"}, "Use at most 10 characters."),
        ({"field_0": "A\u202ea"}, "Fill in: "),
        ({"field_1": "x4"}, "Use only digits."),
        ({"field_2": ""}, "Fill in: "),
        ({"field_2": "xl"}, "Fill in: "),
    ],
)
def test_an_answer_that_does_not_fit_stands_at_its_field(
    api: Api,
    client: FlaskClient,
    sold: Any,  # noqa: F811
    typed: dict[str, str],
    words: str,
) -> None:
    made = api.post("checkout/sessions", mode="payment", line_items=[{"price": sold.id}], custom_fields=FIELDS)
    right = {"field_0": "Ada", "field_2": "s", "way": "customer_balance"}
    answer = buy(client, path_of(made), **{**right, **typed})
    assert answer.status_code == 400
    assert words in answer.text
    assert not api.get("customers")["data"]
    assert buy(client, path_of(made), **right).status_code == 303
    fields = api.get(f"checkout/sessions/{made['id']}")["custom_fields"]
    assert [each[each["type"]]["value"] for each in fields] == ["Ada", None, "s"]


def test_what_is_wrong_is_listed_as_it_stands_on_the_page(api: Api, client: FlaskClient, sold: Any) -> None:  # noqa: F811
    made = api.post("checkout/sessions", mode="payment", line_items=[{"price": sold.id}], custom_fields=FIELDS[:1])
    answer = buy(client, path_of(made), email="", way="sepa_debit")
    summary = answer.text[: answer.text.index("<form")]
    assert re.findall(r'<li><a href="#(\w+)"', summary) == ["email", "field_0", "iban", "agree"]


def test_a_subscription_keeps_them_on_its_session(api: Api, client: FlaskClient, make: Factories, sold: Any) -> None:  # noqa: F811
    made = api.post(
        "checkout/sessions", mode="subscription", line_items=[{"price": make.price().id}], custom_fields=FIELDS[:1]
    )
    assert buy(client, path_of(made), field_0="Ada", **DEBITED).status_code == 303
    after = api.get(f"checkout/sessions/{made['id']}", expand=["subscription"])
    assert (after["custom_fields"][0]["text"]["value"], after["subscription"]["status"]) == ("Ada", "active")


def test_an_invoice_says_what_it_has_room_for(api: Api, client: FlaskClient, sold: Any) -> None:  # noqa: F811
    long = {"key": "long", "label": {"type": "custom", "custom": "A question of more than forty characters?"}}
    made = api.post(
        "checkout/sessions",
        mode="payment",
        line_items=[{"price": sold.id}],
        custom_fields=[{**long, "type": "text"}, FIELDS[0]],
        invoice_creation={"enabled": True, "invoice_data": {"custom_fields": [{"name": "Order", "value": "7"}]}},
    )
    done = buy(client, path_of(made), field_0="Yes", field_1="Ada", way="customer_balance")
    assert done.status_code == 303, done.text
    invoice = api.get(f"checkout/sessions/{made['id']}", expand=["invoice"])["invoice"]
    assert invoice["custom_fields"] == [{"name": "Order", "value": "7"}, {"name": "Engraving", "value": "Ada"}]


def test_a_link_asks_each_visitor(api: Api, client: FlaskClient, sold: Any) -> None:  # noqa: F811
    link = api.post("payment_links", line_items=[{"price": sold.id}], custom_fields=FIELDS)
    assert link["custom_fields"][2]["dropdown"] == {"default_value": "l", "options": SIZES}
    api.post(f"payment_links/{link['id']}", custom_fields=FIELDS[:1])
    path = "/pay/" + link["url"].rpartition("/pay/")[2]
    opened = client.get(path, base_url="https://localhost")
    assert buy(client, opened.location, field_0="Ada", way="customer_balance").status_code == 303
    session = api.get("checkout/sessions", payment_link=link["id"])["data"][0]
    assert session["custom_fields"][0]["text"]["value"] == "Ada"
    assert api.post(f"payment_links/{link['id']}", custom_fields="")["custom_fields"] == []
    assert client.get(path, base_url="https://localhost").status_code == 303


@pytest.mark.parametrize("path", ["checkout/sessions", "payment_links"])
@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"key": "a b"}, "custom_fields[0][key]"),
        ({"label": {"type": "custom", "custom": "x" * 101}}, "custom_fields[0][label][custom]"),
        ({"type": "checkbox"}, "custom_fields[0][type]"),
        ({"type": "dropdown", "text": ""}, "custom_fields[0][dropdown][options]"),
        ({"dropdown": {"options": SIZES}}, "custom_fields[0][dropdown]"),
        ({"text": {"minimum_length": 5, "maximum_length": 4}}, "custom_fields[0][text][maximum_length]"),
        ({"text": {"maximum_length": 256}}, "custom_fields[0][text][maximum_length]"),
        ({"text": {"default_value": "too long for it", "maximum_length": 4}}, "custom_fields[0][text][default_value]"),
        ({"type": "numeric", "numeric": {"default_value": "x"}}, "custom_fields[0][numeric][default_value]"),
        ({"type": "dropdown", "dropdown": {"options": [*SIZES, SIZES[0]]}},
         "custom_fields[0][dropdown][options][2][value]"),
        ({"type": "dropdown", "dropdown": {"options": SIZES, "default_value": "m"}},
         "custom_fields[0][dropdown][default_value]"),
    ],
)  # fmt: skip
def test_fields_that_can_not_be_are_refused(
    api: Api,
    sold: Any,  # noqa: F811
    path: str,
    change: dict[str, Any],
    param: str,
) -> None:
    field = {"key": "a", "label": {"type": "custom", "custom": "A"}, "type": "text", **change}
    sent = {name: value for name, value in field.items() if value}
    mode = {"mode": "payment"} if path == "checkout/sessions" else {}
    answer = api.request("POST", path, line_items=[{"price": sold.id}], custom_fields=[sent], **mode)
    assert (answer.status_code, answer.json["error"]["param"]) == (400, param), answer.json
    assert not api.get(path)["data"]


def test_there_are_at_most_three_with_keys_of_their_own(api: Api, sold: Any) -> None:  # noqa: F811
    field = {"label": {"type": "custom", "custom": "A"}, "type": "text"}
    sent = {"mode": "payment", "line_items": [{"price": sold.id}]}
    four = [{**field, "key": f"a{at}"} for at in range(4)]
    assert api.error("POST", "checkout/sessions", **sent, custom_fields=four)["param"] == "custom_fields"
    twice = [{**field, "key": "a"}] * 2
    assert api.error("POST", "checkout/sessions", **sent, custom_fields=twice)["param"] == "custom_fields[1][key]"


def test_company_and_person_are_asked_one_by_one(api: Api, client: FlaskClient, sold: Any) -> None:  # noqa: F811
    names = {"business": {"enabled": True}, "individual": {"enabled": True, "optional": True}}
    made = api.post("checkout/sessions", mode="payment", line_items=[{"price": sold.id}], name_collection=names)
    assert made["name_collection"] == {
        "business": {"enabled": True, "optional": False},
        "individual": {"enabled": True, "optional": True},
    }
    path = path_of(made)
    lacking = buy(client, path, way="customer_balance")
    assert (lacking.status_code, "Enter the name of your company." in lacking.text) == (400, True)
    done = buy(client, path, business_name="Rocket GmbH", individual_name="Ada Lovelace", way="customer_balance")
    assert done.status_code == 303, done.text
    after = api.get(f"checkout/sessions/{made['id']}", expand=["customer"])
    named = {"business_name": "Rocket GmbH", "individual_name": "Ada Lovelace"}
    for told in (after["collected_information"], after["customer_details"], after["customer"]):
        assert {name: told[name] for name in named} == named
    assert after["customer"]["name"] == "Rocket GmbH"


def test_names_that_may_stay_empty_leave_the_question_who_buys(api: Api, client: FlaskClient, sold: Any) -> None:  # noqa: F811
    names = {"individual": {"enabled": True, "optional": True}}
    link = api.post("payment_links", line_items=[{"price": sold.id}], name_collection=names)
    assert link["name_collection"]["business"] is None
    opened = client.get("/pay/" + link["url"].rpartition("/pay/")[2], base_url="https://localhost")
    assert buy(client, opened.location, way="customer_balance").status_code == 303
    assert api.get("customers")["data"][0]["name"] == "Ada Lovelace"
    assert api.post(f"payment_links/{link['id']}", name_collection="")["name_collection"] is None


@pytest.mark.parametrize(("ticked", "told"), [({}, "opt_out"), ({"promotions": "y"}, "opt_in")])
def test_whether_offers_may_be_written_of_is_kept(
    api: Api,
    client: FlaskClient,
    sold: Any,  # noqa: F811
    ticked: dict[str, str],
    told: str,
) -> None:
    made = api.post(
        "checkout/sessions",
        mode="payment",
        line_items=[{"price": sold.id}],
        consent_collection={"promotions": "auto"},
    )
    assert buy(client, path_of(made), **ticked, way="customer_balance").status_code == 303
    after = api.get(f"checkout/sessions/{made['id']}")
    assert after["consent"] == {"promotions": told, "terms_of_service": None}


@pytest.mark.parametrize(
    ("type", "words"), [("auto", "Buy for"), ("book", "Book for"), ("donate", "Donate"), ("pay", "Pay")]
)
def test_the_button_says_what_it_is_for(api: Api, client: FlaskClient, sold: Any, type: str, words: str) -> None:  # noqa: F811
    made = api.post("checkout/sessions", mode="payment", line_items=[{"price": sold.id}], submit_type=type)
    assert f">{words} €10.00</button>" in client.get(path_of(made), base_url="https://localhost").text
