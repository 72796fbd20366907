"""Objects as other installations write them, in the older and the newer generation of the wire."""

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
THEN = 1700000000

CUSTOMER = {"id": "cus_1", "object": "customer", "created": THEN, "email": "jenny@example.com", "invoice_prefix": "J4"}
PRODUCT = {"id": "prod_1", "object": "product", "created": THEN, "name": "Gold", "active": True}
PRICE = {
    "id": "price_1",
    "object": "price",
    "created": THEN,
    "active": True,
    "currency": "eur",
    "product": "prod_1",
    "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
    "unit_amount": 1900,
    "unit_amount_decimal": "1900",
}
RATE = {"id": "txr_1", "object": "tax_rate", "created": THEN, "display_name": "VAT", "percentage": 19.0}
RATE |= {"inclusive": False, "active": True}
PERIOD = {"start": THEN, "end": THEN + 2_592_000}


def invoice(line: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A paid invoice of 22.61 euros with one line."""
    shared = {"id": "il_1", "object": "line_item", "amount": 1900, "currency": "eur", "quantity": 1, "period": PERIOD}
    return {
        "id": "in_1",
        "object": "invoice",
        "created": THEN,
        "currency": "eur",
        "customer": "cus_1",
        "customer_address": {"country": "DE", "city": "Berlin"},
        "number": "J4-0003",
        "status": "paid",
        "subtotal": 1900,
        "total": 2261,
        "amount_due": 2261,
        "amount_paid": 2261,
        "amount_remaining": 0,
        "status_transitions": {"finalized_at": THEN, "paid_at": THEN + 60},
        "lines": {"object": "list", "has_more": False, "data": [shared | line]},
        **more,
    }


TAX = {"amount": 361, "taxable_amount": 1900, "taxability_reason": "standard_rated"}
OLDER = invoice(
    {
        "price": PRICE,
        "subscription": "sub_1",
        "subscription_item": "si_1",
        "tax_rates": [RATE],
        "tax_amounts": [TAX | {"inclusive": False, "tax_rate": "txr_1"}],
    },
    subscription="sub_1",
    tax=361,
    total_tax_amounts=[TAX | {"inclusive": False, "tax_rate": "txr_1"}],
)
NEW_TAX = TAX | {"tax_behavior": "exclusive", "tax_rate_details": {"tax_rate": "txr_1"}, "type": "tax_rate_details"}
PARENT = {"subscription": "sub_1", "subscription_item": "si_1", "proration": False}
NEWER = invoice(
    {
        "pricing": {"price_details": {"price": "price_1", "product": "prod_1"}, "unit_amount_decimal": "1900"},
        "parent": {"type": "subscription_item_details", "subscription_item_details": PARENT},
        "taxes": [NEW_TAX],
    },
    parent={"type": "subscription_details", "subscription_details": {"subscription": "sub_1", "metadata": {}}},
    total_taxes=[NEW_TAX],
)


def subscription(**more: Any) -> dict[str, Any]:
    item = {"id": "si_1", "object": "subscription_item", "created": THEN, "price": PRICE, "quantity": 1}
    ends = {"current_period_start": PERIOD["start"], "current_period_end": PERIOD["end"]}
    own, of_item = (ends, {}) if more.pop("older") else ({}, ends)
    shared = {"id": "sub_1", "object": "subscription", "created": THEN, "customer": "cus_1", "status": "active"}
    return {
        **shared,
        "currency": "eur",
        "collection_method": "send_invoice",
        "start_date": THEN,
        "billing_cycle_anchor": THEN,
        "items": {"object": "list", "data": [item | of_item]},
        **own,
    }


@pytest.mark.parametrize(("older", "document"), [(True, OLDER), (False, NEWER)])
def test_both_generations_read_as_the_same_invoice(
    scope: Scope, imported: Imported, api: Api, older: bool, document: dict[str, Any]
) -> None:
    report = imported(scope, CUSTOMER, PRODUCT, PRICE, RATE, subscription(older=older), document)
    assert report.refused == []
    found = api.get("invoices/in_1")
    assert (found["number"], found["tax"], found["subscription"]) == ("J4-0003", 361, "sub_1")
    [line] = found["lines"]["data"]
    assert (line["price"]["id"], line["plan"]["interval"] if older else "month") == ("price_1", "month")
    assert line["parent"]["subscription_item_details"]["subscription_item"] == "si_1"
    assert line["tax_amounts"][0]["tax_rate"] == "txr_1"
    assert api.get("subscriptions/sub_1")["items"]["data"][0]["current_period_end"] == PERIOD["end"]


def test_its_document_can_be_downloaded(scope: Scope, imported: Imported, api: Api) -> None:
    imported(scope, CUSTOMER, PRODUCT, PRICE, RATE, subscription(older=True), OLDER)
    answer = api.client.get(api.get("invoices/in_1")["invoice_pdf"])
    assert (answer.status_code, answer.data[:5]) == (200, b"%PDF-")


def test_a_plan_comes_in_as_the_price_that_it_is(scope: Scope, imported: Imported, api: Api) -> None:
    plan = {"id": "plan_1", "object": "plan", "created": THEN, "active": True, "currency": "eur", "product": "prod_1"}
    imported(scope, PRODUCT, plan | {"amount": 500, "interval": "year", "interval_count": 1})
    price = api.get("prices/plan_1")
    assert (price["unit_amount"], price["recurring"]["interval"]) == (500, "year")


def test_sublists_of_a_customer_come_along(scope: Scope, imported: Imported, api: Api) -> None:
    tax_id = {"id": "txi_1", "object": "tax_id", "created": THEN, "type": "eu_vat", "value": "DE136695976"}
    sublist = {"object": "list", "data": [tax_id | {"customer": "cus_1", "verification": {"status": "verified"}}]}
    assert imported(scope, CUSTOMER | {"tax_ids": sublist}).written == {"customer": 1, "tax_id": 1}
    assert api.get("customers/cus_1/tax_ids")["data"][0]["verification"]["status"] == "verified"


@pytest.mark.parametrize(
    "text",
    [
        orjson.dumps([CUSTOMER, PRODUCT], option=orjson.OPT_INDENT_2),
        orjson.dumps({"object": "list", "data": [CUSTOMER, PRODUCT]}),
        orjson.dumps({"object": "list", "data": [CUSTOMER, PRODUCT]}, option=orjson.OPT_INDENT_2),
        b"".join(orjson.dumps(each, option=orjson.OPT_INDENT_2) + b"\n" for each in (CUSTOMER, PRODUCT)),
        b"\xef\xbb\xbf" + orjson.dumps([CUSTOMER, PRODUCT]),
        b"\xef\xbb\xbf" + orjson.dumps(CUSTOMER) + b"\r\n" + orjson.dumps(PRODUCT),
        b"\n" + orjson.dumps(CUSTOMER) + b"\n\n" + orjson.dumps({"object": "list", "data": [PRODUCT]}),
    ],
    ids=["array", "list on a line", "list", "as a client prints them", "array with BOM", "lines with BOM", "lines"],
)
def test_each_form_of_a_file_is_read(database: Database, scope: Scope, text: bytes) -> None:
    report = Import(database, scope).run(read_objects(io.BytesIO(text)))
    assert (report.written, report.refused) == ({"customer": 1, "product": 1}, [])


def test_a_configuration_with_plans_and_reasons_of_the_merchants_own(
    imported: Imported, scope: Scope, api: Api
) -> None:
    option = {"id": "fo_1", "object": "billing.feedback_option", "description": "Moved", "status": "inactive"}
    option |= {"status_transitions": {"deactivated_at": THEN}}
    update = {"enabled": True, "products": [{"product": "prod_1", "prices": ["price_1"]}]}
    features = {"subscription_update": {**update, "default_allowed_updates": ["price", "quantity"]}}
    configuration = {"id": "bpc_1", "object": "billing_portal.configuration", "created": THEN, "features": features}
    configuration["active"] = True
    assert imported(scope, PRODUCT, PRICE, option, configuration).refused == []
    assert api.get("billing/feedback_options/fo_1")["status"] == "inactive"
    expand = ["features.subscription_update.products"]
    shown = api.get("billing_portal/configurations/bpc_1", expand=expand)["features"]["subscription_update"]
    assert shown["products"][0]["adjustable_quantity"] == {"enabled": True, "maximum": None, "minimum": 1}


@pytest.mark.parametrize("products", [["prod_1"], [None], 7])
def test_a_configuration_that_is_none_is_refused(imported: Imported, scope: Scope, products: Any) -> None:
    features = {"subscription_update": {"enabled": True, "products": products}}
    sent = {"id": "bpc_1", "object": "billing_portal.configuration", "created": THEN, "active": True}
    (refused,) = imported(scope, {**sent, "features": features}).refused
    assert "features are not as the reference describes them" in str(refused)
