"""Taxes that the merchant has computed elsewhere stand on a line as they were given."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients import Api
from tests.factories import Factories

RATE = {"display_name": "Sales tax", "percentage": "8.875", "inclusive": False, "country": "US", "state": "NY"}
GIVEN = {"amount": 90, "taxable_amount": 1000, "tax_rate_data": RATE, "taxability_reason": "standard_rated"}


@pytest.fixture
def draft(api: Api, make: Factories) -> Any:
    return api.get(f"invoices/{make.draft(None, 1000).id}")


def with_line(api: Api, draft: Any, **sent: Any) -> Any:
    return api.post(f"invoices/{draft['id']}/add_lines", lines=[{"amount": 1000, **sent}])


def test_what_was_given_is_what_is_billed(api: Api, draft: Any) -> None:
    invoice = with_line(api, draft, tax_amounts=[GIVEN])
    line = invoice["lines"]["data"][-1]
    assert [(tax["amount"], tax["taxable_amount"], tax["taxability_reason"]) for tax in line["taxes"]] == [
        (90, 1000, "standard_rated")
    ]
    assert line["tax_amounts"][0]["amount"] == 90
    assert line["tax_rates"] == []
    assert (invoice["subtotal"], invoice["tax"], invoice["total"]) == (2000, 90, 2090)
    final = api.post(f"invoices/{draft['id']}/finalize")
    assert (final["total"], final["total_taxes"][0]["amount"]) == (2090, 90)


def test_the_rate_behind_it_is_archived_and_used_again(api: Api, draft: Any) -> None:
    first = with_line(api, draft, tax_amounts=[GIVEN])["lines"]["data"][-1]
    second = with_line(api, draft, tax_amounts=[GIVEN])["lines"]["data"][-1]
    ids = {line["tax_amounts"][0]["tax_rate"] for line in (first, second)}
    assert len(ids) == 1
    rate = api.get(f"tax_rates/{ids.pop()}")
    assert (rate["active"], rate["percentage"], rate["state"]) == (False, 8.875, "NY")
    refused = api.error("POST", f"invoices/{draft['id']}", default_tax_rates=[rate["id"]])
    assert "not active" in refused["message"]


def test_a_line_is_changed_to_given_taxes_and_back(api: Api, make: Factories, draft: Any) -> None:
    api.post(f"invoices/{draft['id']}", default_tax_rates=[make.tax_rate().id])
    path = f"invoices/{draft['id']}/lines/{draft['lines']['data'][0]['id']}"
    assert api.post(path, tax_amounts=[GIVEN])["taxes"][0]["amount"] == 90
    assert api.post(path, description="Still so")["taxes"][0]["amount"] == 90
    assert api.post(path, tax_amounts="")["taxes"][0]["amount"] == 190
    api.post(path, tax_amounts=[GIVEN])
    assert api.post(path, amount=2000)["taxes"] != []
    assert api.get(f"invoices/{draft['id']}")["tax"] == 178


@pytest.mark.parametrize(
    ("sent", "param"),
    [
        ({"tax_amounts": [GIVEN], "tax_rates": ["txr_1"]}, "lines[0][tax_amounts]"),
        ({"tax_amounts": [GIVEN, GIVEN]}, "lines[0][tax_amounts]"),
        ({"tax_amounts": [{**GIVEN, "amount": "x"}]}, "lines[0][tax_amounts][0][amount]"),
        ({"tax_amounts": [{**GIVEN, "tax_rate_data": {**RATE, "percentage": "101"}}]}, "lines[0][percentage]"),
    ],
)
def test_taxes_that_are_none(api: Api, draft: Any, sent: Any, param: str) -> None:
    before = api.get(f"invoices/{draft['id']}")
    before = api.get(f"invoices/{draft['id']}")
    assert api.error("POST", f"invoices/{draft['id']}/add_lines", lines=[{"amount": 1000, **sent}])["param"] == param
    assert api.get(f"invoices/{draft['id']}") == before


def test_no_part_has_the_wrong_sign(api: Api, draft: Any) -> None:
    line = with_line(api, draft, tax_amounts=[GIVEN])["lines"]["data"][-1]
    api.post(f"invoices/{draft['id']}/finalize")

    def credit(amount: int) -> Any:
        part = {"type": "invoice_line_item", "invoice_line_item": line["id"], "amount": amount}
        return api.post("credit_notes", invoice=draft["id"], lines=[part])

    first = credit(5)
    assert credit(1)["total"] == 2
    api.post(f"credit_notes/{first['id']}/void")
    assert credit(4)["total"] == 4


def test_parts_of_a_line_are_credited_in_proportion(api: Api, draft: Any) -> None:
    line = with_line(api, draft, tax_amounts=[GIVEN])["lines"]["data"][-1]
    api.post(f"invoices/{draft['id']}/finalize")
    taxes = []
    for amount in (1, 332, 333, 334):
        part = {"type": "invoice_line_item", "invoice_line_item": line["id"], "amount": amount}
        note = api.post("credit_notes", invoice=draft["id"], lines=[part])
        taxes.append(note["lines"]["data"][0]["taxes"][0])
    assert [tax["amount"] for tax in taxes] == [0, 30, 30, 30]
    assert [tax["taxable_amount"] for tax in taxes] == [1, 332, 333, 334]
