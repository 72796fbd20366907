"""The ledger of a customer's balance: entries are added, and only their words change."""

import pytest
import stripe

from tests.contract import violations


@pytest.fixture
def customer(make):
    return make.customer().id


@pytest.fixture
def path(customer):
    return f"customers/{customer}/balance_transactions"


def test_an_entry_moves_the_balance(api, customer, path):
    entry = api.post(path, amount=-500, currency="eur", description="Goodwill", metadata={"a": "1"})
    assert (entry["amount"], entry["ending_balance"], entry["type"]) == (-500, -500, "adjustment")
    assert (entry["description"], entry["metadata"], entry["customer"]) == ("Goodwill", {"a": "1"}, customer)
    assert list(violations(entry, stripe.CustomerBalanceTransaction)) == []
    shown = api.get(f"customers/{customer}")
    assert (shown["balance"], shown["currency"]) == (-500, "eur")


def test_entries_add_up(api, customer, path):
    for amount in (-500, 200, 100):
        api.post(path, amount=amount, currency="eur")
    assert [entry["ending_balance"] for entry in api.get(path)["data"]] == [-200, -300, -500]
    assert api.get(f"customers/{customer}")["balance"] == -200


def test_an_entry_is_shown_and_its_words_changed(api, path):
    entry = api.post(path, amount=-500, currency="eur", description="Goodwil")
    changed = api.post(f"{path}/{entry['id']}", description="Goodwill", metadata={"a": "1"})
    assert changed == {**entry, "description": "Goodwill", "metadata": {"a": "1"}}
    assert api.post(f"{path}/{entry['id']}", description="")["description"] is None
    assert api.get(f"{path}/{entry['id']}")["amount"] == -500


def test_the_amount_of_an_entry_never_changes(api, path):
    entry = api.post(path, amount=-500, currency="eur")
    assert api.error("POST", f"{path}/{entry['id']}", amount=1)["code"] == "parameter_unknown"


def test_a_customer_has_one_currency(api, path):
    api.post(path, amount=-500, currency="eur")
    assert api.error("POST", path, amount=-500, currency="usd")["param"] == "currency"


@pytest.mark.parametrize("sent", [{"amount": 1}, {"currency": "eur"}, {"amount": "x", "currency": "eur"}])
def test_amount_and_currency_are_required(api, customer, path, sent):
    api.error("POST", path, **sent)
    assert api.get(f"customers/{customer}")["balance"] == 0


def test_a_balance_stays_within_what_clients_can_hold(api, path):
    api.post(path, amount=999_999_999_999, currency="eur")
    assert api.error("POST", path, amount=1, currency="eur")["param"] == "amount"


def test_entries_are_found_by_invoice(api, make, path, customer):
    api.post(path, amount=-100, currency="eur")
    invoice = api.post("invoices", customer=customer, currency="eur")["id"]
    api.post("invoiceitems", customer=customer, invoice=invoice, amount=300, currency="eur")
    api.post(f"invoices/{invoice}/finalize")
    (entry,) = api.get(path, invoice=invoice)["data"]
    assert (entry["type"], entry["amount"], entry["invoice"]) == ("applied_to_invoice", 100, invoice)
    other = api.post("invoices", customer=customer, currency="eur")["id"]
    assert api.get(path, invoice=other)["data"] == []
