"""Products, prices and tax rates."""

import pytest
import stripe

from tests.contract import violations

MONTHLY = {"currency": "eur", "unit_amount": 2000, "recurring": {"interval": "month"}}


def test_a_new_product_has_every_documented_key(api, held_clock):
    product = api.post("products", name="Gold plan")
    assert list(violations(product, stripe.Product)) == []
    assert (product["name"], product["active"], product["type"]) == ("Gold plan", True, "service")
    assert product["created"] == product["updated"] == held_clock


SAID = [
    ("active", False),
    ("description", "Unlimited rides"),
    ("images", ["https://example.com/a.png"]),
    ("marketing_features", [{"name": "Fast"}]),
    ("name", "Silver plan"),
    ("shippable", True),
    ("statement_descriptor", "ROCKET RIDES"),
    ("tax_code", "txcd_10103001"),
    ("unit_label", "seat"),
    ("url", "https://example.com/gold"),
]


@pytest.mark.parametrize(("name", "value"), SAID)
def test_what_is_said_of_a_product_is_shown(api, make, name, value):
    assert api.post("products", **{"name": "x", name: value})[name] == value
    before = api.get(f"products/{make.product().id}")
    after = api.post(f"products/{before['id']}", **{name: value})
    assert after == {**before, name: value, "updated": after["updated"]}
    assert api.get(f"products/{before['id']}") == after


@pytest.mark.parametrize(("name", "left"), [("description", None), ("url", None), ("images", []), ("shippable", None)])
def test_an_empty_value_clears_a_product(api, make, name, left):
    said = {"description": "x", "url": "https://example.com", "images": ["https://example.com/a"], "shippable": True}
    assert api.post(f"products/{make.product(**said).id}", **{name: ""})[name] == left


def test_a_product_may_bring_its_id_and_its_price(api):
    product = api.post("products", name="x", id="gold", default_price_data=MONTHLY, expand=["default_price"])
    assert (product["id"], product["default_price"]["product"]) == ("gold", "gold")
    assert api.error("POST", "products", name="x", id="gold")["code"] == "resource_already_exists"


def test_a_wrong_default_price_leaves_no_product(api):
    error = api.error("POST", "products", name="x", default_price_data={"currency": "eur"})
    assert error["param"] == "default_price_data[unit_amount]"
    assert api.get("products")["data"] == []


def test_the_default_price_is_one_of_the_product(api, make):
    price, other = make.price(), make.price()
    path = f"products/{price.product_id}"
    assert api.post(path, default_price=price.id)["default_price"] == price.id
    assert api.error("POST", path, 400, default_price=other.id)["param"] == "default_price"
    assert api.post(path, default_price="")["default_price"] is None


def test_a_product_without_prices_is_deleted(api, make):
    product = make.product()
    assert api.delete(f"products/{product.id}") == {"id": product.id, "object": "product", "deleted": True}
    api.error("GET", f"products/{product.id}", 404)


def test_a_product_with_prices_is_not(api, make):
    price = make.price()
    assert "active" in api.error("DELETE", f"products/{price.product_id}")["message"]
    assert api.get(f"products/{price.product_id}")["active"] is True


def test_products_are_filtered(api, make):
    kept = make.product(active=False, url="https://example.com/a", shippable=True).id
    make.product()
    for name, value in {"active": False, "url": "https://example.com/a", "shippable": True, "ids": [kept]}.items():
        assert [each["id"] for each in api.get("products", **{name: value})["data"]] == [kept]
    assert len(api.get("products", type="service")["data"]) == 2
    assert api.get("products", type="good")["data"] == []


def test_a_new_price_has_every_documented_key(api, make):
    price = api.post("prices", product=make.product().id, **MONTHLY, nickname="x", lookup_key="gold")
    assert list(violations(price, stripe.Price)) == []
    assert (price["type"], price["unit_amount"], price["unit_amount_decimal"]) == ("recurring", 2000, "2000")
    assert (price["recurring"]["interval_count"], price["recurring"]["usage_type"]) == (1, "licensed")
    assert (price["nickname"], price["lookup_key"], price["tax_behavior"]) == ("x", "gold", "unspecified")


def test_a_price_without_an_interval_is_for_one_time(api, make):
    price = api.post("prices", product=make.product().id, currency="jpy", unit_amount=500)
    assert (price["type"], price["recurring"], price["currency"]) == ("one_time", None, "jpy")


AMOUNTS = [("12.5", None, "12.5"), ("12", 12, "12"), ("0.000000000001", None, "0.000000000001"), ("7.10", None, "7.1")]


@pytest.mark.parametrize(("sent", "whole", "exact"), AMOUNTS)
def test_a_price_may_hold_parts_of_a_cent(api, make, sent, whole, exact):
    price = api.post("prices", product=make.product().id, currency="eur", unit_amount_decimal=sent)
    assert (price["unit_amount"], price["unit_amount_decimal"]) == (whole, exact)


def test_a_price_may_bring_its_product(api):
    price = api.post("prices", **MONTHLY, product_data={"name": "Gold", "metadata": {"a": "1"}}, expand=["product"])
    assert (price["product"]["name"], price["product"]["metadata"]) == ("Gold", {"a": "1"})


WRONG_PRICES = [
    ({"unit_amount": -1}, "unit_amount"),
    ({"unit_amount": ""}, "unit_amount"),
    ({"unit_amount_decimal": "1"}, "unit_amount"),
    ({"unit_amount": None, "unit_amount_decimal": "-0.5"}, "unit_amount_decimal"),
    ({"unit_amount": None}, "unit_amount"),
    ({"currency": "eurs"}, "currency"),
    ({"recurring": {"interval": "hour"}}, "recurring[interval]"),
    ({"recurring": {"interval": "year", "interval_count": 4}}, "recurring[interval_count]"),
    ({"recurring": {"interval": "month", "usage_type": "metered"}}, "recurring[usage_type]"),
    ({"product": None}, "product"),
    ({"product_data": {"name": "x"}}, "product"),
    ({"tax_behavior": "maybe"}, "tax_behavior"),
    ({"billing_scheme": "tiered"}, "billing_scheme"),
]


@pytest.mark.parametrize(("change", "param"), WRONG_PRICES)
def test_a_wrong_price_is_refused(api, make, change, param):
    sent = {"product": make.product().id, **MONTHLY, **change}
    assert (
        api.error("POST", "prices", **{name: value for name, value in sent.items() if value is not None})["param"]
        == param
    )
    assert api.get("prices")["data"] == []


def test_words_and_activity_of_a_price_change(api, make):
    before = api.get(f"prices/{make.price().id}")
    changes = {"active": False, "nickname": "Old", "lookup_key": "old", "tax_behavior": "exclusive"}
    assert api.post(f"prices/{before['id']}", **changes) == {**before, **changes}
    assert api.post(f"prices/{before['id']}", nickname="", lookup_key="")["nickname"] is None


@pytest.mark.parametrize("name", ["unit_amount", "currency", "recurring", "product"])
def test_what_a_price_costs_never_changes(api, make, name):
    assert api.error("POST", f"prices/{make.price().id}", **{name: "1"})["code"] == "parameter_unknown"


def test_a_tax_behavior_is_set_once(api, make):
    path = f"prices/{make.price(tax_behavior='inclusive').id}"
    assert api.error("POST", path, tax_behavior="exclusive")["param"] == "tax_behavior"
    assert api.post(path, tax_behavior="inclusive")["tax_behavior"] == "inclusive"


def test_a_lookup_key_belongs_to_one_price_and_can_be_taken_over(api, make):
    first, second = make.price(lookup_key="gold").id, make.price().id
    assert api.error("POST", f"prices/{second}", lookup_key="gold")["code"] == "resource_already_exists"
    assert api.post(f"prices/{second}", lookup_key="gold", transfer_lookup_key=True)["lookup_key"] == "gold"
    assert api.get(f"prices/{first}")["lookup_key"] is None
    assert [each["id"] for each in api.get("prices", lookup_keys=["gold", "x"])["data"]] == [second]


def test_prices_are_filtered(api, make):
    product = make.product()
    once = make.price(product, recurring=None, currency="usd", active=False).id
    yearly = make.price(product, recurring={"interval": "year"}).id
    make.price()
    assert _found(api, product=product.id) == [yearly, once]
    assert _found(api, type="one_time") == _found(api, active=False) == _found(api, currency="usd") == [once]
    assert _found(api, recurring={"interval": "year"}) == [yearly]
    assert _found(api, recurring={"usage_type": "metered"}) == []
    assert once not in _found(api, type="recurring")


def _found(api, **filters):
    return [each["id"] for each in api.get("prices", **filters)["data"]]


def test_a_new_tax_rate_has_every_documented_key(api):
    rate = api.post("tax_rates", display_name="MwSt.", percentage="19", inclusive=False, country="DE", tax_type="vat")
    assert list(violations(rate, stripe.TaxRate)) == []
    assert (rate["percentage"], rate["effective_percentage"], rate["inclusive"]) == (19, 19, False)


@pytest.mark.parametrize(
    ("sent", "shown"), [("0", 0), ("100", 100), ("8.875", 8.875), ("0.0001", 0.0001), ("7.70", 7.7)]
)
def test_a_percentage_is_shown_as_a_number(api, sent, shown):
    assert api.post("tax_rates", display_name="x", percentage=sent, inclusive=True)["percentage"] == shown


@pytest.mark.parametrize("percentage", ["-1", "100.0001", "101", "0.00001", "x", ""])
def test_another_percentage_is_refused(api, percentage):
    assert (
        api.error("POST", "tax_rates", display_name="x", percentage=percentage, inclusive=True)["param"] == "percentage"
    )


def test_words_of_a_tax_rate_change_and_its_percentage_never(api, make):
    before = api.get(f"tax_rates/{make.tax_rate().id}")
    changes = {"active": False, "display_name": "USt", "description": "x", "jurisdiction": "DE", "state": "BE"}
    assert api.post(f"tax_rates/{before['id']}", **changes) == {**before, **changes}
    assert api.post(f"tax_rates/{before['id']}", country="", description="")["country"] is None
    assert api.error("POST", f"tax_rates/{before['id']}", percentage="7")["code"] == "parameter_unknown"


def test_tax_rates_are_filtered(api, make):
    kept = make.tax_rate(inclusive=True).id
    gone = make.tax_rate().id
    api.post(f"tax_rates/{gone}", active=False)
    for filter in ({"active": True}, {"inclusive": True}):
        assert [each["id"] for each in api.get("tax_rates", **filter)["data"]] == [kept]
