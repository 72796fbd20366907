"""Disputes: what they look like, what merchants answer, and what becomes of the money."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from portal import clock
from portal.objects.types.disputes import FILES
from portal.providers.registry import PROVIDERS
from portal.worker import payments
from tests import official
from tests.clients import Api
from tests.factories import Factories

pytestmark = pytest.mark.usefixtures("held_clock")
WORDS = {"uncategorized_text": "Delivered on 3 December."}


@pytest.fixture
def paid(api: Api, make: Factories, work: Callable[..., None]) -> Callable[[str], Any]:
    """`paid(token)`: an invoice that was paid by this card of the sandbox."""
    api.post("account", default_currency="eur", settings={"payments": {"provider": "sandbox"}})

    def pay(token: str = "tok_createDispute") -> Any:
        customer = make.customer()
        card = api.post("payment_methods", type="card", card={"token": token})["id"]
        api.post(f"payment_methods/{card}/attach", customer=customer.id)
        invoice = make.invoice(customer, 4200, auto_advance=True, default_payment_method=card)
        work()
        assert api.get(f"invoices/{invoice.id}")["status"] == "paid"
        return invoice

    return pay


def dispute_of(api: Api, invoice: Any) -> dict[str, Any]:
    """The only dispute of an invoice."""
    [found] = api.get("disputes", invoice=invoice.id)["data"]
    return dict(found)


def told(api: Api) -> list[str]:
    """What was told of disputes, oldest first."""
    types = [each["type"] for each in api.get("events", limit=100)["data"][::-1]]
    return [each.removeprefix("charge.dispute.") for each in types if each.startswith("charge.dispute.")]


def status_of(api: Api, invoice: Any) -> str:
    return str(api.get(f"invoices/{invoice.id}")["status"])


def test_a_dispute_is_an_object_with_its_payment(paid, api, work):
    now, invoice = clock.now(), paid()
    [payment] = api.get("invoice_payments", invoice=invoice.id)["data"]
    [intent] = api.get("payment_intents", invoice=invoice.id)["data"]
    work(now + 61)
    shown = dispute_of(api, invoice)
    assert (shown["status"], shown["amount"], shown["currency"]) == ("needs_response", 4200, "eur")
    assert (shown["reason"], shown["network_reason_code"]) == ("fraudulent", "10.4")
    assert (shown["payment_intent"], shown["invoice_payment"]) == (intent["id"], payment["id"])
    assert shown["payment_record"] == payment["payment"]["payment_record"]
    assert shown["payment_method_details"]["card"]["case_type"] == "chargeback"
    assert (shown["funds_withdrawn_at"], shown["funds_reinstated_at"]) == (now + 61, None)
    assert shown["evidence_details"]["due_by"] == now + 60 + 7 * clock.DAY
    assert told(api) == ["created", "funds_withdrawn"]
    for found in ({"payment_intent": intent["id"]}, {"status": "needs_response"}, {"created": {"gte": now}}):
        assert [each["id"] for each in api.get("disputes", **found)["data"]] == [shown["id"]]
    assert api.get("disputes", status="won")["data"] == []
    assert api.error("GET", "disputes", payment_intent="pi_none")["param"] == "payment_intent"
    expanded = api.get(f"disputes/{shown['id']}", expand=["payment_intent", "invoice"])
    assert (expanded["payment_intent"]["disputed_at"], expanded["invoice"]["status"]) == (now + 61, "open")


@pytest.mark.parametrize(
    ("token", "status", "invoice_status", "events"),
    [
        ("tok_createDisputeWon", "won", "paid", ["updated", "funds_reinstated", "closed"]),
        ("tok_createDisputeLost", "lost", "open", ["updated", "closed"]),
    ],
)
def test_two_cards_are_known_for_the_end_of_their_dispute(paid, api, work, token, status, invoice_status, events):
    now, invoice = clock.now(), paid(token)
    work(now + 61)
    assert (dispute_of(api, invoice)["status"], status_of(api, invoice)) == ("needs_response", "open")
    work(now + 121)
    work(now + 1000)
    assert (dispute_of(api, invoice)["status"], status_of(api, invoice)) == (status, invoice_status)
    assert told(api) == ["created", "funds_withdrawn", *events]


@pytest.mark.parametrize(
    ("words", "status", "invoice_status"),
    [("winning_evidence", "won", "paid"), ("losing_evidence", "lost", "open"), ("mine", "under_review", "open")],
)
def test_evidence_decides(paid, api, work, words, status, invoice_status):
    now, invoice = clock.now(), paid()
    work(now + 61)
    path = f"disputes/{dispute_of(api, invoice)['id']}"
    kept = api.post(path, evidence={"customer_name": "Jenny"}, submit=False)
    assert (kept["status"], kept["evidence"]["customer_name"]) == ("needs_response", "Jenny")
    assert (kept["evidence_details"]["has_evidence"], kept["evidence_details"]["submission_count"]) == (True, 0)
    work(now + 62)
    assert dispute_of(api, invoice)["status"] == "needs_response"
    sent = api.post(path, evidence={"uncategorized_text": words}, metadata={"ticket": "82"})
    assert (sent["status"], sent["metadata"]) == ("under_review", {"ticket": "82"})
    assert sent["evidence_details"]["submission_method"] == "manual"
    assert "takes no answer" in api.error("POST", path, evidence={"customer_name": "Ada"})["message"]
    work(now + 63)
    assert (dispute_of(api, invoice)["status"], status_of(api, invoice)) == (status, invoice_status)
    assert api.post(path, metadata={"ticket": ""})["metadata"] == {}


def test_a_dispute_that_is_accepted_is_lost(paid, api, work):
    now, invoice = clock.now(), paid()
    work(now + 61)
    path = f"disputes/{dispute_of(api, invoice)['id']}"
    assert api.post(f"{path}/close")["status"] == "lost"
    work(now + 62)
    assert (api.get(path)["status"], status_of(api, invoice)) == ("lost", "open")
    assert told(api) == ["created", "funds_withdrawn", "updated", "closed"]
    assert "lost" in api.error("POST", f"{path}/close")["message"]


def test_a_dispute_without_an_answer_is_lost_after_its_days(paid, api, work):
    now, invoice = clock.now(), paid()
    work(now + 61)
    work(now + 59 + 7 * clock.DAY)
    assert dispute_of(api, invoice)["status"] == "needs_response"
    work(now + 61 + 7 * clock.DAY)
    assert dispute_of(api, invoice)["status"] == "lost"


def test_an_inquiry_takes_no_money_until_it_is_escalated(paid, api, work):
    now, invoice = clock.now(), paid("tok_createDisputeInquiry")
    work(now + 61)
    asked = dispute_of(api, invoice)
    assert (asked["status"], asked["is_charge_refundable"]) == ("warning_needs_response", True)
    assert (asked["funds_withdrawn_at"], status_of(api, invoice)) == (None, "paid")
    assert told(api) == ["created"]
    api.post(f"disputes/{asked['id']}", evidence={"uncategorized_text": "escalate_inquiry_evidence"})
    work(now + 62)
    assert (dispute_of(api, invoice)["status"], status_of(api, invoice)) == ("needs_response", "open")
    assert told(api) == ["created", "updated", "updated", "funds_withdrawn"]


@pytest.fixture
def escalated(paid, api, work) -> Callable[[], tuple[int, Any, str]]:
    """`escalated()`: when an inquiry became a dispute, of which invoice, and the path of it."""

    def escalate() -> tuple[int, Any, str]:
        now, invoice = clock.now(), paid("tok_createDisputeInquiry")
        work(now + 61)
        path = f"disputes/{dispute_of(api, invoice)['id']}"
        api.post(path, evidence={"uncategorized_text": "escalate_inquiry_evidence"})
        work(now + 62)
        return now, invoice, path

    return escalate


@pytest.mark.parametrize(
    ("words", "status", "invoice_status"),
    [("winning_evidence", "won", "paid"), ("losing_evidence", "lost", "open"), ("mine", "under_review", "open")],
)
def test_evidence_decides_of_an_inquiry_that_was_escalated(escalated, api, work, words, status, invoice_status):
    now, invoice, path = escalated()
    api.post(path, evidence={"uncategorized_text": words})
    work(now + 63)
    shown = dispute_of(api, invoice)
    assert (shown["status"], status_of(api, invoice)) == (status, invoice_status)
    assert (shown["reason"], shown["evidence_details"]["submission_count"]) == ("general", 2)


def test_an_inquiry_that_was_escalated_is_accepted_once(escalated, api, work):
    now, invoice, path = escalated()
    assert api.post(f"{path}/close")["status"] == "lost"
    for _ in range(2):
        work(now + 63)
    assert (dispute_of(api, invoice)["status"], status_of(api, invoice)) == ("lost", "open")
    assert told(api).count("closed") == 1


@pytest.mark.parametrize("words", ["winning_evidence", "losing_evidence", "mine"])
def test_evidence_that_is_kept_after_an_escalation_decides_nothing(escalated, api, work, words):
    now, invoice, path = escalated()
    api.post(path, evidence={"uncategorized_text": words}, submit=False)
    api.post(path, metadata={"ticket": "82"})
    work(now + 59 + 7 * clock.DAY)
    assert dispute_of(api, invoice)["status"] == "needs_response"
    work(now + 61 + 7 * clock.DAY)
    assert (dispute_of(api, invoice)["status"], status_of(api, invoice)) == ("lost", "open")
    assert told(api).count("closed") == 1


def test_wrong_answers_change_nothing(paid, api, work):
    now, invoice = clock.now(), paid()
    work(now + 61)
    before = dispute_of(api, invoice)
    path = f"disputes/{before['id']}"
    assert "provider" in api.error("POST", path, evidence={"receipt": "file_1"})["message"]
    assert api.error("POST", path, evidence={"customer_name": "x" * 20_001})["param"] == "evidence[customer_name]"
    assert api.error("POST", path, submit=True)["param"] == "evidence"
    much = dict.fromkeys([name for name in before["evidence"] if name.startswith(("c", "r", "s"))], "x" * 20_000)
    texts = {name: text for name, text in much.items() if name not in FILES}
    assert api.error("POST", path, evidence=texts)["param"] == "evidence"
    assert dispute_of(api, invoice) == before
    api.error("POST", "disputes/dp_none/close", status=404)


def test_an_answer_while_the_provider_is_asked_is_told_in_the_next_question(paid, api, work, services, monkeypatch):
    """What the provider says to a question without the answer is older than it."""
    now, invoice = clock.now(), paid("tok_createDisputeWon")
    work(now + 61)
    path, provider = f"disputes/{dispute_of(api, invoice)['id']}", PROVIDERS["sandbox"]
    asked = []

    class Slow:
        def collect(self, charge):
            result = provider.collect(charge)
            asked.append(charge.replies)
            if len(asked) == 1:
                api.post(f"{path}/close")
            return result

    monkeypatch.setitem(PROVIDERS, "sandbox", Slow())
    while payments.work(services, now + 121):
        pass
    assert [len(each) for each in asked] == [0, 1]
    assert (api.get(path)["status"], status_of(api, invoice)) == ("lost", "open")


def test_many_who_answer_at_once_answer_once(paid, api, work, app):
    now, invoice = clock.now(), paid()
    work(now + 61)
    id = dispute_of(api, invoice)["id"]
    client = official.client(app, api.key)

    def answer(each: int) -> bool:
        try:
            client.v1.disputes.close(id) if each % 2 else client.v1.disputes.update(id, {"evidence": WORDS})
        except Exception:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(answer, range(50))) == 1
    shown = api.get(f"disputes/{id}")
    assert (shown["status"], shown["evidence_details"]["submission_count"]) in {("lost", 0), ("under_review", 1)}
    assert told(api).count("updated") == 1


def test_disputes_by_the_official_client(paid, api, work, app: Flask):
    now = clock.now()
    paid()
    work(now + 61)
    client = official.client(app, api.key)
    [found] = client.v1.disputes.list({"created": {"gte": now}}).data
    assert client.v1.disputes.update(found.id, {"evidence": WORDS, "submit": False}).evidence.uncategorized_text
    assert client.v1.disputes.close(found.id).status == "lost"
    assert client.v1.disputes.retrieve(found.id).payment_intent == found.payment_intent
