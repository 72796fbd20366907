"""Plans: what the older wire makes of recurring prices."""

import pytest

MONTHLY = {"amount": 1200, "currency": "eur", "interval": "month"}


@pytest.fixture
def plan(api, make):
    return api.post("plans", **MONTHLY, product=make.product().id, nickname="Monthly", metadata={"order": "6735"})


def test_a_plan_is_a_recurring_price(api, plan):
    price = api.get(f"prices/{plan['id']}")
    assert (price["unit_amount"], price["recurring"]["interval"], price["nickname"]) == (1200, "month", "Monthly")
    assert (plan["object"], plan["amount_decimal"], plan["metadata"]) == ("plan", "1200", {"order": "6735"})
    assert api.get(f"plans/{plan['id']}") == plan


def test_a_plan_brings_its_product_along(api):
    made = api.post("plans", **MONTHLY, product={"name": "Gold plan"}, trial_period_days=7)
    assert api.get(f"products/{made['product']}")["name"] == "Gold plan"
    assert made["trial_period_days"] == 7


def test_words_and_activity_change(api, plan):
    changed = api.post(f"plans/{plan['id']}", nickname="", active=False, metadata={"order": ""})
    assert changed == {**plan, "nickname": None, "active": False, "metadata": {}}
    assert api.post(f"plans/{plan['id']}", active=True)["active"] is True


def test_a_deleted_plan_stays_with_those_who_have_it(api, make, plan):
    subscription = api.post(
        "subscriptions",
        customer=make.customer().id,
        items=[{"price": plan["id"]}],
        collection_method="send_invoice",
        days_until_due=7,
    )
    assert api.delete(f"plans/{plan['id']}") == {"id": plan["id"], "object": "plan", "deleted": True}
    assert api.get(f"subscriptions/{subscription['id']}")["plan"]["active"] is False


def test_plans_are_listed_without_one_time_prices(api, make, plan):
    make.price(recurring=None)
    other = make.price()
    assert [each["id"] for each in api.get("plans")["data"]] == [other.id, plan["id"]]
    assert [each["id"] for each in api.get("plans", product=plan["product"])["data"]] == [plan["id"]]
    assert [each["id"] for each in api.get("plans", starting_after=other.id)["data"]] == [plan["id"]]
    assert api.get("plans", active=False)["data"] == []


def test_a_one_time_price_is_no_plan(api, make):
    assert api.error("GET", f"plans/{make.price(recurring=None).id}", 404)["code"] == "resource_missing"


@pytest.mark.parametrize(
    ("sent", "param"),
    [
        ({"amount": None}, "amount"),
        ({"amount": 1, "amount_decimal": "1.5"}, "amount"),
        ({"interval": "century"}, "interval"),
        ({"product": "prod_unknown"}, "product"),
        ({"product": ""}, "product"),
        ({"product": {"active": True}}, "product[name]"),
        ({"product": {"name": "x", "planet": "Earth"}}, "product[planet]"),
    ],
)
def test_what_is_no_plan_is_refused(api, make, sent, param):
    given = {"product": make.product().id, **MONTHLY, **sent}
    answer = api.request("POST", "plans", **{key: each for key, each in given.items() if each is not None})
    assert answer.get_json()["error"]["param"] == param
    assert answer.status_code in {400, 404}


@pytest.mark.parametrize("id", ["gold/monthly", "gold monthly", "..", "."])
def test_an_id_that_no_client_could_ask_for_is_refused(api, id):
    sent = {"amount": 100, "currency": "eur", "interval": "month", "product": {"name": "Gold"}}
    assert api.error("POST", "plans", id=id, **sent)["param"] == "id"
    assert api.error("POST", "products", name="Gold", id=id)["param"] == "id"
