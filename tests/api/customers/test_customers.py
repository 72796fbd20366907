"""Customers: created, described, corrected, found and deleted."""

import pytest
import stripe
from sqlalchemy import select

from portal import clock
from portal.models import Customer, PortalSession
from tests.contract import violations

ADDRESS = {
    "line1": "Lindenstra\u00dfe 3",
    "line2": None,
    "city": "Berlin",
    "postal_code": "10969",
    "state": None,
    "country": "DE",
}
#: What can be said of a customer, as it is sent and as it is shown.
SAID = [
    ("name", "Jenny Rosen", "Jenny Rosen"),
    ("name", "x" * 256, "x" * 256),
    ("email", "Jenny@Example.COM", "Jenny@example.com"),
    ("phone", "+49 30 123456", "+49 30 123456"),
    ("description", "Likes rides", "Likes rides"),
    ("address", {key: value for key, value in ADDRESS.items() if value}, ADDRESS),
    ("address", {"country": "de"}, {**dict.fromkeys(ADDRESS), "country": "DE"}),
    ("preferred_locales", ["de", "en-GB"], ["de", "en-GB"]),
    ("tax_exempt", "reverse", "reverse"),
    ("next_invoice_sequence", 42, 42),
    ("invoice_prefix", "ROCKET1", "ROCKET1"),
]
CLEARED = [
    ("name", None),
    ("email", None),
    ("phone", None),
    ("description", None),
    ("address", None),
    ("shipping", None),
]
CLEARED += [("preferred_locales", []), ("tax_exempt", "none")]


def _row(writing, id):
    with writing() as db:
        return db.scalar(select(Customer).where(Customer.id == id))


def test_a_new_customer_has_every_documented_key(api, held_clock):
    customer = api.post("customers")
    assert list(violations(customer, stripe.Customer)) == []
    assert (customer["balance"], customer["tax_exempt"], customer["next_invoice_sequence"]) == (0, "none", 1)
    assert (customer["created"], customer["livemode"], customer["currency"]) == (held_clock, False, None)
    assert len(customer["invoice_prefix"]) == 8


@pytest.mark.parametrize(("name", "sent", "shown"), SAID)
def test_what_is_said_on_creation_is_shown_and_kept(api, name, sent, shown):
    customer = api.post("customers", **{name: sent})
    assert customer[name] == shown
    assert api.get(f"customers/{customer['id']}") == customer
    assert list(violations(customer, stripe.Customer)) == []


@pytest.mark.parametrize(("name", "sent", "shown"), SAID)
def test_what_is_said_later_is_shown_and_the_rest_stays(api, make, name, sent, shown):
    before = api.get(f"customers/{make.customer(phone='1', description='x').id}")
    after = api.post(f"customers/{before['id']}", **{name: sent})
    assert after == {**before, name: shown}
    assert api.get(f"customers/{before['id']}") == after


@pytest.mark.parametrize(("name", "left"), CLEARED)
def test_an_empty_value_clears(api, make, name, left):
    shipping = {"name": "Jenny", "address": {"city": "Berlin"}}
    said = {"phone": "1", "description": "x", "shipping": shipping, "preferred_locales": ["de"], "tax_exempt": "exempt"}
    customer = make.customer(**said)
    assert api.post(f"customers/{customer.id}", **{name: ""})[name] == left


def test_shipping_is_shown_whole(api):
    shipping = api.post("customers", shipping={"name": "Jenny", "address": {"city": "Berlin"}})["shipping"]
    assert shipping["address"] == {**dict.fromkeys(ADDRESS), "city": "Berlin"}
    assert (shipping["name"], shipping["phone"], shipping["carrier"]) == ("Jenny", None, None)


def test_invoice_settings_are_changed_key_by_key(api, make):
    path = f"customers/{make.customer().id}"
    fields = [{"name": "PO", "value": "4711"}, {"name": "Unit", "value": "7"}]
    api.post(path, invoice_settings={"custom_fields": fields, "footer": "Thanks"})
    settings = api.post(path, invoice_settings={"rendering_options": {"amount_tax_display": "exclude_tax"}})[
        "invoice_settings"
    ]
    assert (settings["custom_fields"], settings["footer"]) == (fields, "Thanks")
    assert settings["rendering_options"] == {"amount_tax_display": "exclude_tax", "template": None}
    cleared = api.post(path, invoice_settings={"custom_fields": "", "rendering_options": ""})["invoice_settings"]
    assert (cleared["custom_fields"], cleared["rendering_options"], cleared["footer"]) == (None, None, "Thanks")


def test_there_are_at_most_four_custom_fields(api):
    fields = [{"name": str(number), "value": "x"} for number in range(5)]
    error = api.error("POST", "customers", invoice_settings={"custom_fields": fields})
    assert error["param"] == "invoice_settings[custom_fields]"


WRONG = [
    ("email", "nobody"),
    ("phone", "1" * 21),
    ("name", "x" * 257),
    ("tax_exempt", "always"),
    ("preferred_locales", ["klingon-x"]),
    ("address", {"country": "Germany"}),
    ("invoice_prefix", "AB"),
    ("invoice_prefix", "abc"),
    ("invoice_prefix", "AB-1"),
    ("invoice_prefix", "A" * 13),
    ("next_invoice_sequence", 0),
    ("next_invoice_sequence", 1_000_000_001),
    ("balance", "1.5"),
]


@pytest.mark.parametrize(("name", "sent"), WRONG)
def test_a_wrong_value_is_refused_and_changes_nothing(api, make, name, sent):
    before = api.get(f"customers/{make.customer().id}")
    for path in ("customers", f"customers/{before['id']}"):
        assert api.error("POST", path, metadata={"a": "1"}, **{name: sent})["param"].startswith(name)
    assert api.get(f"customers/{before['id']}") == before
    assert len(api.get("customers")["data"]) == 1


def test_a_prefix_in_use_is_refused(api, make):
    make.customer(invoice_prefix="ROCKET1")
    assert api.error("POST", "customers", invoice_prefix="ROCKET1")["param"] == "invoice_prefix"


def test_a_prefix_that_numbered_anothers_invoices_stays_theirs(api, make):
    customer = make.customer(invoice_prefix="ROCKET1")
    make.invoice(customer)
    api.post(f"customers/{customer.id}", invoice_prefix="ROCKET2")
    assert api.error("POST", "customers", invoice_prefix="ROCKET1")["param"] == "invoice_prefix"
    assert api.post(f"customers/{customer.id}", invoice_prefix="ROCKET1")["invoice_prefix"] == "ROCKET1"


def test_the_sequence_only_advances(api, make):
    path = f"customers/{make.customer(next_invoice_sequence=10).id}"
    assert api.error("POST", path, next_invoice_sequence=9)["param"] == "next_invoice_sequence"
    assert api.post(path, next_invoice_sequence=10)["next_invoice_sequence"] == 10


def test_an_opening_balance_is_the_first_entry_of_the_ledger(api):
    customer = api.post("customers", balance=-500)
    assert (customer["balance"], customer["currency"]) == (-500, "usd")
    (entry,) = api.get(f"customers/{customer['id']}/balance_transactions")["data"]
    assert (entry["type"], entry["amount"], entry["ending_balance"]) == ("initial", -500, -500)


def test_a_balance_that_is_set_is_entered_as_the_difference(api, make):
    customer = make.customer(balance=-500)
    assert api.post(f"customers/{customer.id}", balance=200)["balance"] == 200
    api.post(f"customers/{customer.id}", balance=200)
    entries = api.get(f"customers/{customer.id}/balance_transactions")["data"]
    assert [(entry["type"], entry["amount"]) for entry in entries] == [("adjustment", 700), ("initial", -500)]


def test_a_balance_is_in_the_accounts_currency_until_there_is_another(api):
    api.post("account", default_currency="eur")
    assert api.post("customers", balance=-1)["currency"] == "eur"


def test_tax_ids_are_made_along_with_the_customer(api):
    sent = [{"type": "eu_vat", "value": "DE136695976"}, {"type": "de_stn", "value": "1234567890"}]
    customer = api.post("customers", tax_id_data=sent, expand=["tax_ids"])
    assert {each["value"] for each in customer["tax_ids"]["data"]} == {"DE136695976", "1234567890"}


@pytest.mark.parametrize(
    ("data", "param"),
    [
        ([{"type": "eu_vat", "value": "DE136695976"}, {"type": "eu_vat", "value": "x"}], "tax_id_data[1][value]"),
        ([{"type": "xx_vat", "value": "x"}], "tax_id_data[0][type]"),
        ([{"type": "us_ein", "value": f"12-345678{digit}"} for digit in range(6)], "tax_id_data"),
    ],
)
def test_a_wrong_tax_id_leaves_no_customer(api, data, param):
    assert api.error("POST", "customers", tax_id_data=data)["param"] == param
    assert api.get("customers")["data"] == []


@pytest.mark.parametrize("search", ["jenny@example.com", "jenny@EXAMPLE.com"])
def test_customers_are_found_by_email(api, make, search):
    found = [make.customer(email="jenny@example.com").id, make.customer(email="jenny@Example.com").id]
    make.customer(email="other@example.com")
    assert [each["id"] for each in api.get("customers", email=search)["data"]] == found[::-1]


@pytest.mark.parametrize("search", ["Jenny@example.com", "nobody", "%@example.com"])
def test_other_spellings_are_other_customers(api, make, search):
    make.customer(email="jenny@example.com")
    assert api.get("customers", email=search)["data"] == []


def test_a_customer_overdue_is_delinquent(api, make, held_clock):
    customer = make.invoice(
        now=held_clock - 40 * clock.DAY, collection_method="send_invoice", days_until_due=14
    ).customer_id
    make.invoice(collection_method="send_invoice", days_until_due=14)
    assert [each["delinquent"] for each in api.get("customers")["data"]] == [False, True]
    assert api.get(f"customers/{customer}")["delinquent"] is True


def test_a_deleted_customer_is_a_stub_and_in_no_list(api, make, writing, held_clock):
    customer = make.customer()
    stub = {"id": customer.id, "object": "customer", "deleted": True}
    assert api.delete(f"customers/{customer.id}") == stub
    assert api.get(f"customers/{customer.id}") == stub
    assert api.get("customers")["data"] == []
    assert _row(writing, customer.id).deleted_at == held_clock


def test_deletion_ends_subscriptions_and_sessions_and_keeps_invoices(api, make, writing):
    invoice = make.invoice()
    customer, subscription = make.customer(), make.subscription()
    make.portal_link(customer)
    for id in (customer.id, subscription.customer_id, invoice.customer_id):
        api.delete(f"customers/{id}")
    assert api.get(f"subscriptions/{subscription.id}")["status"] == "canceled"
    assert api.get(f"invoices/{invoice.id}")["status"] == "open"
    with writing() as db:
        assert db.scalar(select(PortalSession.ended_at).where(PortalSession.customer_id == customer.id)) is not None


DEAD = [
    ("POST", "customers/{}", {"name": "x"}),
    ("DELETE", "customers/{}", {}),
    ("GET", "customers/{}/tax_ids", {}),
    ("POST", "customers/{}/tax_ids", {"type": "eu_vat", "value": "DE136695976"}),
    ("POST", "customers/{}/balance_transactions", {"amount": 1, "currency": "eur"}),
    ("POST", "billing_portal/sessions", {"customer": "{}"}),
]


@pytest.mark.parametrize(("method", "path", "sent"), DEAD)
def test_nothing_more_happens_to_a_deleted_customer(api, make, method, path, sent):
    id = make.customer().id
    api.delete(f"customers/{id}")
    sent = {name: value.format(id) if name == "customer" else value for name, value in sent.items()}
    assert api.error(method, path.format(id), 404 if "{}" in path else 400, **sent)["code"] == "resource_missing"
