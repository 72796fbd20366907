"""Metadata: the same rules on every object that has it."""

import pytest

RESOURCES = ["customer", "product", "price", "tax_rate", "configuration", "transaction", "account"]


@pytest.fixture
def path(request, api, make):
    """The path of a fresh object of the noun."""
    return {
        "account": lambda: "account",
        "configuration": lambda: f"billing_portal/configurations/{make.configuration().id}",
        "customer": lambda: f"customers/{make.customer().id}",
        "price": lambda: f"prices/{make.price().id}",
        "product": lambda: f"products/{make.product().id}",
        "tax_rate": lambda: f"tax_rates/{make.tax_rate().id}",
        "transaction": lambda: _transaction(api, make),
    }[request.param]()


def _transaction(api, make):
    path = f"customers/{make.customer().id}/balance_transactions"
    return f"{path}/{api.post(path, amount=-5, currency='eur')['id']}"


on_every_object = pytest.mark.parametrize("path", RESOURCES, indirect=True)


@on_every_object
def test_keys_are_added_replaced_and_unset(api, path):
    assert api.get(path)["metadata"] == {}
    assert api.post(path, metadata={"a": "1", "b": "2"})["metadata"] == {"a": "1", "b": "2"}
    assert api.post(path, metadata={"b": "3", "c": "4"})["metadata"] == {"a": "1", "b": "3", "c": "4"}
    assert api.post(path, metadata={"a": ""})["metadata"] == {"b": "3", "c": "4"}
    assert api.post(path, metadata="")["metadata"] == {}
    assert api.get(path)["metadata"] == {}


@on_every_object
def test_metadata_that_was_not_sent_stays(api, path):
    api.post(path, metadata={"a": "1"})
    assert api.post(path, expand=[])["metadata"] == {"a": "1"}


@on_every_object
def test_there_are_at_most_fifty_keys(api, path):
    fifty = {f"k{number}": "x" for number in range(50)}
    assert api.post(path, metadata=fifty)["metadata"] == fifty
    assert api.error("POST", path, metadata={"more": "x"})["param"] == "metadata"
    assert api.get(path)["metadata"] == fifty


def test_metadata_is_taken_on_creation(api):
    sent = {"metadata": {"order": "6735", "empty": ""}}
    assert api.post("customers", **sent)["metadata"] == {"order": "6735"}
    assert api.post("products", name="x", **sent)["metadata"] == {"order": "6735"}


WRONG = [
    {"k" * 41: "x"},
    {"k": "x" * 501},
    {"k": {"a": "b"}},
    {"k": ["x"]},
    {"k": "\u202e"},
    {"\u202ek": "x"},
    {"k\x80": "x"},
    "text",
]


@pytest.mark.parametrize("metadata", WRONG, ids=ascii)
def test_other_metadata_is_refused(api, metadata):
    assert api.error("POST", "customers", metadata=metadata)["param"].startswith("metadata")


@pytest.mark.parametrize(
    "metadata", [{"k" * 40: "x" * 500}, {"0": "x"}, {"\u00e4 \U0001f680": "\u05d0"}, {"a.b-c_d/e": "1"}]
)
def test_keys_and_values_may_hold_any_text(api, metadata):
    assert api.post("customers", metadata=metadata)["metadata"] == metadata
