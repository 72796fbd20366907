"""Tax ids: every type, both addresses, both kinds of owner."""

import pytest
import stripe

from portal.rules import tax_ids
from tests.contract import violations

GERMAN = {"type": "eu_vat", "value": "DE136695976"}


@pytest.fixture
def path(make):
    return f"customers/{make.customer().id}/tax_ids"


@pytest.mark.parametrize("type", tax_ids.TYPES)
def test_every_type_is_taken_by_its_documented_example(api, path, type):
    kind = tax_ids.TYPES[type]
    tax_id = api.post(path, type=type, value=kind.examples[0])
    assert (tax_id["type"], tax_id["value"]) == (type, kind.examples[0])
    assert tax_id["country"] == kind.forms[0].country
    assert list(violations(tax_id, stripe.TaxId)) == []


def test_a_tax_id_is_kept_in_its_canonical_spelling(api, path):
    assert api.post(path, type="eu_vat", value=" de 136.695.976 ")["value"] == "DE136695976"


@pytest.mark.parametrize("type", ["eu_vat", "us_ein", "ch_vat"])
@pytest.mark.parametrize("value", ["x", "0", "DE136695976DE136695976", "\u0661", "x" * 250])
def test_a_value_of_another_format_is_refused(api, path, type, value):
    error = api.error("POST", path, type=type, value=value)
    assert (error["code"], error["param"]) == ("tax_id_invalid", "value")
    assert tax_ids.example_value(type) in error["message"]


@pytest.mark.parametrize("type", ["unknown", "xx_vat", "EU_VAT", "eu_vat "])
def test_another_type_is_refused(api, path, type):
    assert api.error("POST", path, type=type, value="DE136695976")["param"] == "type"


@pytest.mark.parametrize(
    ("value", "status"), [("DE136695976", "verified"), ("DE136695977", "unverified"), ("DE222222222", "pending")]
)
def test_verification_is_shown(api, path, value, status):
    verification = api.post(path, type="eu_vat", value=value)["verification"]
    assert verification == {"status": status, "verified_address": None, "verified_name": None}


def test_a_customer_has_at_most_five(api, path):
    for digit in range(5):
        api.post(path, type="us_ein", value=f"12-345678{digit}")
    assert api.error("POST", path, type="us_ein", value="12-3456785")["code"] == "tax_ids_limit_reached"
    assert len(api.get(path)["data"]) == 5


def test_the_same_one_twice_is_refused(api, path):
    api.post(path, **GERMAN)
    assert api.error("POST", path, type="eu_vat", value="de136695976")["code"] == "resource_already_exists"


def test_both_addresses_show_the_same_object(api, path):
    tax_id = api.post(path, **GERMAN)
    assert api.get(f"{path}/{tax_id['id']}") == api.get(f"tax_ids/{tax_id['id']}") == tax_id
    assert api.get(path)["data"] == [tax_id]


@pytest.mark.parametrize("below_customer", [True, False])
def test_a_tax_id_is_deleted(api, path, below_customer):
    tax_id = api.post(path, **GERMAN)["id"]
    gone = api.delete(f"{path}/{tax_id}" if below_customer else f"tax_ids/{tax_id}")
    assert gone == {"id": tax_id, "object": "tax_id", "deleted": True}
    assert api.get(path)["data"] == []
    assert api.error("GET", f"tax_ids/{tax_id}", 404)["code"] == "resource_missing"


def test_an_owner_is_named(api, path):
    customer = path.split("/")[1]
    owner = {"type": "customer", "customer": customer}
    tax_id = api.post("tax_ids", **GERMAN, owner=owner)
    assert (tax_id["customer"], tax_id["owner"]["type"]) == (customer, "customer")
    assert api.get("tax_ids", owner=owner)["data"] == api.get(path)["data"] == [tax_id]


@pytest.mark.parametrize("owner", [{}, {"owner": {"type": "self"}}])
def test_without_another_owner_it_is_the_accounts_own(api, path, owner):
    api.post(path, **GERMAN)
    own = api.post("tax_ids", type="de_stn", value="1234567890", **owner)
    assert (own["customer"], own["owner"]["type"]) == (None, "self")
    assert api.get("tax_ids", **owner)["data"] == [own]


def test_the_accounts_own_are_counted_by_themselves(api, path):
    for number in range(6):
        api.post("tax_ids", type="us_ein", value=f"12-345678{number}")
    assert api.post(path, **GERMAN)["value"] == "DE136695976"


@pytest.mark.parametrize(
    ("owner", "param"),
    [
        ({"type": "customer"}, "owner[customer]"),
        ({"type": "application"}, "owner[type]"),
        ({"type": "account", "account": "acct_1"}, "owner[type]"),
        ({"type": "nobody"}, "owner[type]"),
        ({"customer": "cus_1"}, "owner[type]"),
    ],
)
def test_an_owner_that_can_not_be_is_refused(api, owner, param):
    assert api.error("POST", "tax_ids", **GERMAN, owner=owner)["param"] == param
    assert api.error("GET", "tax_ids", owner=owner)["param"] == param


def test_an_unknown_owner_is_a_mistake_in_the_call(api):
    owner = {"type": "customer", "customer": "cus_1"}
    assert api.error("POST", "tax_ids", 400, **GERMAN, owner=owner)["param"] == "owner[customer]"
    assert api.error("GET", "tax_ids", 400, owner=owner)["param"] == "owner[customer]"
