"""Refunds that are taken back before anybody makes them, and those that were made elsewhere and are reported."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from portal.models import Mail
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
