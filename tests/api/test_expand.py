"""`expand[]`: ids become objects, as deep and as cheaply as promised."""

import pytest

from tests.failures import error_of


def test_an_id_becomes_the_object(api, make):
    price = make.price()
    expanded = api.get(f"prices/{price.id}", expand=["product"])["product"]
    assert expanded == api.get(f"products/{price.product_id}")


def test_an_object_is_expanded_on_creation_and_update_too(api, make):
    product = make.product()
    price = api.post("prices", product=product.id, currency="eur", unit_amount=1, expand=["product"])
    assert price["product"]["name"] == "Gold plan"
    assert api.post(f"prices/{price['id']}", nickname="x", expand=["product"])["product"]["name"] == "Gold plan"


def test_a_null_stays_null(api, make):
    assert api.get(f"products/{make.product().id}", expand=["default_price"])["default_price"] is None


def test_four_levels_are_walked(api, make):
    subscription = make.subscription()
    path = "latest_invoice.subscription.latest_invoice.customer"
    found = api.get(f"subscriptions/{subscription.id}", expand=[path])
    assert found["latest_invoice"]["subscription"]["latest_invoice"]["customer"]["name"] == "Jenny Rosen"


@pytest.mark.parametrize("prefix", ["", "data."])
def test_a_fifth_level_is_refused(api, make, prefix):
    path = f"subscriptions/{make.subscription().id}" if not prefix else "subscriptions"
    error = api.error("GET", path, expand=[f"{prefix}latest_invoice.subscription.latest_invoice.subscription.customer"])
    assert error["message"] == "You cannot expand more than 4 levels of a property."


def test_objects_in_lists_are_expanded_by_one_statement_for_all(api, make, count_queries):
    for _ in range(5):
        make.price()
    api.get("prices", expand=["data.product"])
    with count_queries() as statements:
        found = api.get("prices", expand=["data.product"])
    assert {price["product"]["name"] for price in found["data"]} == {"Gold plan"}
    assert sum("FROM products" in statement for statement in statements) == 1


def test_extras_show_only_when_expanded(api, make):
    customer = make.customer(tax_id_data=[{"type": "eu_vat", "value": "DE136695976"}])
    make.subscription(customer)
    assert not {"tax_ids", "subscriptions"} & set(api.get(f"customers/{customer.id}"))
    found = api.get(f"customers/{customer.id}", expand=["tax_ids", "subscriptions.data.latest_invoice"])
    assert found["tax_ids"]["data"] == api.get(f"customers/{customer.id}/tax_ids")["data"]
    assert found["tax_ids"]["url"] == f"/v1/customers/{customer.id}/tax_ids"
    assert found["subscriptions"]["data"][0]["latest_invoice"]["object"] == "invoice"


def test_extras_of_many_customers_cost_as_much_as_of_one(api, make, count_queries):
    costs = []
    for _ in range(2):
        for _ in range(3):
            make.subscription(make.customer(tax_id_data=[{"type": "eu_vat", "value": "DE136695976"}]))
        api.get("customers", expand=["data.tax_ids", "data.subscriptions"])
        with count_queries() as statements:
            api.get("customers", expand=["data.tax_ids", "data.subscriptions"])
        costs.append(len(statements))
    assert costs[0] == costs[1]


def test_products_of_a_configuration_show_only_when_expanded(api, make):
    price = make.price()
    sold = [{"product": price.product_id, "prices": [price.id]}]
    configuration = make.configuration(subscription_update={"enabled": True, "products": sold})
    path = f"billing_portal/configurations/{configuration.id}"
    assert "products" not in api.get(path)["features"]["subscription_update"]
    found = api.get(path, expand=["features.subscription_update.products"])["features"]["subscription_update"][
        "products"
    ]
    assert [(each["product"], each["prices"]) for each in found] == [(price.product_id, [price.id])]


def test_nested_owners_are_expanded(api, make):
    customer = make.customer()
    sent = {"type": "eu_vat", "value": "DE136695976", "owner": {"type": "customer", "customer": customer.id}}
    found = api.post("tax_ids", **sent, expand=["owner.customer", "customer"])
    assert found["owner"]["customer"]["id"] == found["customer"]["id"] == customer.id


def test_a_deleted_customer_is_expanded_to_a_stub(api, make):
    invoice = make.invoice()
    api.delete(f"customers/{invoice.customer_id}")
    stub = {"id": invoice.customer_id, "object": "customer", "deleted": True}
    assert api.get(f"invoices/{invoice.id}", expand=["customer"])["customer"] == stub
    assert api.get(f"invoices/{invoice.id}", expand=["customer.tax_ids"])["customer"] == stub


def test_an_object_that_is_there_anyhow_may_be_named(api, make):
    invoice = make.invoice()
    assert api.get(f"invoices/{invoice.id}", expand=["lines"]) == api.get(f"invoices/{invoice.id}")


UNKNOWN = [
    "foo",
    "name",
    "name.foo",
    "address",
    "address.city",
    "id",
    "metadata",
    "tax_ids.foo",
    "tax_ids.data.foo",
    ".",
    "..",
    "a..b",
]


@pytest.mark.parametrize("path", UNKNOWN)
def test_what_can_not_be_expanded_is_refused(api, make, path):
    customer = make.customer(tax_id_data=[{"type": "eu_vat", "value": "DE136695976"}])
    error = error_of(api.request("GET", f"customers/{customer.id}", expand=[path]))
    assert error["message"] == f"This property cannot be expanded ({path.rsplit('.', 1)[-1]})."


def test_a_list_is_expanded_below_data_only(api, make):
    make.price()
    assert api.error("GET", "prices", expand=["product"])["message"] == "This property cannot be expanded (product)."


@pytest.mark.parametrize("expand", ["product", {"a": "product"}, [{"a": "b"}], [""], ["x" * 251]])
def test_expand_is_a_list_of_names(api, make, expand):
    assert api.error("GET", f"prices/{make.price().id}", expand=expand)["param"].startswith("expand")
