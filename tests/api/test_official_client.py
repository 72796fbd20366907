"""The official client library works unchanged: the calls of the 2022 texts and those of its newest release."""

import pytest
import stripe

from tests import official
from tests.contract import violations

FEATURES = {
    "customer_update": {"allowed_updates": ["email", "tax_id"], "enabled": True},
    "invoice_history": {"enabled": True},
}
URLS = {"privacy_policy_url": "https://example.com/privacy", "terms_of_service_url": "https://example.com/terms"}


@pytest.fixture
def client(app, merchant):
    return official.client(app, merchant.test_key)


@pytest.fixture
def older(app, merchant, monkeypatch):
    """The library as the 2022 texts use it: a key for the whole module."""
    monkeypatch.setattr(stripe, "api_key", merchant.test_key)
    monkeypatch.setattr(stripe, "api_base", "http://localhost")
    monkeypatch.setattr(stripe, "default_http_client", official.Wire(app))
    return stripe


def test_portal_calls_of_the_older_form(older, make):
    configuration = older.billing_portal.Configuration.create(features=FEATURES, business_profile=URLS)
    older.billing_portal.Configuration.modify(configuration.id, business_profile={"headline": "Hello"})
    assert older.billing_portal.Configuration.retrieve(configuration.id).business_profile.headline == "Hello"
    assert [each.id for each in older.billing_portal.Configuration.list(limit=1)] == [configuration.id]
    session = older.billing_portal.Session.create(customer=make.customer().id, return_url="https://example.com/account")
    assert session.url.startswith("http://localhost/p/session/")


def test_tax_id_calls_of_the_older_form(older, make):
    customer = make.customer().id
    tax_id = older.Customer.create_tax_id(customer, type="eu_vat", value="DE123456789")
    assert older.Customer.retrieve_tax_id(customer, tax_id.id).value == "DE123456789"
    assert len(older.Customer.list_tax_ids(customer, limit=3)) == 1
    assert older.Customer.delete_tax_id(customer, tax_id.id).deleted is True


def test_balance_calls_of_the_older_form(older, make):
    customer = make.customer().id
    entry = older.Customer.create_balance_transaction(customer, amount=-500, currency="usd")
    older.Customer.modify_balance_transaction(customer, entry.id, metadata={"order_id": "6735"})
    found = older.Customer.retrieve_balance_transaction(customer, entry.id)
    assert (found.ending_balance, found.metadata["order_id"]) == (-500, "6735")
    assert [each.id for each in older.Customer.list_balance_transactions(customer, limit=3)] == [entry.id]


def test_customer_calls(client):
    customer = client.v1.customers.create(
        {
            "name": "Jenny \u00c4\u20ac\U0001f680 & Co. = 100%",
            "address": {"country": "DE"},
            "tax_id_data": [{"type": "eu_vat", "value": "DE136695976"}],
            "metadata": {"a": "1"},
            "expand": ["tax_ids"],
        }
    )
    assert (customer.name, customer.tax_ids.data[0].value) == (
        "Jenny \u00c4\u20ac\U0001f680 & Co. = 100%",
        "DE136695976",
    )
    updated = client.v1.customers.update(customer.id, {"address": "", "metadata": {"a": ""}, "tax_exempt": "reverse"})
    assert (updated.address, updated.metadata.to_dict(), updated.tax_exempt) == (None, {}, "reverse")
    assert client.v1.customers.delete(customer.id).deleted is True


def test_catalogue_calls(client):
    product = client.v1.products.create(
        {"name": "Gold", "default_price_data": {"currency": "eur", "unit_amount": 2000}}
    )
    price = client.v1.prices.create({"product": product.id, "currency": "eur", "unit_amount_decimal": "12.5"})
    assert str(price.unit_amount_decimal) == "12.5"
    assert client.v1.prices.list({"product": product.id, "created": {"gte": 1}}).data[0].id == price.id
    rate = client.v1.tax_rates.create({"display_name": "VAT", "percentage": 19.5, "inclusive": False})
    assert (rate.percentage, client.v1.tax_rates.retrieve(rate.id).inclusive) == (19.5, False)


def test_portal_calls(client, make):
    features = {**FEATURES, "subscription_cancel": {"enabled": True}}
    configuration = client.v1.billing_portal.configurations.create({"features": features, "name": "For riders"})
    session = client.v1.billing_portal.sessions.create(
        {"customer": make.customer().id, "configuration": configuration.id, "flow_data": {"type": "customer_update"}}
    )
    assert session.flow.after_completion.type == "portal_homepage"
    updated = client.v1.billing_portal.configurations.update(configuration.id, {"active": False})
    assert updated.active is False


def test_tax_ids_of_an_owner(client, make):
    owner = {"type": "customer", "customer": make.customer().id}
    tax_id = client.v1.tax_ids.create({"type": "gb_vat", "value": "GB980780684", "owner": owner})
    assert [each.id for each in client.v1.tax_ids.list({"owner": owner})] == [tax_id.id]


def test_account_calls(client, merchant):
    assert client.v1.accounts.retrieve_current().id == merchant.account.id
    profile = {"support_email": "help@example.com"}
    updated = client.v1.accounts.update(merchant.account.id, {"business_profile": profile})
    assert updated.business_profile.support_email == "help@example.com"


def test_all_pages_are_walked(client, make):
    made = [make.customer().id for _ in range(5)]
    found = [each.id for each in client.v1.customers.list({"limit": 2}).auto_paging_iter()]
    assert found == made[::-1]


def test_failures_are_the_librarys_own(client, app):
    with pytest.raises(stripe.InvalidRequestError) as failure:
        client.v1.customers.create({"email": "nobody"})
    assert (failure.value.param, failure.value.code, failure.value.http_status) == ("email", "email_invalid", 400)
    assert failure.value.request_id.startswith("req_")
    with pytest.raises(stripe.AuthenticationError):
        official.client(app, "sk_test_wrong").v1.customers.list()


def test_a_key_used_twice_is_the_librarys_own_error(client):
    options = {"idempotency_key": "a"}
    first = client.v1.customers.create({"name": "x"}, options)
    assert client.v1.customers.create({"name": "x"}, options).id == first.id
    with pytest.raises(stripe.IdempotencyError):
        client.v1.customers.create({"name": "y"}, options)


def test_the_contract_finds_what_is_missing_or_of_another_kind(api):
    product = api.post("products", name="x")
    wrong = {**product, "active": "yes", "images": [1], "default_price": 5}
    del wrong["name"]
    assert list(violations(product, stripe.Product)) == []
    found = set(violations(wrong, stripe.Product))
    assert found == {"active is 'yes'", "images[0] is 1", "default_price is 5", "name is missing"}
