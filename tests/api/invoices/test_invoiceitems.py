"""Invoice items over the API: by amount, unit amount or price, pending or on a draft."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from portal import clock
from tests import goldens
from tests.clients import Api
from tests.conftest import NOON
from tests.contract import violations
from tests.factories import Factories


def test_an_item_waits_for_an_invoice(api: Api, customer: str, held_clock: int) -> None:
    item = api.post("invoiceitems", customer=customer, amount=1000, currency="eur", description="Setup")
    assert (item["amount"], item["quantity"], item["unit_amount"], item["invoice"]) == (1000, 1, 1000, None)
    assert item["date"] == item["period"]["start"] == item["period"]["end"] == held_clock
    invoice = api.post("invoices", customer=customer, pending_invoice_items_behavior="include")
    assert api.get(f"invoiceitems/{item['id']}")["invoice"] == invoice["id"]


def test_items_are_left_out_unless_asked_for(api: Api, customer: str) -> None:
    required = {"customer": customer, "pending_invoice_items_behavior": "include_and_require"}
    assert api.error("POST", "invoices", **required)["code"] == "invoice_no_customer_line_items"
    api.post("invoiceitems", customer=customer, amount=1000, currency="eur")
    assert api.post("invoices", customer=customer)["total"] == 0
    assert api.post("invoices", **required)["total"] == 1000


@pytest.mark.parametrize(
    ("sent", "amount", "unit", "exact"),
    [
        ({"amount": -500}, -500, -500, "-500"),
        ({"unit_amount": 250, "quantity": 3}, 750, 250, "250"),
        ({"unit_amount_decimal": "0.05", "quantity": 1000}, 50, None, "0.05"),
        ({"unit_amount_decimal": "1.50", "quantity": 3}, 5, None, "1.5"),
        ({"unit_amount": 250, "quantity": 0}, 0, 250, "250"),
    ],
)
def test_amounts(api: Api, customer: str, sent: dict[str, Any], amount: int, unit: int | None, exact: str) -> None:
    item = api.post("invoiceitems", customer=customer, currency="eur", **sent)
    assert (item["amount"], item["unit_amount"], item["unit_amount_decimal"]) == (amount, unit, exact)
    assert item["discountable"] is (amount >= 0)


def test_an_item_by_price(api: Api, customer: str, make: Factories) -> None:
    price = make.price(recurring=None, unit_amount=300)
    old = api.post("invoiceitems", customer=customer, price=price.id, quantity=2)
    new = api.post("invoiceitems", customer=customer, pricing={"price": price.id}, quantity=2)
    for item in (old, new):
        assert (item["amount"], item["currency"], item["description"]) == (600, "eur", "Gold plan")
        assert item["price"]["id"] == item["pricing"]["price_details"]["price"] == price.id


def test_an_item_by_inline_price(api: Api, customer: str, make: Factories) -> None:
    data = {"currency": "eur", "product": make.product().id, "unit_amount_decimal": "12.5"}
    item = api.post("invoiceitems", customer=customer, price_data=data, quantity=4)
    assert (item["amount"], item["description"]) == (50, "Gold plan")
    assert (item["price"]["active"], item["price"]["product"], item["price"]["type"]) == (
        False,
        data["product"],
        "one_time",
    )


@pytest.mark.parametrize(
    ("sent", "param"),
    [
        ({}, "amount"),
        ({"quantity": 2}, "amount"),
        ({"amount": 1, "unit_amount": 1}, "amount"),
        ({"amount": 10, "quantity": 2}, "amount"),
        ({"amount": "1.5"}, "amount"),
        ({"amount": 10**12}, "amount"),
        ({"unit_amount": 10, "quantity": -1}, "quantity"),
        ({"unit_amount_decimal": "1e13"}, "unit_amount_decimal"),
        ({"unit_amount": 10**11, "quantity": 1000}, "amount"),
        ({"amount": 1, "currency": "xxq"}, "currency"),
        ({"amount": 1, "period": {"start": 9, "end": 8}}, "period[end]"),
        ({"amount": 1, "discounts": []}, None),
    ],
)
def test_wrong_amounts(api: Api, customer: str, sent: dict[str, Any], param: str | None) -> None:
    if param is not None:
        assert api.error("POST", "invoiceitems", **{"customer": customer, "currency": "eur", **sent})["param"] == param
    assert api.get("invoiceitems")["data"] == []


def test_prices_that_can_not_be_billed_once(api: Api, customer: str, make: Factories) -> None:
    monthly, dollars, retired = make.price(), make.price(recurring=None, currency="usd"), make.price(recurring=None)
    api.post(f"prices/{retired.id}", active=False)
    api.post("invoiceitems", customer=customer, amount=1, currency="eur")
    assert "one_time" in api.error("POST", "invoiceitems", customer=customer, price=monthly.id)["message"]
    assert "inactive" in api.error("POST", "invoiceitems", customer=customer, price=retired.id)["message"]
    assert "currencies" in api.error("POST", "invoiceitems", customer=customer, price=dollars.id)["message"]
    assert api.error("POST", "invoiceitems", 400, customer=customer, price="price_none")["param"] == "price"


def test_the_currency_is_that_of_all_it_meets(api: Api, customer: str, make: Factories) -> None:
    assert api.error("POST", "invoiceitems", customer=customer, amount=1)["param"] == "currency"
    draft = api.post("invoices", customer=customer, currency="chf")
    assert api.post("invoiceitems", customer=customer, invoice=draft["id"], amount=1)["currency"] == "chf"
    assert api.post("invoiceitems", customer=customer, amount=1)["currency"] == "chf"
    assert api.error("POST", "invoiceitems", customer=customer, amount=1, currency="eur")["param"] == "currency"


def test_a_draft_in_another_currency_than_the_customers_stays_one(api: Api, customer: str) -> None:
    francs, euros = (api.post("invoices", customer=customer, currency=each)["id"] for each in ("chf", "eur"))
    api.post("invoiceitems", customer=customer, invoice=francs, amount=1)
    error = api.error("POST", "invoiceitems", customer=customer, invoice=euros, amount=1)
    assert "currencies" in error["message"]
    assert api.error("POST", f"invoices/{euros}/finalize")["param"] == "currency"


def test_the_first_item_says_the_currency_where_nobody_did(api: Api, customer: str) -> None:
    draft = api.post("invoices", customer=customer)
    api.post("invoiceitems", customer=customer, invoice=draft["id"], amount=1, currency="eur")
    assert (draft["currency"], api.get(f"invoices/{draft['id']}")["currency"]) == ("usd", "eur")
    chosen = api.post("customers", name="New")["id"]
    francs = api.post("invoices", customer=chosen, currency="chf")["id"]
    item = {"customer": chosen, "invoice": francs, "amount": 1, "currency": "eur"}
    assert api.error("POST", "invoiceitems", **item)["param"] == "currency"


def test_only_drafts_of_the_customer_take_items(api: Api, customer: str, make: Factories) -> None:
    strange, finalized = make.draft(), make.invoice(make.customer(email="o@example.com"))
    item = {"amount": 1, "currency": "eur"}
    assert api.error("POST", "invoiceitems", 400, customer=customer, invoice=strange.id, **item)["param"] == "invoice"
    own = {"customer": finalized.customer_id, "invoice": finalized.id}
    assert api.error("POST", "invoiceitems", **own, **item)["code"] == "invoice_not_editable"
    subscription = make.subscription()
    foreign = {"customer": customer, "subscription": subscription.id}
    assert api.error("POST", "invoiceitems", 400, **foreign, **item)["param"] == "subscription"


def test_changing_an_item_changes_its_line(api: Api, make: Factories) -> None:
    draft, rate = make.draft(None, 1000), make.tax_rate()
    [item] = api.get("invoiceitems", invoice=draft.id)["data"]
    path = f"invoiceitems/{item['id']}"
    api.post(
        path, amount=2000, description="More", tax_rates=[rate.id], metadata={"a": "1"}, period={"start": 5, "end": 9}
    )
    invoice = api.get(f"invoices/{draft.id}")
    [line] = invoice["lines"]["data"]
    assert (line["amount"], line["description"], line["metadata"]) == (2000, "More", {"a": "1"})
    assert (invoice["total"], line["period"]) == (2380, {"start": 5, "end": 9})
    assert api.post(path, tax_rates="")["tax_rates"] == []
    assert api.get(f"invoices/{draft.id}")["total"] == 2000


def test_a_quantity_alone_can_change(api: Api, customer: str, make: Factories) -> None:
    price = make.price(recurring=None, unit_amount=300)
    item = api.post("invoiceitems", customer=customer, price=price.id)
    assert api.post(f"invoiceitems/{item['id']}", quantity=5)["amount"] == 1500
    other = api.post(f"invoiceitems/{item['id']}", unit_amount=7)
    assert (other["amount"], other["price"], other["quantity"]) == (35, None, 5)


def test_an_item_keeps_its_currency(api: Api, customer: str, make: Factories) -> None:
    item = api.post("invoiceitems", customer=customer, amount=1, currency="eur")
    dollars = make.price(recurring=None, currency="usd")
    assert api.error("POST", f"invoiceitems/{item['id']}", price=dollars.id)["param"] == "price"


def test_deleting_an_item_removes_its_line(api: Api, make: Factories) -> None:
    draft = make.draft(None, 1000, 500)
    item = api.get("invoiceitems", invoice=draft.id)["data"][-1]
    assert api.delete(f"invoiceitems/{item['id']}") == {"id": item["id"], "object": "invoiceitem", "deleted": True}
    assert api.get(f"invoices/{draft.id}")["total"] == 1500 - item["amount"]
    api.error("DELETE", f"invoiceitems/{item['id']}", 404)


def test_billed_items_do_not_change(api: Api, make: Factories) -> None:
    invoice = make.invoice(None, 1000)
    [item] = api.get("invoiceitems", invoice=invoice.id)["data"]
    assert api.error("POST", f"invoiceitems/{item['id']}", amount=1)["code"] == "invoice_not_editable"
    assert api.error("DELETE", f"invoiceitems/{item['id']}")["code"] == "invoice_not_editable"
    assert api.get(f"invoices/{invoice.id}")["total"] == 1000


def test_lists_are_filtered(api: Api, make: Factories, customer: str) -> None:
    draft = make.draft(None, 1000)
    with clock.hold_at(NOON):
        waiting = api.post("invoiceitems", customer=customer, amount=1, currency="eur")["id"]
    [on_draft] = [item["id"] for item in api.get("invoiceitems", invoice=draft.id)["data"]]
    for filter, found in (
        ({"pending": True}, waiting),
        ({"pending": False}, on_draft),
        ({"customer": customer}, waiting),
        ({"created": {"gte": NOON, "lte": NOON}}, waiting),
    ):
        assert [item["id"] for item in api.get("invoiceitems", **filter)["data"]] == [found]


def test_items_of_one_subscription_only(api: Api, make: Factories) -> None:
    subscription = make.subscription()
    for extra in ({}, {"subscription": subscription.id}):
        api.post("invoiceitems", customer=subscription.customer_id, amount=100, currency="eur", **extra)
    include = {"customer": subscription.customer_id, "pending_invoice_items_behavior": "include"}
    invoice = api.post("invoices", **include, subscription=subscription.id)
    assert (invoice["total"], invoice["parent"]["subscription_details"]["subscription"]) == (100, subscription.id)
    assert api.post("invoices", **include)["total"] == 100


def test_a_list_costs_the_same_whatever_its_length(api: Api, make: Factories, count_queries: Any) -> None:
    customer, rate, costs = make.customer(), make.tax_rate(), []
    api.get("invoiceitems")
    for items in (1, 19):
        for _ in range(items):
            price = make.price(recurring=None)
            api.post("invoiceitems", customer=customer.id, price=price.id, tax_rates=[rate.id])
        with count_queries() as statements:
            api.get("invoiceitems", limit=100, expand=["data.customer", "data.price.product"])
        costs.append(len(statements))
    assert costs[0] == costs[1] <= 7


def test_golden(api: Api, make: Factories) -> None:
    with clock.hold_at(NOON):
        price, rate, draft = make.price(recurring=None), make.tax_rate(), make.draft()
        item = {"customer": draft.customer_id, "invoice": draft.id, "price": price.id, "quantity": 2}
        made = api.post("invoiceitems", **item, tax_rates=[rate.id], metadata={"seat": "12"})
    assert list(violations(made, stripe.InvoiceItem)) == []
    goldens.check("invoiceitem", made)
