"""What programs say of automatic taxes, issuers and decimal quantities is taken where it asks for nothing more."""

from __future__ import annotations

import pytest

from tests.clients import Api
from tests.factories import Factories

NOTHING = {"automatic_tax": {"enabled": False}, "issuer": {"type": "self"}}


def test_nothing_is_asked_for(api: Api, make: Factories) -> None:
    customer, price = make.customer(), make.price()
    assert api.post("invoices", customer=customer.id, **NOTHING)["automatic_tax"]["enabled"] is False
    item = {"items": [{"price": price.id}], "collection_method": "send_invoice", "days_until_due": 7}
    assert api.post("subscriptions", customer=customer.id, **item, **NOTHING)["status"] == "active"
    preview = api.post(
        "invoices/create_preview",
        customer=customer.id,
        subscription_details={"items": [{"price": price.id}]},
        **NOTHING,
    )
    assert preview["total"] == 2000


@pytest.mark.parametrize("path", ["invoices", "subscriptions", "invoices/create_preview"])
def test_taxes_are_not_computed_here(api: Api, make: Factories, path: str) -> None:
    error = api.error("POST", path, customer=make.customer().id, automatic_tax={"enabled": True})
    assert error["param"] == "automatic_tax[enabled]"
    assert "tax_rates" in error["message"]


def test_nobody_else_issues_an_invoice(api: Api, make: Factories) -> None:
    issuer = {"type": "account", "account": "acct_1"}
    error = api.error("POST", "invoices", customer=make.customer().id, issuer=issuer)
    assert error["param"].startswith("issuer")


def test_a_whole_quantity_in_decimal_form(api: Api, make: Factories) -> None:
    sent = {"customer": make.customer().id, "currency": "eur", "unit_amount_decimal": "250"}
    item = api.post("invoiceitems", **sent, quantity_decimal="3.000")
    assert (item["quantity"], item["amount"]) == (3, 750)
    error = api.error("POST", "invoiceitems", **sent, quantity_decimal="1.5")
    assert (error["param"], error["code"]) == ("quantity_decimal", "parameter_invalid_decimal")
    draft = make.draft(None, 100)
    line = {"price_data": {"currency": "eur", "product": make.product().id, "unit_amount": 250}}
    lines = api.post(f"invoices/{draft.id}/add_lines", lines=[{**line, "quantity_decimal": "2"}])["lines"]["data"]
    assert lines[-1]["amount"] == 500


def test_a_line_brings_its_own_product(api: Api, make: Factories) -> None:
    draft = make.draft(None, 100)
    data = {"currency": "eur", "unit_amount": 250, "product_data": {"name": "Ride", "metadata": {"a": "b"}}}
    line = api.post(f"invoices/{draft.id}/add_lines", lines=[{"price_data": data}])["lines"]["data"][-1]
    product = api.get(f"products/{line['price']['product']}")
    assert (line["amount"], product["name"], product["metadata"], product["active"]) == (250, "Ride", {"a": "b"}, False)
    both = {**data, "product": product["id"]}
    error = api.error("POST", f"invoices/{draft.id}/add_lines", lines=[{"price_data": both}])
    assert error["param"] == "lines[0][price_data][product]"
