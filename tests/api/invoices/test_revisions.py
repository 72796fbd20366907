"""Revisions: an open invoice is repeated, changed, and replaced by its repetition."""

from __future__ import annotations

from typing import Any

import pytest

from portal.models import Customer
from tests.clients import Api
from tests.factories import Factories


@pytest.fixture
def original(api: Api, make: Factories) -> Any:
    """An open invoice of 25.00 with 7 % tax, a memo and a discount that counts once."""
    customer = make.customer()
    rate = api.post("tax_rates", display_name="VAT", percentage=7, inclusive=False)
    api.post("invoiceitems", customer=customer.id, amount=2500, currency="eur", description="Ride")
    invoice = api.post(
        "invoices",
        customer=customer.id,
        pending_invoice_items_behavior="include",
        collection_method="send_invoice",
        days_until_due=14,
        description="July",
        default_tax_rates=[rate["id"]],
        discounts=[{"coupon": make.coupon(percent_off=10, duration="once").id}],
    )
    return api.post(f"invoices/{invoice['id']}/finalize")


def revise(api: Api, invoice: Any, **sent: Any) -> Any:
    return api.post("invoices", from_invoice={"action": "revision", "invoice": invoice["id"]}, **sent)


SAME = ("subtotal", "total", "tax", "customer", "collection_method", "description", "total_discount_amounts")


def test_a_revision_is_a_draft_that_says_the_same(api: Api, original: Any) -> None:
    draft = revise(api, original)
    assert draft["status"] == "draft"
    assert draft["from_invoice"] == {"action": "revision", "invoice": original["id"]}
    assert {key: draft[key] for key in SAME} == {key: original[key] for key in SAME}
    (line,) = draft["lines"]["data"]
    assert (line["description"], line["amount"]) == ("Ride", 2500)
    assert line["id"] != original["lines"]["data"][0]["id"]
    assert api.get(f"invoices/{original['id']}")["status"] == "open"


def test_finalizing_it_voids_the_original(api: Api, original: Any) -> None:
    draft = revise(api, original, description="July, corrected")
    item = draft["lines"]["data"][0]["invoice_item"]
    api.post(f"invoiceitems/{item}", amount=2000)
    final = api.post(f"invoices/{draft['id']}/finalize")
    assert (final["status"], final["subtotal"], final["total"]) == ("open", 2000, 1926)
    before = api.get(f"invoices/{original['id']}", expand=["latest_revision"])
    assert (before["status"], before["latest_revision"]["id"]) == ("void", final["id"])
    assert before["subtotal"] == 2500


def test_the_first_original_knows_the_latest_revision(api: Api, original: Any) -> None:
    first = api.post(f"invoices/{revise(api, original)['id']}/finalize")
    second = api.post(f"invoices/{revise(api, first)['id']}/finalize")
    latest = {api.get(f"invoices/{each['id']}")["latest_revision"] for each in (original, first)}
    assert latest == {second["id"]}
    assert second["latest_revision"] is None


def test_a_credit_that_the_original_used_is_used_by_its_revision(api: Api, make: Factories) -> None:
    customer = make.customer()
    api.post(f"customers/{customer.id}/balance_transactions", amount=-700, currency="eur")
    invoice = make.invoice(customer, 2500)
    final = api.post(f"invoices/{revise(api, {'id': invoice.id})['id']}/finalize")
    assert (final["starting_balance"], final["ending_balance"], final["amount_due"]) == (-700, 0, 1800)
    types = [each["type"] for each in api.get(f"customers/{customer.id}/balance_transactions")["data"]]
    assert types == ["applied_to_invoice", "unapplied_from_invoice", "applied_to_invoice", "adjustment"]


def test_a_subscription_goes_on_with_the_revision_of_its_bill(api: Api, make: Factories) -> None:
    subscription = make.subscription()
    latest = api.get(f"subscriptions/{subscription.id}")["latest_invoice"]
    original = api.post(f"invoices/{latest}/finalize")
    final = api.post(f"invoices/{revise(api, original)['id']}/finalize")
    now = api.get(f"subscriptions/{subscription.id}")
    assert (now["status"], now["latest_invoice"]) == ("active", final["id"])
    assert final["parent"]["subscription_details"]["subscription"] == subscription.id
    assert final["lines"]["data"][0]["subscription_item"] == original["lines"]["data"][0]["subscription_item"]


def test_what_is_settled_is_not_revised(api: Api, make: Factories, original: Any) -> None:
    draft = revise(api, original)
    api.post(f"invoices/{original['id']}/pay", paid_out_of_band=True)
    error = api.error("POST", f"invoices/{draft['id']}/finalize")
    assert "Only open invoices can be revised" in error["message"]
    assert api.get(f"invoices/{original['id']}")["status"] == "paid"
    again = api.error("POST", "invoices", from_invoice={"action": "revision", "invoice": original["id"]})
    assert again["param"] == "from_invoice[invoice]"


def test_what_is_credited_in_part_is_not_revised(api: Api, original: Any) -> None:
    api.post("credit_notes", invoice=original["id"], amount=100)
    error = api.error("POST", "invoices", from_invoice={"action": "revision", "invoice": original["id"]})
    assert "credit the rest of it" in error["message"]


@pytest.mark.parametrize(
    ("sent", "param"),
    [
        ({"currency": "usd"}, "currency"),
        ({"subscription": "sub_1"}, "subscription"),
        ({"customer": "cus_other"}, "customer"),
    ],
)
def test_what_the_original_says_is_not_said_again(api: Api, original: Any, sent: Any, param: str) -> None:
    source = {"action": "revision", "invoice": original["id"]}
    assert api.error("POST", "invoices", from_invoice=source, **sent)["param"] == param


def test_neither_customer_nor_original(api: Api) -> None:
    assert api.error("POST", "invoices")["code"] == "parameter_missing"


def test_a_revision_that_is_not_wanted_is_deleted(api: Api, make: Factories) -> None:
    subscription = make.subscription()
    latest = api.get(f"subscriptions/{subscription.id}")["latest_invoice"]
    original = api.post(f"invoices/{latest}/finalize")
    assert api.delete(f"invoices/{revise(api, original)['id']}")["deleted"]
    assert api.get(f"invoices/{original['id']}")["status"] == "open"


def test_the_customer_sees_which_invoice_replaced_which(api: Api, make: Factories, portal: Any, original: Any) -> None:
    final = api.post(f"invoices/{revise(api, original)['id']}/finalize")
    with make.database.reading(make.scope) as db:
        visit = portal(db.get_one(Customer, (make.scope.tenant_id, original["customer"])))
    before = visit.get(f"invoices/{original['id']}").text
    assert f"Invoice <bdi>{final['number']}</bdi> has replaced this one" in before
    assert original["number"] in visit.get(f"invoices/{final['id']}").text
