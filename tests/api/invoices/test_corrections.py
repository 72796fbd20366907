"""Corrections: another name, address, tax ID or order number on an invoice, by what the law asks for."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from portal.models import Customer, Invoice
from tests import debits
from tests.clients import Api
from tests.factories import Factories

NAME = {"name": "Rosen & Töchter GmbH"}
SAME = ("subtotal", "tax", "total", "total_taxes", "currency", "period_start", "period_end", "description")


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer(tax_id_data=[{"type": "eu_vat", "value": "DE123456788"}])


def taxed(make: Factories, customer: Customer, **sent: Any) -> Invoice:
    rates = [make.tax_rate().id]
    return make.invoice(customer, 1000, 2500, default_tax_rates=rates, collection_method="send_invoice", **sent)


def paid(api: Api, make: Factories, customer: Customer, **sent: Any) -> Any:
    invoice = taxed(make, customer, days_until_due=14, **sent)
    return api.post(f"invoices/{invoice.id}/pay", paid_out_of_band=True)


def correct(api: Api, invoice: Any, **sent: Any) -> Any:
    id = invoice.id if isinstance(invoice, Invoice) else invoice["id"]
    return api.post(f"invoices/{id}/correct", **sent)


def notes_of(api: Api, invoice: Any) -> Any:
    return api.get("credit_notes", invoice=invoice["id"])["data"]


def test_an_open_invoice_is_replaced_by_a_revision(api: Api, make: Factories, customer: Customer) -> None:
    original = api.get(f"invoices/{taxed(make, customer, days_until_due=14).id}")
    new = correct(api, original, **NAME)
    assert (new["status"], new["customer_name"]) == ("open", NAME["name"])
    assert {key: new[key] for key in SAME} == {key: original[key] for key in SAME}
    assert new["amount_due"] == original["amount_due"]
    assert new["due_date"] == original["due_date"]
    assert new["number"] != original["number"]
    before = api.get(f"invoices/{original['id']}")
    assert (before["status"], before["latest_revision"], before["customer_name"]) == ("void", new["id"], "Jenny Rosen")
    assert notes_of(api, original) == []


@pytest.mark.parametrize("balance", [0, -700, 300])
def test_a_paid_invoice_is_credited_and_billed_anew(
    api: Api, make: Factories, customer: Customer, balance: int
) -> None:
    original = paid(api, make, customer)
    if balance:
        api.post(f"customers/{customer.id}/balance_transactions", amount=balance, currency="eur")
    new = correct(api, original, **NAME)
    assert (new["status"], new["amount_due"], new["amount_paid"], new["amount_remaining"]) == ("paid", 0, 0, 0)
    assert new["ending_balance"] - new["starting_balance"] == original["total"] == 4165
    assert {key: new[key] for key in SAME} == {key: original[key] for key in SAME}
    assert new["from_invoice"] == {"action": "revision", "invoice": original["id"]}
    (note,) = notes_of(api, original)
    assert (note["total"], note["type"], note["refunds"]) == (original["total"], "post_payment", [])
    assert note["total_taxes"][0]["amount"] == original["total_taxes"][0]["amount"]
    assert [line["quantity"] for line in note["lines"]["data"]] == [1, 1]
    assert api.get(f"customers/{customer.id}")["balance"] == balance
    before = api.get(f"invoices/{original['id']}")
    assert (before["status"], before["latest_revision"]) == ("paid", new["id"])
    assert before["post_payment_credit_notes_amount"] == original["total"]


def test_all_fields_are_printed_and_the_customer_stays(api: Api, make: Factories, customer: Customer) -> None:
    original = paid(api, make, customer)
    address = {"line1": "Torstraße 1", "postal_code": "10119", "city": "Berlin"}
    vat = {"type": "eu_vat", "value": "de 136 695 976"}
    new = correct(api, original, **NAME, address=address, tax_id=vat, purchase_order="PO-7")
    assert new["customer_address"] == {**dict.fromkeys(("line2", "state")), **address, "country": "DE"}
    assert new["customer_tax_ids"] == [{"type": "eu_vat", "value": "DE136695976"}]
    after = api.get(f"customers/{customer.id}", expand=["tax_ids"])
    assert (after["name"], after["address"]["line1"]) == ("Jenny Rosen", "Lindenstraße 3")
    assert [each["value"] for each in after["tax_ids"]["data"]] == ["DE123456788"]


def test_an_order_number_stays_where_it_is_printed(api: Api, make: Factories, customer: Customer) -> None:
    fields = [{"name": "PO number", "value": "1"}, {"name": "Cost centre", "value": "7"}]
    new = correct(api, paid(api, make, customer, custom_fields=fields), purchase_order="2")
    assert new["custom_fields"] == [{"name": "PO number", "value": "2"}, fields[1]]
    newer = correct(api, new, purchase_order="")
    assert newer["custom_fields"] == [fields[1]]


def test_a_corrected_invoice_can_be_corrected_again(api: Api, make: Factories, customer: Customer) -> None:
    first = paid(api, make, customer)
    second = correct(api, first, **NAME)
    third = correct(api, second, name="Rosen AG")
    latest = [api.get(f"invoices/{each['id']}")["latest_revision"] for each in (first, second, third)]
    assert latest == [third["id"], third["id"], None]
    assert api.get(f"customers/{customer.id}")["balance"] == 0
    assert "corrected already" in refusal(api, first)


def refusal(api: Api, invoice: Any, **sent: Any) -> str:
    id = invoice.id if isinstance(invoice, Invoice) else invoice["id"]
    answer = api.request("POST", f"invoices/{id}/correct", **(sent or NAME))
    assert answer.status_code == 400, answer.get_json()
    message: str = answer.get_json()["error"]["message"]
    return message


def test_what_can_not_be_corrected_says_why_and_stays(api: Api, make: Factories, customer: Customer) -> None:
    invoice = paid(api, make, customer)
    assert "another tax" in refusal(api, invoice, address={"line1": "Rue 1", "country": "FR"})
    assert "says the same" in refusal(api, invoice, name="Jenny Rosen")
    assert "says the same" in refusal(api, invoice, purchase_order="")
    assert "written like" in refusal(api, invoice, tax_id={"type": "eu_vat", "value": "DE1"})
    assert "written like" in refusal(api, invoice, tax_id={"type": "moon_vat", "value": "1"})
    assert api.get(f"invoices/{invoice['id']}") == invoice
    assert "A draft is changed" in refusal(api, make.draft(customer))
    credited = make.paid_invoice(customer, 1000)
    make.credit_note(credited, 100, credit_amount=100)
    assert "credited" in refusal(api, credited)
    assert "bills nothing" in refusal(api, make.invoice(customer, -100))
    void = make.invoice(customer, 1000)
    api.post(f"invoices/{void.id}/void")
    assert "void" in refusal(api, void)


def test_a_reverse_charge_keeps_its_tax_id(api: Api, make: Factories) -> None:
    buyer = make.customer(tax_exempt="reverse", tax_id_data=[{"type": "eu_vat", "value": "DE123456788"}])
    assert "needs a tax ID" in refusal(api, make.paid_invoice(buyer, 1000), tax_id="")


def test_a_tax_that_would_be_another_now_is_refused(api: Api, make: Factories, customer: Customer) -> None:
    invoice = paid(api, make, customer)
    api.post(f"customers/{customer.id}", tax_exempt="exempt")
    assert "another amount" in refusal(api, invoice)
    assert notes_of(api, invoice) == []
    assert api.get(f"invoices/{invoice['id']}")["latest_revision"] is None


def test_a_discount_that_counts_once_counts_for_the_new_one(api: Api, make: Factories, customer: Customer) -> None:
    coupon = make.coupon(percent_off=10, duration="once")
    original = paid(api, make, customer, discounts=[{"coupon": coupon.id}])
    new = correct(api, original, **NAME)
    assert new["total"] == original["total"] < 4165
    assert new["total_discount_amounts"] == original["total_discount_amounts"]


def test_shipping_is_credited_and_billed_anew(api: Api, make: Factories, customer: Customer) -> None:
    rate = make.shipping_rate()
    original = paid(api, make, customer, shipping_cost={"shipping_rate": rate.id})
    new = correct(api, original, **NAME)
    assert (new["total"], new["shipping_cost"]) == (original["total"], original["shipping_cost"])
    assert notes_of(api, original)[0]["total"] == original["total"]


def test_a_subscription_goes_on_and_gives_back_what_was_billed_once(api: Api, make: Factories) -> None:
    subscription = make.subscription()
    first = api.get(f"subscriptions/{subscription.id}", expand=["latest_invoice"])["latest_invoice"]
    api.post(f"invoices/{first['id']}/finalize")
    first = api.post(f"invoices/{first['id']}/pay", paid_out_of_band=True)
    new = correct(api, first, **NAME)
    after = api.get(f"subscriptions/{subscription.id}")
    assert (after["status"], after["latest_invoice"]) == ("active", new["id"])
    api.delete(f"subscriptions/{subscription.id}", prorate=True, invoice_now=True)
    final = api.get(f"subscriptions/{subscription.id}", expand=["latest_invoice"])["latest_invoice"]
    assert final["total"] == -2000


def test_a_payment_under_way_comes_first(api: Api, make: Factories, app: Flask) -> None:
    debits.begin_collecting(make)
    buyer = make.customer()
    debits.sign(make, app.extensions["portal"].seal, buyer)
    invoice = make.draft(buyer, 1000, collection_method="charge_automatically", auto_advance=True)
    api.post(f"invoices/{invoice.id}/finalize")
    assert "under way" in refusal(api, invoice)


def test_both_documents_are_mailed(api: Api, make: Factories, customer: Customer) -> None:
    new = correct(api, paid(api, make, customer), **NAME)
    types = [each["type"] for each in api.get("events", limit=20)["data"]]
    assert {"credit_note.created", "invoice.finalized", "invoice.paid", "invoice.sent"} <= set(types)
    assert new["status_transitions"]["paid_at"]
