"""Refunds that are taken back before anybody makes them, and those that were made elsewhere and are reported."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from portal import clock
from portal.billing.invoices import payments
from portal.billing.invoices.params import AttachPayment
from portal.billing.ledger import locks
from portal.db import find_row
from portal.models import Invoice, Mail
from tests import official, refunding
from tests.clients import Api
from tests.factories import Factories

pytestmark = pytest.mark.usefixtures("held_clock")


def named(reference: str) -> dict[str, Any]:
    return {"type": "custom", "custom": {"refund_reference": reference}}


def refunded(api: Api, record: str) -> int:
    return int(api.get(f"payment_records/{record}")["amount_refunded"]["value"])


@pytest.fixture
def reported(api: Api, make: Factories) -> str:
    """A payment of 42 € that was recorded, of an invoice."""
    invoice = make.paid_invoice(make.customer(), 4200)
    return str(api.get("invoice_payments", invoice=invoice.id)["data"][0]["payment"]["payment_record"])


def test_a_transfer_is_taken_back_until_it_stands_in_a_file(api, make):
    record = refunding.transferred(api, make)
    refund = api.post("refunds", payment_record=record, amount=900)["id"]
    assert refunded(api, record) == 900
    assert api.post(f"refunds/{refund}/cancel")["status"] == "canceled"
    assert refunded(api, record) == 0
    assert "status canceled" in api.error("POST", f"refunds/{refund}/cancel")["message"]
    api.error("POST", "credit_transfer_files")  # nothing waits for one
    other = api.post("refunds", payment_record=record)["id"]
    api.post("credit_transfer_files")
    assert "being made" in api.error("POST", f"refunds/{other}/cancel")["message"]
    assert refunded(api, record) == 4200
    types = [each["type"] for each in api.get("events", limit=100)["data"] if each["type"].startswith("refund.")]
    assert types.count("refund.updated") == 2
    with make.database.reading(make.scope) as db:
        assert db.query(Mail).filter_by(name="payout_declined").all() == []


def test_a_provider_is_not_asked_for_what_was_taken_back(api, make, work):
    api.post("account", default_currency="eur", settings={"payments": {"provider": "sandbox"}})
    card = api.post("payment_methods", type="card", card={"token": "tok_visa"})["id"]
    customer = make.customer()
    api.post(f"payment_methods/{card}/attach", customer=customer.id)
    invoice = make.invoice(customer, 4200, auto_advance=True, default_payment_method=card)
    work()
    [intent] = api.get("payment_intents", invoice=invoice.id)["data"]
    first = api.post("refunds", payment_intent=intent["id"], amount=900)["id"]
    api.post(f"refunds/{first}/cancel")
    second = api.post("refunds", payment_intent=intent["id"], amount=500)["id"]
    work()
    assert [api.get(f"refunds/{id}")["status"] for id in (first, second)] == ["canceled", "succeeded"]
    assert "succeeded" in api.error("POST", f"refunds/{second}/cancel")["message"]
    assert refunded(api, api.get(f"refunds/{second}")["payment_record"]) == 500


def test_many_who_take_it_back_take_it_back_once(api, make, app: Flask):
    record = refunding.transferred(api, make)
    api.post("refunds", payment_record=record, amount=100)
    refund = api.post("refunds", payment_record=record, amount=900)["id"]
    client = official.client(app, api.key)

    def cancel(each: int) -> bool:
        try:
            client.v1.refunds.cancel(refund)
        except Exception:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(cancel, range(50))) == 1
    assert refunded(api, record) == 100


def test_a_refund_that_was_made_elsewhere_is_reported(api, reported, app: Flask):
    client, sent = official.client(app, api.key), {"outcome": "refunded", "processor_details": named("R-1")}
    amount = {"value": 1200, "currency": "eur"}
    client.v1.payment_records.report_refund(reported, {**sent, "amount": amount, "refunded": {"refunded_at": 1}})
    assert refunded(api, reported) == 1200
    [refund] = api.get("refunds", payment_record=reported)["data"]
    assert (refund["status"], refund["amount"], refund["refunded_at"]) == ("succeeded", 1200, 1)
    assert refund["processor_details"] == named("R-1")
    path = f"payment_records/{reported}/report_refund"
    assert "reported already" in api.error("POST", path, **sent)["message"]
    wrong = {"outcome": "refunded", "processor_details": named("R-2")}
    assert api.error("POST", path, **wrong, amount={"value": 3001, "currency": "eur"})["param"] == "amount[value]"
    assert api.error("POST", path, **wrong, amount={"value": 1, "currency": "usd"})["param"] == "amount[currency]"
    assert refunded(api, reported) == 1200
    api.post(path, **wrong)
    assert refunded(api, reported) == 4200
    assert (
        api.error("POST", path, outcome="refunded", processor_details=named("R-3"))["code"] == "charge_already_refunded"
    )
    api.post(f"refunds/{refund['id']}/cancel")
    assert refunded(api, reported) == 3000


@pytest.fixture
def unattached(api: Api, make: Factories) -> tuple[str, Any]:
    """A payment of 100 € that pays no invoice yet, and an invoice of 40 € of the same customer."""
    customer = make.customer()
    record = api.post(
        "payment_records/report_payment",
        amount_requested={"value": 10000, "currency": "eur"},
        initiated_at=1,
        payment_method_details={"type": "custom", "custom": {"display_name": "Cash"}},
        customer_details={"customer": customer.id},
        outcome="guaranteed",
        guaranteed={"guaranteed_at": 1},
    )
    return str(record["id"]), make.invoice(customer, 4000)


@pytest.mark.parametrize("amount", [{}, {"amount": {"value": 100, "currency": "eur"}}])
def test_a_payment_that_was_refunded_pays_no_invoice(api, unattached, amount):
    record, invoice = unattached
    api.post(f"payment_records/{record}/report_refund", outcome="refunded", processor_details=named("R-1"), **amount)
    answer = api.error("POST", f"invoices/{invoice.id}/attach_payment", payment_record=record)
    assert (answer["param"], "was refunded" in answer["message"]) == ("payment_record", True)
    assert (api.get(f"invoices/{invoice.id}")["status"], balance_of(api, invoice)) == ("open", 0)
    [refund] = api.get("refunds", payment_record=record)["data"]
    api.post(f"refunds/{refund['id']}/cancel")  # it was a mistake
    api.post(f"invoices/{invoice.id}/attach_payment", payment_record=record)
    assert (api.get(f"invoices/{invoice.id}")["status"], balance_of(api, invoice)) == ("paid", -6000)


def test_a_payment_that_is_attached_and_refunded_at_once_is_refunded_as_what_it_is(api, make, unattached, app: Flask):
    """The report has looked for an invoice before the payment is attached, and waits meanwhile."""
    record, invoice = unattached
    path, sent = f"payment_records/{record}/report_refund", {"outcome": "refunded", "processor_details": named("R-1")}
    with ThreadPoolExecutor(1) as threads:
        with make.database.writing(make.scope) as db:
            locks.invoice_by_id(db, invoice.id)
            own = Api(app.test_client(), api.key)
            reported = threads.submit(own.request, "POST", path, **sent)
            time.sleep(0.5)
            found = find_row(db, Invoice, invoice.id, noun="invoice")
            payments.attach(db, found, AttachPayment(payment_record=record), now=clock.now())
        answer = reported.result()
    assert (api.get(f"invoices/{invoice.id}")["status"], balance_of(api, invoice)) == ("paid", -6000)
    if answer.status_code == 400:
        assert "at the same time" in answer.get_json()["error"]["message"]
        assert refunded(api, record) == 0
    else:
        assert refunded(api, record) == 4000
        assert api.get("refunds", payment_record=record)["data"][0]["invoice"] == invoice.id


def balance_of(api: Api, invoice: Any) -> int:
    return int(api.get(f"customers/{invoice.customer_id}")["balance"])


def test_a_refund_reported_fifty_times_counts_once(api, reported, app: Flask):
    client = official.client(app, api.key)
    sent = {"outcome": "refunded", "processor_details": named("R-1"), "amount": {"value": 100, "currency": "eur"}}

    def report(each: int) -> bool:
        try:
            client.v1.payment_records.report_refund(reported, sent)
        except Exception:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(report, range(50))) == 1
    assert refunded(api, reported) == 100


def test_a_credit_note_names_a_refund_by_its_reference(api, reported):
    sent = {"outcome": "refunded", "processor_details": named("R-1"), "amount": {"value": 500, "currency": "eur"}}
    api.post(f"payment_records/{reported}/report_refund", **sent)
    [payment] = api.get("invoice_payments", payment={"type": "payment_record", "payment_record": reported})["data"]
    group = {"payment_record": reported, "refund_group": "R-1"}
    by_group = {"type": "payment_record_refund", "payment_record_refund": group}
    note = api.post("credit_notes", invoice=payment["invoice"], amount=500, refunds=[by_group])
    [shown] = note["refunds"]
    assert (shown["type"], shown["payment_record_refund"], shown["amount_refunded"]) == (by_group["type"], group, 500)
    assert "credit note" in api.error("POST", f"refunds/{shown['refund']}/cancel")["message"]
    again = {"invoice": payment["invoice"], "amount": 500}
    assert "belongs to the credit note" in api.error("POST", "credit_notes", **again, refunds=[by_group])["message"]
    unknown = {**by_group, "payment_record_refund": {**group, "refund_group": "R-9"}}
    assert api.error("POST", "credit_notes", **again, refunds=[unknown])["code"] == "resource_missing"
    half = {"type": "payment_record_refund"}
    assert "payment_record_refund" in api.error("POST", "credit_notes", **again, refunds=[half])["param"]
