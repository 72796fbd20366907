"""Payments made elsewhere: reported, attached to invoices in part, whole or beyond, and listed."""

from __future__ import annotations

import pytest
from stripe import InvoicePayment, PaymentRecord

from portal.documents import build
from portal.models import Invoice
from tests import contract, official

REPORT = {
    "payment_method_details": {"type": "custom", "custom": {"display_name": "Bank transfer"}},
    "initiated_at": 1898683200,
    "processor_details": {"type": "custom", "custom": {"payment_reference": "TX-4711"}},
}
DONE = {"outcome": "guaranteed", "guaranteed": {"guaranteed_at": 1898683260}}


@pytest.fixture
def reported(api):
    """`reported(500)` is a payment of 5.00 euros that has succeeded."""

    def report(amount, currency="eur", **sent):
        given = {**REPORT, **DONE, "amount_requested": {"value": amount, "currency": currency}, **sent}
        given = {key: value for key, value in given.items() if value is not None}
        return api.post("payment_records/report_payment", **given)["id"]

    return report


@pytest.fixture
def attach(api):
    def attach(invoice, record, **sent):
        return api.post(f"invoices/{invoice['id']}/attach_payment", payment_record=record, **sent)

    return attach


@pytest.fixture
def refused(api):
    def refuse(invoice, record, status=400):
        return api.error("POST", f"invoices/{invoice['id']}/attach_payment", status, payment_record=record)

    return refuse


def _amounts(invoice):
    return [invoice[f"amount_{word}"] for word in ("due", "paid", "remaining", "overpaid")]


def test_the_official_client_reports_and_attaches_a_payment(app, merchant, opened):
    client, invoice = official.client(app, merchant.test_key), opened(1500)
    record = client.v1.payment_records.report_payment(
        {**REPORT, **DONE, "amount_requested": {"value": 1500, "currency": "eur"}, "metadata": {"a": "b"}}
    )
    missing = [each for each in contract.violations(record.to_dict(), PaymentRecord) if "payment_method_d" not in each]
    assert missing == []
    paid = client.v1.invoices.attach_payment(
        invoice["id"], {"payment_record": record.id, "expand": ["payments.data.payment.payment_record"]}
    )
    payment = paid.to_dict()["payments"]["data"][0]
    assert (paid.status, payment["payment"]["payment_record"]["metadata"]) == ("paid", {"a": "b"})
    found = client.v1.invoice_payments.retrieve(payment["id"])
    assert list(contract.violations(found.to_dict(), InvoicePayment)) == []


def test_several_payments_pay_an_invoice_in_parts(api, opened, reported, attach):
    invoice = opened(1500)
    part = attach(invoice, reported(400))
    assert (part["status"], _amounts(part)) == ("open", [1500, 400, 1100, 0])
    whole = attach(invoice, reported(1100), expand=["payments"])
    assert (whole["status"], _amounts(whole)) == ("paid", [1500, 1500, 0, 0])
    assert whole["status_transitions"]["paid_at"]
    shown = [(each["amount_paid"], each["is_default"]) for each in whole["payments"]["data"]]
    assert shown == [(1100, False), (400, True)]


def test_what_goes_beyond_becomes_the_customers_credit(api, customer, opened, reported, attach):
    paid = attach(opened(1500), reported(2000))
    assert (paid["status"], _amounts(paid)) == ("paid", [1500, 1500, 0, 500])
    entry = api.get(f"customers/{customer}/balance_transactions")["data"][0]
    assert (entry["type"], entry["amount"], entry["invoice"]) == ("invoice_overpaid", -500, paid["id"])


def test_a_payment_out_of_band_is_recorded_as_one(api, opened):
    invoice = opened(1500)
    paid = api.post(f"invoices/{invoice['id']}/pay", paid_out_of_band=True, expand=["payments"])
    assert paid["payments"]["data"][0]["amount_paid"] == 1500
    assert "invoice_payment.paid" in [event["type"] for event in api.get("events")["data"]]


def test_the_list_is_filtered_by_invoice_status_and_payment(api, opened, reported, attach):
    first, second = opened(100), opened(200)
    record = reported(100)
    attach(first, record)
    attach(second, reported(200))
    of_record = {"type": "payment_record", "payment_record": record}
    for sent in ({"invoice": first["id"]}, {"payment": of_record}):
        assert [each["invoice"] for each in api.get("invoice_payments", **sent)["data"]] == [first["id"]]
    assert api.get("invoice_payments", status="open")["data"] == []


def test_a_payment_under_way_pays_only_once_it_is_guaranteed(api, opened, reported, attach, refused):
    invoice, record = opened(100), reported(100, outcome=None, guaranteed=None)
    assert refused(invoice, record)["param"] == "payment_record"
    done = api.post(f"payment_records/{record}/report_payment_attempt_guaranteed", guaranteed_at=1898683300)
    assert done["amount_guaranteed"] == {"currency": "eur", "value": 100}
    assert attach(invoice, record)["status"] == "paid"
    api.error("POST", f"payment_records/{record}/report_payment_attempt_failed", failed_at=1898683300)


@pytest.mark.parametrize("sent", [{"outcome": "failed"}, {"failed": {"failed_at": 1}}])
def test_an_outcome_comes_with_its_own_moment(api, sent):
    amount = {"value": 100, "currency": "eur"}
    api.error("POST", "payment_records/report_payment", **{**REPORT, **DONE, "amount_requested": amount, **sent})


def test_a_payment_pays_one_invoice_of_its_own_customer_and_currency(make, opened, reported, attach, refused):
    record = reported(100)
    attach(opened(100), record)
    foreign = reported(100, customer_details={"customer": make.customer().id})
    for wrong in (record, foreign, reported(100, "usd")):
        assert refused(opened(100), wrong)["param"] == "payment_record"
    assert refused(opened(100), "pr_none")["code"] == "resource_missing"


def test_an_invoice_paid_in_part_is_credited_and_not_voided(api, opened, reported, attach):
    invoice = opened(1000)
    attach(invoice, reported(400))
    api.error("POST", f"invoices/{invoice['id']}/void")
    note = api.post("credit_notes", invoice=invoice["id"], amount=700, credit_amount=100)
    assert (note["pre_payment_amount"], note["post_payment_amount"]) == (600, 100)
    assert api.get(f"invoices/{invoice['id']}")["status"] == "paid"


def test_the_document_shows_each_payment(database, scope, opened, reported, attach):
    invoice = opened(1500)
    attach(invoice, reported(400))
    attach(invoice, reported(300))
    with database.reading(scope) as db:
        shown = build.invoice(db, db.get_one(Invoice, (scope.tenant_id, invoice["id"])))
    assert ([each.amount for each in shown.payments], shown.amount_remaining) == ([400, 300], 800)


def test_a_draft_can_not_be_paid(drafted, reported, refused):
    assert "draft" in refused(drafted(100), reported(100))["message"]
