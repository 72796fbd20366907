"""Lines of invoices over the API: taxes and totals to the unit, their order, pages, and what is frozen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import stripe

from portal import clock
from portal.billing.invoices import invoiceitems
from portal.billing.invoices.item_params import CreateInvoiceItem
from tests import goldens
from tests.clients import Api
from tests.conftest import NOON
from tests.contract import violations
from tests.factories import Factories


@pytest.fixture
def rates(make: Factories) -> Callable[..., list[str]]:
    """`rates("19", "5i")` are ids of tax rates; the second one is within the price."""

    def made(*percentages: str) -> list[str]:
        return [make.tax_rate(percentage=each.rstrip("i"), inclusive=each.endswith("i")).id for each in percentages]

    return made


@pytest.fixture
def billed(api: Api, customer: str) -> Callable[..., Any]:
    """`billed({"amount": 1000}, …)` is a finalized invoice with these items."""

    def bill(*items: dict[str, Any], currency: str = "eur", **sent: Any) -> Any:
        invoice = api.post("invoices", customer=customer, currency=currency, **sent)
        for item in items:
            api.post("invoiceitems", customer=customer, invoice=invoice["id"], **{"currency": currency, **item})
        return api.post(f"invoices/{invoice['id']}/finalize")

    return bill


def test_several_rates_on_top_and_within(api: Api, billed: Any, rates: Any) -> None:
    """8.05 with 7.7 % and 2 % within; on what remains 5 % and 9.975 % on top."""
    chosen = rates("7.7i", "2i", "5", "9.975")
    invoice = billed({"amount": 805, "tax_rates": chosen})
    [line] = invoice["lines"]["data"]
    assert [(tax["tax_rate"], tax["amount"]) for tax in line["tax_amounts"]] == list(
        zip(chosen, [56, 15, 37, 73], strict=True)
    )
    assert (line["amount"], line["amount_excluding_tax"]) == (805, 734)
    assert (invoice["subtotal"], invoice["subtotal_excluding_tax"], invoice["tax"]) == (805, 734, 181)
    assert (invoice["total"], invoice["total_excluding_tax"]) == (915, 734)


def test_each_line_is_rounded_by_itself(billed: Any, rates: Any) -> None:
    chosen = rates("19")
    invoice = billed(*({"amount": 50, "tax_rates": chosen} for _ in range(3)))
    assert [line["tax_amounts"][0]["amount"] for line in invoice["lines"]["data"]] == [10, 10, 10]
    assert (invoice["tax"], invoice["total"]) == (30, 180)


def test_both_generations_say_the_same(billed: Any, rates: Any) -> None:
    [id] = rates("19")
    invoice = billed({"amount": 1000, "tax_rates": [id]})
    [old], [new] = invoice["total_tax_amounts"], invoice["total_taxes"]
    assert (old["amount"], old["inclusive"], old["tax_rate"]) == (190, False, id)
    assert (new["amount"], new["tax_behavior"], new["tax_rate_details"]) == (190, "exclusive", {"tax_rate": id})
    assert new["taxable_amount"] == old["taxable_amount"] == 1000


def test_without_rates_there_is_no_tax_at_all(billed: Any) -> None:
    invoice = billed({"amount": 1000})
    assert invoice["tax"] is None
    assert invoice["total_taxes"] == []


@pytest.mark.parametrize(("exempt", "reason"), [("exempt", "customer_exempt"), ("reverse", "reverse_charge")])
def test_exempt_customers_pay_no_tax(
    api: Api, customer: str, billed: Any, rates: Any, exempt: str, reason: str
) -> None:
    api.post(f"customers/{customer}", tax_exempt=exempt)
    invoice = billed({"amount": 1000, "tax_rates": rates("19")})
    assert (invoice["total"], invoice["tax"], invoice["customer_tax_exempt"]) == (1000, 0, exempt)
    assert invoice["total_taxes"][0]["taxability_reason"] == reason


def test_an_exemption_granted_to_a_draft_counts(api: Api, make: Factories, rates: Any) -> None:
    customer = make.customer()
    draft = make.draft(customer, 1000, default_tax_rates=rates("19"))
    api.post(f"customers/{customer.id}", tax_exempt="reverse")
    assert api.post(f"invoices/{draft.id}/finalize")["total"] == 1000


@pytest.mark.parametrize(("currency", "amount", "tax", "total"), [("jpy", 105, 11, 116), ("kwd", 12345, 1235, 13580)])
def test_currencies_without_and_with_three_decimals(
    billed: Any, rates: Any, currency: str, amount: int, tax: int, total: int
) -> None:
    invoice = billed({"amount": amount, "tax_rates": rates("10")}, currency=currency)
    assert (invoice["tax"], invoice["total"], invoice["currency"]) == (tax, total, currency)


def test_fractions_of_a_cent_are_summed_before_they_are_rounded(billed: Any) -> None:
    invoice = billed({"unit_amount_decimal": "0.05", "quantity": 1000})
    [line] = invoice["lines"]["data"]
    assert (line["amount"], line["quantity"], line["pricing"]["unit_amount_decimal"]) == (50, 1000, "0.05")
    assert invoice["total"] == 50


def test_a_quantity_of_nothing_costs_nothing(billed: Any, rates: Any) -> None:
    invoice = billed({"unit_amount": 700, "quantity": 0, "tax_rates": rates("19")}, {"amount": 100})
    assert [line["amount"] for line in invoice["lines"]["data"]] == [0, 100]
    assert invoice["total"] == 100


def test_default_rates_apply_where_a_line_has_none(api: Api, billed: Any, rates: Any) -> None:
    default, own = rates("19"), rates("7")
    invoice = billed({"amount": 1000}, {"amount": 1000, "tax_rates": own}, default_tax_rates=default)
    assert [[rate["id"] for rate in line["tax_rates"]] for line in invoice["lines"]["data"]] == [default, own]
    assert invoice["total"] == 2260
    assert [rate["id"] for rate in invoice["default_tax_rates"]] == default


def test_other_default_rates_leave_own_ones_alone(api: Api, make: Factories, rates: Any) -> None:
    first, second = rates("19"), rates("7")
    draft = make.draft(None, 1000, default_tax_rates=first)
    own = {"customer": draft.customer_id, "invoice": draft.id, "amount": 1000, "tax_rates": first}
    api.post("invoiceitems", **own)
    changed = api.post(f"invoices/{draft.id}", default_tax_rates=second)
    assert [line["tax_rates"][0]["percentage"] for line in changed["lines"]["data"]] == [7, 19]
    assert api.post(f"invoices/{draft.id}", default_tax_rates="")["total"] == 2190


def test_rates_must_exist_be_active_and_be_five_at_most(api: Api, make: Factories, rates: Any) -> None:
    path = f"invoices/{make.draft().id}"
    assert api.error("POST", path, 400, default_tax_rates=["txr_none"])["param"] == "default_tax_rates[0]"
    assert api.error("POST", path, default_tax_rates=rates(*"123456"))["param"] == "default_tax_rates"
    [retired] = rates("19")
    api.post(f"tax_rates/{retired}", active=False)
    assert api.error("POST", path, default_tax_rates=[retired])["param"] == "default_tax_rates[0]"


def test_prices_products_and_rates_are_frozen(api: Api, billed: Any, make: Factories, rates: Any) -> None:
    price, [rate] = make.price(recurring=None, unit_amount=300), rates("19")
    invoice = billed({"price": price.id, "tax_rates": [rate]})
    api.post(f"prices/{price.id}", nickname="New", active=False)
    api.post(f"products/{price.product_id}", name="Renamed")
    api.post(f"tax_rates/{rate}", display_name="MwSt", active=False)
    after = api.get(f"invoices/{invoice['id']}")
    assert after == invoice
    assert after["lines"]["data"][0]["description"] == "Gold plan"


def test_a_drafts_words_are_those_of_its_finalization(api: Api, make: Factories, rates: Any) -> None:
    [rate] = rates("19")
    draft = make.draft(None, 1000, default_tax_rates=[rate])
    api.post(f"tax_rates/{rate}", display_name="MwSt")
    invoice = api.post(f"invoices/{draft.id}/finalize")
    shown = [invoice["default_tax_rates"][0], invoice["lines"]["data"][0]["tax_rates"][0]]
    assert [each["display_name"] for each in shown] == ["MwSt", "MwSt"]


def test_a_total_too_large_to_hold_is_refused(api: Api, make: Factories) -> None:
    draft = make.draft(None, 999_999_999_999)
    item = {"customer": draft.customer_id, "invoice": draft.id}
    assert api.error("POST", "invoiceitems", **item, amount=1)["code"] == "amount_too_large"
    assert api.error("POST", "invoiceitems", **item, unit_amount=999_999_999_999, quantity=2)["param"] == "amount"
    assert api.get(f"invoices/{draft.id}")["total"] == 999_999_999_999


def descriptions(page: Any) -> list[str]:
    return [line["description"].removeprefix("Consulting ") for line in page["data"]]


def test_lines_are_paged_in_their_order(api: Api, make: Factories) -> None:
    invoice = make.invoice(None, *range(100, 112))
    shown = api.get(f"invoices/{invoice.id}")["lines"]
    assert (len(shown["data"]), shown["has_more"], shown["url"]) == (10, True, f"/v1/invoices/{invoice.id}/lines")
    path = f"invoices/{invoice.id}/lines"
    first = api.get(path, limit=5)
    second = api.get(path, limit=5, starting_after=first["data"][-1]["id"])
    assert (descriptions(first), descriptions(second)) == (list("12345"), ["6", "7", "8", "9", "10"])
    back = api.get(path, limit=2, ending_before=second["data"][0]["id"])
    assert (descriptions(back), back["has_more"]) == (["4", "5"], True)
    assert api.error("GET", path, 400, starting_after="il_none")["param"] == "starting_after"


def test_removed_lines_leave_no_gap_in_the_first_page(api: Api, make: Factories) -> None:
    draft = make.draft(None, *range(100, 113))
    for item in api.get("invoiceitems", invoice=draft.id, limit=100)["data"]:
        if item["description"] in {"Consulting 1", "Consulting 3", "Consulting 11"}:
            api.delete(f"invoiceitems/{item['id']}")
    lines = api.get(f"invoices/{draft.id}")["lines"]
    assert descriptions(lines) == ["2", "4", "5", "6", "7", "8", "9", "10", "12", "13"]
    assert lines["has_more"] is False
    api.post("invoiceitems", customer=draft.customer_id, invoice=draft.id, amount=1, description="Last")
    assert api.get(f"invoices/{draft.id}")["lines"]["has_more"] is True


def test_pending_items_come_newest_first_when_they_are_included(api: Api, customer: str) -> None:
    for moment, words in ((NOON, "old"), (NOON + 9, "new"), (NOON + 9, "newer")):
        with clock.hold_at(moment):
            api.post("invoiceitems", customer=customer, amount=100, currency="eur", description=words)
    invoice = api.post("invoices", customer=customer, pending_invoice_items_behavior="include")
    assert sorted(descriptions(invoice["lines"])[:2]) == ["new", "newer"]
    assert descriptions(invoice["lines"])[2] == "old"
    assert invoice["total"] == 300


def test_two_hundred_and_fifty_items_fit_and_the_others_wait(api: Api, make: Factories) -> None:
    customer = make.customer()
    with make.database.writing(make.scope) as db:
        for _ in range(255):
            command = CreateInvoiceItem(customer=customer.id, amount=1, currency="eur")
            invoiceitems.create(db, command, now=NOON)
    invoice = api.post("invoices", customer=customer.id, pending_invoice_items_behavior="include")
    assert invoice["total"] == 250
    assert len(api.get("invoiceitems", customer=customer.id, pending=True, limit=100)["data"]) == 5


def test_lines_of_unknown_invoices(api: Api) -> None:
    assert api.error("GET", "invoices/in_none/lines", 404)["code"] == "resource_missing"


def test_a_page_of_lines_costs_the_same_whatever_its_length(api: Api, make: Factories, count_queries: Any) -> None:
    short, long, costs = make.invoice(None, 100), make.invoice(None, *range(100, 120)), []
    api.get("invoices", limit=1)
    for invoice in (short, long):
        with count_queries() as statements:
            api.get(f"invoices/{invoice.id}/lines", limit=100)
        costs.append(len(statements))
    assert costs[0] == costs[1] <= 4


def test_golden(api: Api, make: Factories, rates: Any) -> None:
    with clock.hold_at(NOON):
        price, chosen = make.price(recurring=None, unit_amount=1190), rates("19i", "5")
        draft = api.post("invoices", customer=make.customer().id)
        item = {"customer": draft["customer"], "invoice": draft["id"], "price": price.id, "quantity": 2}
        api.post("invoiceitems", **item, tax_rates=chosen, metadata={"seat": "12"})
        [line] = api.post(f"invoices/{draft['id']}/finalize")["lines"]["data"]
    assert list(violations(line, stripe.InvoiceLineItem)) == []
    goldens.check("line_item", line)
