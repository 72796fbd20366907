"""Refunds: by the provider that charged a payment, and by files for the bank."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from sqlalchemy import select

from portal import clock
from portal.errors import Unavailable
from portal.models import Mail
from portal.outbox.payment_mails import build_refunded_mail
from portal.providers.registry import PROVIDERS
from portal.worker import payments, refunds
from tests.clients import Api
from tests.factories import Factories
from tests.refunding import transferred
from tests.statements_of_banks import OWN_IBAN, Transfer, camt

pytestmark = pytest.mark.usefixtures("held_clock")
SCHEMAS = Path(__file__).parents[2] / ".venv" / "judges" / "sepaxml" / "schemas"


@pytest.fixture
def charged(api: Api, make: Factories, work: Callable[..., None]) -> Callable[..., Any]:
    """`charged(amount, token)`: the payment intent of an invoice that was paid by this card."""
    api.post("account", default_currency="eur", settings={"payments": {"provider": "sandbox"}})

    def pay(amount: int = 4200, token: str = "tok_visa") -> dict[str, Any]:
        customer = make.customer(email="ada@example.com")
        card = api.post("payment_methods", type="card", card={"token": token})["id"]
        api.post(f"payment_methods/{card}/attach", customer=customer.id)
        api.post(f"customers/{customer.id}", invoice_settings={"default_payment_method": card})
        invoice = make.invoice(customer, amount, auto_advance=True)
        work()
        [found] = api.get("payment_intents", invoice=invoice.id)["data"]
        assert found["status"] == "succeeded"
        return dict(found)

    return pay


def told(api: Api, prefix: str = "refund.") -> list[str]:
    """The types of all events with these words, oldest first."""
    return [each["type"] for each in api.get("events", limit=100)["data"][::-1] if each["type"].startswith(prefix)]


def test_a_payment_is_given_back_whole_or_in_parts(charged, api, work):
    intent = charged()["id"]
    part = api.post(
        "refunds", payment_intent=intent, amount=1000, reason="requested_by_customer", metadata={"ticket": "82"}
    )
    assert (part["status"], part["amount"], part["reason"]) == ("pending", 1000, "requested_by_customer")
    rest = api.post("refunds", payment_intent=intent)
    assert rest["amount"] == 3200
    refused = api.error("POST", "refunds", payment_intent=intent, amount=1)
    assert (refused["param"], refused["code"]) == ("payment_intent", "charge_already_refunded")
    work()
    shown = api.get(f"refunds/{part['id']}")
    assert (shown["status"], shown["metadata"]) == ("succeeded", {"ticket": "82"})
    assert told(api) == ["refund.created", "refund.created", "refund.updated", "refund.updated"]
    assert api.get(f"payment_records/{part['payment_record']}")["amount_refunded"]["value"] == 4200
    listed = api.get("refunds", payment_intent=intent, status="succeeded")["data"]
    assert [each["id"] for each in listed] == [rest["id"], part["id"]]


def test_more_than_was_paid_is_refused(charged, api):
    intent = charged()
    assert api.error("POST", "refunds", payment_intent=intent["id"], amount=4201)["param"] == "amount"
    assert api.error("POST", "refunds")["code"] == "parameter_missing"
    assert api.error("POST", "refunds", payment_intent="pi_none")["param"] == "payment_intent"
    assert api.get("refunds", payment_intent=intent["id"])["data"] == []


def test_what_was_paid_outside_or_taken_back_is_not_refunded(charged, make, api, work):
    outside = api.get("invoice_payments", invoice=make.paid_invoice(make.customer(), 900).id)["data"][0]["payment"]
    error = api.error("POST", "refunds", payment_record=outside["payment_record"])
    assert (error["param"], "outside" in error["message"]) == ("payment_record", True)
    disputed, now = charged(token="tok_createDispute"), clock.now()
    work(now + 61)
    assert "taken back" in api.error("POST", "refunds", payment_intent=disputed["id"])["message"]


@pytest.mark.parametrize(
    ("token", "seen"),
    [
        ("tok_pendingRefund", ["pending", "pending", "succeeded"]),
        ("tok_refundFail", ["succeeded", "succeeded", "failed"]),
    ],
)
def test_a_refund_may_take_a_while_and_fail(charged, api, work, token, seen):
    intent, now = charged(token=token), clock.now()
    refund = api.post("refunds", payment_intent=intent["id"])["id"]
    found = []
    for moment in (0, 59, 60, 600):
        work(now + moment)
        found.append(api.get(f"refunds/{refund}")["status"])
    assert found == [*seen, seen[-1]]
    if seen[-1] == "failed":
        assert api.get(f"refunds/{refund}")["failure_reason"] == "expired_or_canceled_card"
        assert told(api)[-2:] == ["refund.updated", "refund.failed"]
        assert api.post("refunds", payment_intent=intent["id"])["amount"] == 4200


def test_many_calls_give_back_what_was_paid_and_no_more(charged, api, app, merchant, services):
    intent = charged(4200)["id"]

    def give(_: int) -> int:
        own = Api(app.test_client(), merchant.test_key)
        # on a slow machine the turn may come too late, and nothing has changed
        while (answer := own.request("POST", "refunds", payment_intent=intent, amount=100)).status_code == 503:
            pass
        return int(answer.status_code)

    def work(_: int) -> None:
        while True:
            try:
                refunds.work(services, clock.now())
                return
            except Unavailable:
                pass

    with ThreadPoolExecutor(10) as pool:
        codes = list(pool.map(give, range(50)))
        list(pool.map(work, range(20)))
    assert (codes.count(200), codes.count(400)) == (42, 8)
    made = api.get("refunds", payment_intent=intent, limit=100)["data"]
    assert sum(each["amount"] for each in made) == 4200
    assert {each["status"] for each in made} == {"succeeded"}
    assert len(told(api)) == 84


def test_a_dead_worker_and_a_slow_one_pay_back_once(charged, api, services, monkeypatch):
    refund, now, asked = api.post("refunds", payment_intent=charged()["id"])["id"], clock.now(), []
    provider = PROVIDERS["sandbox"]

    @dataclasses.dataclass
    class Watched:
        abilities = provider.abilities
        name: str = "sandbox"

        def refund(self, repayment):
            result = provider.refund(repayment)
            if repayment.id != refund:
                return result  # another merchant's
            asked.append(repayment)
            if len(asked) == 1:
                raise SystemExit  # as a process that is killed once the provider has paid back
            if len(asked) == 2:
                refunds.work(services, now + 61 + 61)  # another one, as this one's lease has run out
            return result

    monkeypatch.setitem(PROVIDERS, "sandbox", Watched())
    with pytest.raises(SystemExit):
        refunds.work(services, now)
    refunds.work(services, now + 1)
    assert len(asked) == 1
    refunds.work(services, now + 61)
    assert [each.id for each in asked] == [refund] * 3
    assert api.get(f"refunds/{refund}")["status"] == "succeeded"
    assert told(api) == ["refund.created", "refund.updated"]


def test_a_payment_that_is_disputed_before_the_provider_was_asked_is_not_refunded(charged, api, services):
    intent, now = charged(token="tok_createDispute"), clock.now()
    refund = api.post("refunds", payment_intent=intent["id"])["id"]
    payments.work(services, now + 61)
    refunds.work(services, now + 61)
    shown = api.get(f"refunds/{refund}")
    assert (shown["status"], shown["failure_reason"]) == ("failed", "charge_for_pending_refund_disputed")


def test_a_credit_note_gives_money_back(charged, api, work):
    intent = charged()
    sent = {"invoice": intent["invoice"], "amount": 1500, "refund_amount": 1500, "reason": "duplicate"}
    assert api.get("credit_notes/preview", **sent)["post_payment_amount"] == 1500
    assert api.get("refunds")["data"] == []
    note = api.post("credit_notes", **sent, expand=["refunds.refund"])
    [part] = note["refunds"]
    assert (part["amount_refunded"], part["refund"]["credit_note"]) == (1500, note["id"])
    assert (part["refund"]["reason"], note["refund"]) == ("duplicate", part["refund"]["id"])
    work()
    assert api.get(f"refunds/{note['refund']}")["status"] == "succeeded"
    statement = api.get(f"customers/{intent['customer']}/statements/2026")
    assert [each["amount"] for each in statement["entries"]["data"] if each["type"] == "refund"] == [1500]
    refused = api.error("POST", "credit_notes", **sent | {"amount": 2701, "refund_amount": 2701})
    assert refused["param"] == "refund_amount"


def test_a_credit_note_is_made_of_refunds_that_were_made_before(charged, api):
    intent = charged()
    refund = api.post("refunds", payment_intent=intent["id"], amount=700)["id"]
    sent = {"invoice": intent["invoice"], "amount": 1000, "credit_amount": 300}
    named = [{"refund": refund}]
    preview = api.get("credit_notes/preview", **sent, refunds=named)
    assert [each["refund"] for each in preview["refunds"]] == [refund]
    assert api.get(f"refunds/{refund}")["credit_note"] is None
    wrong = api.error("POST", "credit_notes", **sent, refunds=[{"refund": refund, "amount_refunded": 600}])
    assert wrong["param"] == "refunds[0][amount_refunded]"
    assert api.error("POST", "credit_notes", **sent, refunds=named * 2)["param"] == "refunds[1][refund]"
    note = api.post("credit_notes", **sent, refunds=[{"refund": refund, "amount_refunded": 700}])
    assert [(each["refund"], each["amount_refunded"]) for each in note["refunds"]] == [(refund, 700)]
    assert api.get(f"refunds/{refund}")["credit_note"] == note["id"]
    again = api.error("POST", "credit_notes", **sent, refunds=named)
    assert "belongs to the credit note" in again["message"]
    foreign = api.error("POST", "credit_notes", **sent, refunds=[{"refund": "re_1"}])
    assert foreign["param"] == "refunds[0][refund]"


def test_many_credit_notes_give_back_no_more_than_was_paid(charged, api, app, merchant):
    invoice = charged(1000)["invoice"]

    def credit(_: int) -> int:
        own = Api(app.test_client(), merchant.test_key)
        sent = {"invoice": invoice, "amount": 300, "refund_amount": 300}
        while (answer := own.request("POST", "credit_notes", **sent)).status_code == 503:
            pass
        return int(answer.status_code)

    with ThreadPoolExecutor(10) as pool:
        codes = list(pool.map(credit, range(20)))
    assert codes.count(200) == 3
    assert sum(each["amount"] for each in api.get("refunds", limit=100)["data"]) == 900


@pytest.mark.parametrize(
    ("debits", "format"), [("pain.008.001.02", "pain.001.001.03"), ("pain.008.001.08", "pain.001.001.09")]
)
def test_a_transfer_goes_back_by_a_file_for_the_bank(api, make, debits, format):
    api.post("account", settings={"collection": {"format": debits}})
    refund = api.post("refunds", payment_record=transferred(api, make), amount=1234)
    assert (refund["status"], refund["payment_intent"]) == ("pending", None)
    file = api.post("credit_transfer_files")
    assert (file["amount"], file["count"], file["format"]) == (1234, 1, format)
    assert api.get(f"refunds/{refund['id']}")["status"] == "pending"
    content = api.request("GET", f"credit_transfer_files/{file['id']}/content").data
    etree.XMLSchema(etree.parse(SCHEMAS / f"{format}.xsd")).assertValid(etree.fromstring(content))
    for part in (refund["end_to_end_id"], "12.34", OWN_IBAN, "Rocket Rides GmbH"):
        assert part.encode() in content
    shown = api.get(f"refunds/{refund['id']}")
    assert (shown["status"], shown["credit_transfer_file"]) == ("succeeded", file["id"])
    assert "No refund waits" in api.error("POST", "credit_transfer_files")["message"]


def test_what_the_bank_refuses_has_failed(api, make):
    refund = api.post("refunds", payment_record=transferred(api, make))
    file = api.post("credit_transfer_files")
    api.request("GET", f"credit_transfer_files/{file['id']}/content")
    answer = f"""<?xml version="1.0"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>
<OrgnlGrpInfAndSts><OrgnlMsgId>{file["message_id"]}</OrgnlMsgId></OrgnlGrpInfAndSts>
<OrgnlPmtInfAndSts><OrgnlPmtInfId>{file["message_id"]}</OrgnlPmtInfId><TxInfAndSts>
<OrgnlEndToEndId>{refund["end_to_end_id"]}</OrgnlEndToEndId><TxSts>RJCT</TxSts>
<StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf></TxInfAndSts></OrgnlPmtInfAndSts>
</CstmrPmtStsRpt></Document>"""
    assert api.post("bank_statements", upload=("b.xml", answer.encode()))["entries"]["new"] == 1
    shown = api.get(f"refunds/{refund['id']}")
    assert (shown["status"], shown["failure_reason"]) == ("failed", "AC04")
    assert told(api)[-1] == "refund.failed"


def test_a_debit_goes_back_to_its_account(collecting, debited, api, work):
    collecting.settings(settles_after_days=1)
    invoice = debited(4200)
    later = clock.now() + 30 * clock.DAY
    collecting.make_file(later)
    [debit] = collecting.debits()
    statement = camt(Transfer(4200, "", end_to_end_id=debit["end_to_end_id"]))
    collecting.take_in(statement)
    assert api.get(f"invoices/{invoice.id}")["status"] == "paid"
    note = api.post("credit_notes", invoice=invoice.id, amount=4200, refund_amount=4200)
    file = api.post("credit_transfer_files")
    content = api.request("GET", f"credit_transfer_files/{file['id']}/content").data
    assert b"DE89370400440532013000" in content
    assert api.get(f"refunds/{note['refund']}")["status"] == "succeeded"


def test_the_worker_puts_files_into_the_folder(api, make, services, tmp_path, scope):
    record = transferred(api, make)
    first, _ = (api.post("refunds", payment_record=record, amount=100) for _ in range(2))
    with_folder = dataclasses.replace(services, settings=dataclasses.replace(services.settings, debit_folder=tmp_path))
    assert refunds.put_files(services, clock.now()) == 0
    assert refunds.put_files(with_folder, clock.now()) >= 1
    [file] = (tmp_path / scope.account_id / "test").iterdir()
    assert first["end_to_end_id"] in file.read_text()
    assert refunds.put_files(with_folder, clock.now()) == 0
    assert api.get(f"refunds/{first['id']}")["status"] == "succeeded"


def test_the_customer_is_told_once_the_money_goes_back(charged, api, make, work):
    api.post("account", settings={"emails": {"receipts": True}})
    intent = charged(token="tok_pendingRefund")
    api.post("refunds", payment_intent=intent["id"], amount=1900)
    with make.database.reading(make.scope) as db:
        queued = select(Mail).where(Mail.name == "refunded")
        work()
        assert db.scalars(queued).all() == []
    work(clock.now() + 60)
    with make.database.reading(make.scope) as db:
        [mail] = db.scalars(queued).all()
        built = build_refunded_mail(api.client.application.extensions["portal"], db, mail)
        assert built is not None
        assert (built.context["amount"], built.context["last4"]) == (1900, "7726")
