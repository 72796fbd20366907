"""What can't be taken in is named with its reason, and leaves nothing."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from portal.db import Database, Scope
from portal.transfer.files import read_objects
from portal.transfer.importing import Import
from portal.transfer.reports import ImportReport
from tests.clients import Api

Imported = Callable[..., ImportReport]

CUSTOMER = {"id": "cus_1", "object": "customer", "created": 1700000000, "name": "Jenny", "invoice_prefix": "JENNY"}
LINE = {"id": "il_1", "object": "line_item", "amount": 1000, "currency": "eur", "period": {"start": 1, "end": 2}}
INVOICE = {
    "id": "in_1",
    "object": "invoice",
    "created": 1700000000,
    "currency": "eur",
    "customer": "cus_1",
    "number": "JENNY-0007",
    "status": "open",
    "total": 1000,
    "lines": {"object": "list", "data": [LINE], "has_more": False},
}


def reasons(report: ImportReport) -> list[str]:
    return [str(each) for each in report.refused]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"currency": "xxx!"}, "currency is unknown: 'xxx!'"),
        ({"total": "much"}, "total is no whole number: 'much'"),
        ({"created": None}, "created is missing"),
        ({"customer": "cus_9"}, "it names 'cus_9', which is neither in the file nor among the customers"),
        ({"lines": {"data": [LINE], "has_more": True}}, "lines is cut off after 1: put the whole list in its data"),
        ({"description": "a\u0000b"}, "description: it holds control, unassigned or surrogate characters."),
        ({"auto_advance": "yes"}, "auto_advance is no boolean: 'yes'"),
        ({"lines": {"data": [{"amount": 1}]}}, "lines[0] has no id"),
    ],
)
def test_an_invoice_is_refused_with_its_reason_and_the_rest_taken_in(
    scope: Scope, imported: Imported, api: Api, change: dict[str, Any], reason: str
) -> None:
    good = INVOICE | {"id": "in_2", "number": "JENNY-0008", "lines": {"data": [LINE | {"id": "il_2"}]}}
    report = imported(scope, CUSTOMER, INVOICE | change, good)
    assert reasons(report) == [f"line 2: invoice in_1: {reason}"]
    assert [each["id"] for each in api.get("invoices")["data"]] == ["in_2"]


def test_a_number_used_twice_is_refused(scope: Scope, imported: Imported, api: Api) -> None:
    twin = INVOICE | {"id": "in_2", "lines": {"data": [LINE | {"id": "il_2"}]}}
    report = imported(scope, CUSTOMER, INVOICE, twin)
    assert reasons(report) == ["line 3: invoice in_2: another object has the same number"]
    assert api.get("invoices/in_1")["number"] == "JENNY-0007"


def test_a_line_that_another_invoice_has_goes_where_the_file_says(scope: Scope, imported: Imported, api: Api) -> None:
    # new rows are inserted, which is refused here: they are written by an upsert then
    other = INVOICE | {"id": "in_2", "number": "JENNY-0008"}
    assert reasons(imported(scope, CUSTOMER, INVOICE)) + reasons(imported(scope, other)) == []
    held = {id: [line["id"] for line in api.get(f"invoices/{id}")["lines"]["data"]] for id in ("in_1", "in_2")}
    assert held == {"in_1": [], "in_2": ["il_1"]}


def test_two_customers_with_one_prefix_of_numbers(scope: Scope, imported: Imported) -> None:
    first, second = ({**CUSTOMER, "id": id, "invoice_prefix": "JENNY"} for id in ("cus_1", "cus_2"))
    assert reasons(imported(scope, first, second)) == [
        "line 2: customer cus_2: another object has the same invoice_prefix"
    ]


def test_what_has_no_place_here_is_skipped_and_counted(scope: Scope, imported: Imported) -> None:
    report = imported(scope, {"id": "ch_1", "object": "charge"}, {"id": "ch_2", "object": "charge"})
    assert (report.skipped, report.refused) == ({"charge": 2}, [])


def test_a_line_that_is_no_json_is_refused_alone(database: Database, scope: Scope) -> None:
    file = io.BytesIO(b'{"id": "cus_1", "object": "customer", "created": 1}\n{broken\n"text"\n')
    report = Import(database, scope).run(read_objects(file))
    assert report.written == {"customer": 1}
    assert [each.place for each in report.refused] == ["line 2", "line 3"]


def test_an_array_that_breaks_off_is_told_after_what_it_held(database: Database, scope: Scope) -> None:
    file = io.BytesIO(b'[{"id": "cus_1", "object": "customer", "created": 1}, {"id": ')
    report = Import(database, scope).run(read_objects(file))
    assert (report.written, [each.place for each in report.refused]) == ({"customer": 1}, ["after object 1"])


@pytest.mark.parametrize("option", [None, orjson.OPT_INDENT_2])
def test_a_list_that_goes_on_is_told(database: Database, scope: Scope, option: int | None) -> None:
    """Also as a client prints a list object; several pages are one list, and the last one ends it."""
    page = {"object": "list", "url": "/v1/customers", "data": [CUSTOMER], "has_more": True}
    text = orjson.dumps(page, option=option) + b"\n"
    report = Import(database, scope).run(read_objects(io.BytesIO(text)))
    assert report.written == {"customer": 1}
    (refused,) = [str(each).partition(": ")[2] for each in report.refused]
    assert refused == "list /v1/customers: it says `has_more`, and its further pages are not here"
    last = orjson.dumps(
        page | {"data": [{**CUSTOMER, "id": "cus_2", "invoice_prefix": "ADA"}], "has_more": False}, option=option
    )
    for whole in (text + last, b"[" + text + b"," + last + b"]"):
        report = Import(database, scope).run(read_objects(io.BytesIO(whole)))
        assert (report.written, report.refused) == ({"customer": 2}, [])


def test_tiered_prices_are_refused(scope: Scope, imported: Imported) -> None:
    product = {"id": "prod_1", "object": "product", "created": 1, "name": "Gold"}
    price = {"id": "price_1", "object": "price", "created": 1, "product": "prod_1", "billing_scheme": "tiered"}
    assert reasons(imported(scope, product, price)) == [
        "line 2: price price_1: prices in tiers or with an amount of the customer's choice have no place here"
    ]


def test_the_next_number_follows_those_that_came_in(scope: Scope, imported: Imported, api: Api) -> None:
    imported(scope, CUSTOMER, INVOICE)
    assert api.get("customers/cus_1")["next_invoice_sequence"] == 8
