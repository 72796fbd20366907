"""Numbers of invoices: chosen by hand, of each customer, or of the account."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients import Api
from tests.factories import Factories


def draft(api: Api, make: Factories, customer: Any = None, **sent: Any) -> Any:
    customer = customer or make.customer()
    api.post("invoiceitems", customer=customer.id, amount=2500, currency="eur")
    return api.post("invoices", customer=customer.id, pending_invoice_items_behavior="include", **sent)


def final(api: Api, make: Factories, customer: Any = None, **sent: Any) -> Any:
    return api.post(f"invoices/{draft(api, make, customer, **sent)['id']}/finalize")


def numbering(api: Api, **setting: Any) -> Any:
    account = api.post("account", settings={"invoices": {"numbering": setting}})
    return account["settings"]["invoices"]["numbering"]


def test_a_number_of_ones_own_is_kept(api: Api, make: Factories) -> None:
    customer = make.customer(invoice_prefix="RIDES1")
    invoice = draft(api, make, customer, number="2026/17")
    assert invoice["number"] == "2026/17"
    assert api.post(f"invoices/{invoice['id']}/finalize")["number"] == "2026/17"
    assert final(api, make, customer)["number"] == "RIDES1-0001"


def test_a_number_is_taken_back(api: Api, make: Factories) -> None:
    customer = make.customer(invoice_prefix="RIDES2")
    invoice = draft(api, make, customer, number="2026/18")
    assert api.post(f"invoices/{invoice['id']}", number="")["number"] is None
    assert api.post(f"invoices/{invoice['id']}/finalize")["number"] == "RIDES2-0001"


def test_no_number_comes_twice(api: Api, make: Factories) -> None:
    taken = final(api, make, number="2026/19")
    other = draft(api, make)
    error = api.error("POST", f"invoices/{other['id']}", number="2026/19")
    assert (error["param"], error["code"]) == ("number", "resource_already_exists")
    assert api.post(f"invoices/{taken['id']}", metadata={"a": "b"})["number"] == "2026/19"
    assert api.error("POST", f"invoices/{taken['id']}", number="2026/20")["code"] == "invoice_not_editable"


def test_a_number_taken_by_hand_is_left_out(api: Api, make: Factories) -> None:
    customer = make.customer(invoice_prefix="RIDES3")
    final(api, make, customer, number="RIDES3-0001")
    final(api, make, customer, number="RIDES3-0002")
    assert final(api, make, customer)["number"] == "RIDES3-0003"
    assert api.get(f"customers/{customer.id}")["next_invoice_sequence"] == 4


def test_one_sequence_for_all_customers(api: Api, make: Factories) -> None:
    assert numbering(api, scheme="account", prefix="RE2026") == {"scheme": "account", "prefix": "RE2026"}
    numbers = [final(api, make)["number"] for _ in range(3)]
    assert numbers == ["RE2026-0001", "RE2026-0002", "RE2026-0003"]


def test_a_sequence_goes_on_from_another_system(api: Api, make: Factories) -> None:
    numbering(api, scheme="account", prefix="RE2026", next_sequence=4711)
    assert final(api, make)["number"] == "RE2026-4711"
    assert numbering(api, scheme="customer")["scheme"] == "customer"
    assert final(api, make, make.customer(invoice_prefix="RIDES4"))["number"] == "RIDES4-0001"


@pytest.mark.parametrize("setting", [{"scheme": "random"}, {"prefix": "re"}, {"next_sequence": 0}])
def test_a_numbering_that_is_none(api: Api, setting: Any) -> None:
    (name,) = setting
    error = api.error("POST", "account", settings={"invoices": {"numbering": setting}})
    assert error["param"] == f"settings[invoices][numbering][{name}]"
