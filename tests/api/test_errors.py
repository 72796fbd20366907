"""Failures: one shape for all, each with the status, code and parameter that the reference documents."""

import pytest

from portal import clock
from portal.billing.accounts import new_accounts
from portal.billing.accounts.new_accounts import CreateAccount
from tests.clients import Api
from tests.failures import error_of, without_request_id

UNKNOWN_PATHS = ["", "/", "customer", "customers/", "customers/cus_1/nothing", "Customers", "../v1/customers", "%00"]
UNKNOWN_PATHS += ["customers//cus_1", "/customers", "billing_portal"]
#: A parameter that no call has, and how the error names it.
UNKNOWN_PARAMETERS = [
    ("customers", {"foo": 1}, "foo"),
    ("customers", {"address": {"foo": 1}}, "address[foo]"),
    ("customers", {"sauce": "tok_visa"}, "sauce"),
    ("customers", {"tax_id_data": [{"type": "eu_vat", "value": "x", "foo": 1}]}, "tax_id_data[0][foo]"),
    ("billing_portal/configurations", {"features": {"customer_update": {"foo": 1}}}, "features[customer_update][foo]"),
    ("products", {"name": "x", "default_price": "price_1"}, "default_price"),
    ("tax_ids", {"type": "eu_vat", "value": "DE136695976", "customers": "cus_1"}, "customers"),
]
MISSING_PARAMETERS = [
    ("billing_portal/sessions", {}, "customer"),
    ("billing_portal/configurations", {}, "features"),
    ("prices", {"product": "prod_1"}, "currency"),
    ("customers", {"shipping": {"address": {"city": "Berlin"}}}, "shipping[name]"),
    ("customers", {"tax_id_data": [{"type": "eu_vat"}]}, "tax_id_data[0][value]"),
]
#: Every call on one object, with an id that is not there.
OBJECTS = [
    ("GET", "customers/{}", "customer"),
    ("POST", "customers/{}", "customer"),
    ("DELETE", "customers/{}", "customer"),
    ("GET", "customers/{}/tax_ids", "customer"),
    ("GET", "customers/{}/balance_transactions", "customer"),
    ("GET", "tax_ids/{}", "tax_id"),
    ("DELETE", "tax_ids/{}", "tax_id"),
    ("GET", "products/{}", "product"),
    ("POST", "products/{}", "product"),
    ("DELETE", "products/{}", "product"),
    ("GET", "prices/{}", "price"),
    ("POST", "prices/{}", "price"),
    ("GET", "tax_rates/{}", "tax_rate"),
    ("POST", "tax_rates/{}", "tax_rate"),
    ("GET", "billing_portal/configurations/{}", "configuration"),
    ("POST", "billing_portal/configurations/{}", "configuration"),
    ("GET", "billing_portal/sessions/{}", "session"),
    ("POST", "billing_portal/sessions/{}/expire", "session"),
    ("GET", "accounts/{}", "account"),
    ("POST", "accounts/{}", "account"),
]


@pytest.mark.parametrize("path", UNKNOWN_PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_path_is_a_404_in_json(api, method, path):
    error = error_of(api.request(method, path))
    assert error["message"].startswith(f"Unrecognized request URL ({method}: /v1")
    assert error["message"].endswith("; /docs lists them.")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "TRACE", "DELETE", "SPY"])
def test_a_method_that_a_path_does_not_have_is_a_404_in_json(api, method):
    answer = api.request(method, "customers")
    assert answer.status_code == 404
    error_of(answer)


@pytest.mark.parametrize(("path", "sent", "param"), UNKNOWN_PARAMETERS)
def test_an_unknown_parameter_is_named(api, path, sent, param):
    error = error_of(api.request("POST", path, **sent))
    assert (error["code"], error["param"]) == ("parameter_unknown", param)
    assert error["message"] == f"Received unknown parameter: {param}"


def test_an_unknown_filter_is_named(api):
    assert api.error("GET", "customers", created={"foo": 1})["param"] == "created[foo]"
    assert api.error("GET", "customers/cus_1", limit=1)["param"] == "limit"


@pytest.mark.parametrize(("path", "sent", "param"), MISSING_PARAMETERS)
def test_a_missing_parameter_is_named(api, path, sent, param):
    error = error_of(api.request("POST", path, **sent))
    assert (error["code"], error["param"]) == ("parameter_missing", param)


@pytest.mark.parametrize(("method", "path", "noun"), OBJECTS)
def test_an_unknown_id_is_a_404(api, method, path, noun):
    answer = api.request(method, path.format("nothing_1"))
    assert answer.status_code == 404
    assert error_of(answer)["code"] == "resource_missing"
    assert "'nothing_1'" in error_of(answer)["message"]


@pytest.fixture
def objects(api, make):
    """One object of each noun, and the customer's own ones by the customer's id."""
    customer = make.customer()
    return {
        "customer": customer.id,
        "tax_id": api.post(f"customers/{customer.id}/tax_ids", type="eu_vat", value="DE136695976")["id"],
        "product": make.product().id,
        "price": make.price().id,
        "tax_rate": make.tax_rate().id,
        "configuration": make.configuration().id,
        "session": api.post("billing_portal/sessions", customer=customer.id)["id"],
        "account": api.get("account")["id"],
    }


@pytest.fixture
def strangers(app, merchant, database):
    """The keys that see nothing of the merchant's test mode."""
    with database.writing() as db:
        other = new_accounts.create(db, CreateAccount("Other"), now=clock.now())
    return [Api(app.test_client(), key) for key in (other.test_key, other.live_key, merchant.live_key)]


def test_objects_of_other_accounts_and_modes_are_as_unknown_as_any(objects, strangers):
    for method, path, noun in OBJECTS:
        for stranger in strangers[: 2 if noun == "account" else 3]:
            answer = stranger.request(method, path.format(objects[noun]))
            unknown = stranger.request(method, path.format("x" * len(objects[noun])))
            assert answer.status_code == unknown.status_code == 404
            same = without_request_id(unknown).replace(b"x" * len(objects[noun]), objects[noun].encode())
            assert without_request_id(answer) == same


def test_objects_of_others_can_not_be_named_in_parameters(objects, strangers):
    for stranger in strangers:
        assert (
            stranger.error("POST", "billing_portal/sessions", 400, customer=objects["customer"])["param"] == "customer"
        )
        sent = {"product": objects["product"], "currency": "eur", "unit_amount": 1}
        assert stranger.error("POST", "prices", 400, **sent)["param"] == "product"
        assert stranger.error("GET", "customers", 400, starting_after=objects["customer"])["param"] == "starting_after"


def test_another_customers_object_is_unknown_below_a_customer(api, make, objects):
    other = make.customer()
    for path in ("tax_ids", "balance_transactions"):
        assert api.error("GET", f"customers/{other.id}/{path}/{objects['tax_id']}", 404)["param"] == "id"


def test_every_answer_has_its_own_request_id(api):
    found = {
        api.request("GET", path).headers["Request-Id"] for path in ("customers", "customers", "nothing", "account")
    }
    assert len(found) == 4


@pytest.mark.parametrize("path", ["customers", "customers/cus_1", "account"])
def test_the_version_asked_for_is_echoed(api, path):
    answer = api.request("GET", path, headers={"Stripe-Version": "2022-08-01"})
    assert answer.headers["Stripe-Version"] == "2022-08-01"


@pytest.mark.parametrize("version", ["x" * 100, "\u00e4"])
def test_a_strange_version_is_not_echoed(api, version):
    assert "Stripe-Version" not in api.request("GET", "customers", headers={"Stripe-Version": version}).headers


def test_answers_are_never_cached(api):
    assert api.request("GET", "customers").headers["Cache-Control"] == "no-store"


def test_a_host_that_is_not_ours_is_refused(api):
    answer = api.request("GET", "customers", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    error_of(answer)
