"""Fifty calls at once: one effect, no gap, no cent too much, and never a fault of the server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.clients import Api, follow_portal_link
from tests.factories import Factories

MANY = 50
Together = Callable[..., list[TestResponse]]


@pytest.fixture
def together(app: Flask, api: Api) -> Together:
    """`together(lambda api, number: api.request(…))` runs in fifty threads that start as one, each with a client."""

    def run(call: Callable[[Api, int], TestResponse]) -> list[TestResponse]:
        barrier = Barrier(MANY)

        def one(number: int) -> TestResponse:
            own = Api(app.test_client(), api.key)
            barrier.wait()
            answer = call(own, number)
            while answer.status_code == 503:  # on a slow machine the turn may come too late, and nothing has changed
                answer = call(own, number)
            return answer

        with ThreadPoolExecutor(MANY) as threads:
            return list(threads.map(one, range(MANY)))

    return run


def statuses(answers: list[TestResponse]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def test_one_draft_is_finalized_once(api: Api, make: Factories, together: Together) -> None:
    draft = make.draft(None, 1000)
    answers = together(lambda own, _: own.request("POST", f"invoices/{draft.id}/finalize"))
    assert statuses(answers) == {200: 1, 400: MANY - 1}
    assert api.get(f"invoices/{draft.id}")["number"].endswith("-0001")
    assert api.get(f"customers/{draft.customer_id}")["next_invoice_sequence"] == 2


def test_numbers_have_no_gap_and_no_twin(api: Api, make: Factories, together: Together) -> None:
    customer = make.customer()
    drafts = [make.draft(customer, 1000) for _ in range(MANY)]
    answers = together(lambda own, number: own.request("POST", f"invoices/{drafts[number].id}/finalize"))
    assert statuses(answers) == {200: MANY}
    numbers = sorted(answer.get_json()["number"] for answer in answers)
    assert numbers == [f"{customer.invoice_prefix}-{number:04d}" for number in range(1, MANY + 1)]


def test_numbers_of_the_account_have_no_gap_and_no_twin(api: Api, make: Factories, together: Together) -> None:
    api.post("account", settings={"invoices": {"numbering": {"scheme": "account", "prefix": "ALL"}}})
    drafts = [make.draft(make.customer(), 1000) for _ in range(MANY)]
    answers = together(lambda own, number: own.request("POST", f"invoices/{drafts[number].id}/finalize"))
    assert statuses(answers) == {200: MANY}
    numbers = sorted(answer.get_json()["number"] for answer in answers)
    assert numbers == [f"ALL-{number:04d}" for number in range(1, MANY + 1)]


def test_an_original_is_replaced_once(api: Api, make: Factories, together: Together) -> None:
    original = make.invoice(None, 1000)
    source = {"action": "revision", "invoice": original.id}
    drafts = [api.post("invoices", from_invoice=source)["id"] for _ in range(MANY)]
    answers = together(lambda own, number: own.request("POST", f"invoices/{drafts[number]}/finalize"))
    assert statuses(answers) == {200: 1, 400: MANY - 1}
    (final,) = [answer.get_json() for answer in answers if answer.status_code == 200]
    assert api.get(f"invoices/{original.id}")["latest_revision"] == final["id"]


@pytest.mark.parametrize("is_paid", [False, True])
def test_an_invoice_is_corrected_once(api: Api, make: Factories, together: Together, is_paid: bool) -> None:
    original = make.paid_invoice(None, 1000) if is_paid else make.invoice(None, 1000)
    answers = together(lambda own, _: own.request("POST", f"invoices/{original.id}/correct", name="Rosen AG"))
    assert statuses(answers) == {200: 1, 400: MANY - 1}
    (new,) = [answer.get_json() for answer in answers if answer.status_code == 200]
    assert api.get(f"invoices/{original.id}")["latest_revision"] == new["id"]
    assert len(api.get("credit_notes", invoice=original.id)["data"]) == is_paid
    after = api.get(f"customers/{original.customer_id}")
    assert (after["balance"], after["next_invoice_sequence"]) == (0, 3)


def test_a_balance_is_spent_once(api: Api, make: Factories, together: Together) -> None:
    customer = make.customer()
    drafts = [make.draft(customer, 100) for _ in range(MANY)]
    api.post(f"customers/{customer.id}/balance_transactions", amount=-1050, currency="eur")
    answers = together(lambda own, number: own.request("POST", f"invoices/{drafts[number].id}/finalize"))
    assert sum(answer.get_json()["amount_due"] for answer in answers) == MANY * 100 - 1050
    entries = api.get(f"customers/{customer.id}/balance_transactions", limit=100)["data"]
    assert sum(entry["amount"] for entry in entries) == api.get(f"customers/{customer.id}")["balance"] == 0


def test_a_subscription_ends_once(api: Api, make: Factories, together: Together) -> None:
    subscription = make.subscription()
    sent = {"prorate": True, "invoice_now": True}
    answers = together(lambda own, _: own.request("DELETE", f"subscriptions/{subscription.id}", **sent))
    assert statuses(answers) == {200: 1, 404: MANY - 1}
    assert len(api.get("invoices", subscription=subscription.id)["data"]) == 2
    assert api.get(f"customers/{subscription.customer_id}")["balance"] == -2000


def test_an_invoice_is_settled_one_way(api: Api, make: Factories, together: Together) -> None:
    invoice = make.invoice(None, 1000)
    ways = {"pay": {"paid_out_of_band": True}, "void": {}, "mark_uncollectible": {}}
    names = list(ways)
    answers = together(
        lambda own, number: own.request("POST", f"invoices/{invoice.id}/{names[number % 3]}", **ways[names[number % 3]])
    )
    assert set(statuses(answers)) <= {200, 400}
    won = [names[number % 3] for number, answer in enumerate(answers) if answer.status_code == 200]
    final = {"paid": "pay", "void": "void"}[api.get(f"invoices/{invoice.id}")["status"]]
    assert Counter(won) in ({final: 1}, {final: 1, "mark_uncollectible": 1})


def test_equal_keyed_calls_are_one(api: Api, make: Factories, together: Together) -> None:
    item = {"customer": make.customer().id, "amount": 1000, "currency": "eur"}
    headers = {"Idempotency-Key": f"key of {item['customer']}"}
    answers = together(lambda own, _: own.request("POST", "invoiceitems", headers=headers, **item))
    assert statuses(answers) == {200: MANY}
    assert len({answer.get_data() for answer in answers}) == 1
    assert len(api.get("invoiceitems", customer=item["customer"])["data"]) == 1


@pytest.mark.parametrize("paid", [False, True])
def test_credit_notes_never_exceed_the_total(api: Api, make: Factories, together: Together, paid: bool) -> None:
    invoice = (make.paid_invoice if paid else make.invoice)(None, 1000)
    sent = {"invoice": invoice.id, "amount": 45, **({"credit_amount": 45} if paid else {})}
    answers = together(lambda own, _: own.request("POST", "credit_notes", **sent))
    assert statuses(answers) == {200: 22, 400: MANY - 22}
    numbers = sorted(answer.get_json()["number"][-5:] for answer in answers if answer.status_code == 200)
    assert numbers == [f"CN-{number:02d}" for number in range(1, 23)]
    assert api.get(f"customers/{invoice.customer_id}")["balance"] == (-990 if paid else 0)


def test_a_line_is_credited_once(api: Api, make: Factories, together: Together) -> None:
    invoice = make.invoice(None, 1000, 5000)
    line = api.get(f"invoices/{invoice.id}")["lines"]["data"][0]["id"]
    lines = [{"type": "invoice_line_item", "invoice_line_item": line, "quantity": 1}]
    answers = together(lambda own, _: own.request("POST", "credit_notes", invoice=invoice.id, lines=lines))
    assert statuses(answers) == {200: 1, 400: MANY - 1}
    assert api.get(f"invoices/{invoice.id}")["amount_due"] == 5000


def test_lines_added_at_once_are_all_there(api: Api, make: Factories, together: Together) -> None:
    draft = make.draft(None, 1)
    item = {"customer": draft.customer_id, "invoice": draft.id, "amount": 100}
    answers = together(lambda own, _: own.request("POST", "invoiceitems", **item))
    assert statuses(answers) == {200: MANY}
    assert api.get(f"invoices/{draft.id}")["total"] == 1 + MANY * 100
    assert len(api.get(f"invoices/{draft.id}/lines", limit=100)["data"]) == MANY + 1


def calls_on(subscription: Any, draft: Any) -> list[tuple[str, dict[str, Any]]]:
    """What a merchant's program may do with one customer at the same time."""
    customer, first = subscription.customer_id, subscription.latest_invoice_id
    item = {"customer": customer, "amount": 5, "currency": "eur"}
    return [
        ("invoiceitems", {**item, "invoice": first}),
        (f"invoices/{first}", {"metadata": {"a": "1"}}),
        (f"subscriptions/{subscription.id}", {"metadata": {"a": "1"}}),
        (f"customers/{customer}/balance_transactions", {"amount": -1, "currency": "eur"}),
        (f"invoices/{draft.id}/finalize", {}),
        ("invoices", {"customer": customer, "pending_invoice_items_behavior": "include"}),
        (f"customers/{customer}", {"name": "Jenny"}),
    ]


def test_a_customer_touched_from_all_sides_never_deadlocks(api: Api, make: Factories, together: Together) -> None:
    subscription = make.subscription()
    calls = calls_on(subscription, make.draft(None, 100))
    answers = together(lambda own, number: own.request("POST", calls[number % 7][0], **calls[number % 7][1]))
    assert set(statuses(answers)) <= {200, 400}
    assert api.get(f"customers/{subscription.customer_id}")["balance"] == -7


def test_a_portal_link_opens_one_session(app: Flask, make: Factories, together: Together) -> None:
    link = make.portal_link(make.customer())
    answers = together(lambda own, _: follow_portal_link(own.client, link))
    opened = [answer for answer in answers if answer.status_code == 303]
    assert len(opened) == 1
    assert opened[0].headers["Set-Cookie"].startswith("__Host-")
    assert not any(answer.headers.get("Set-Cookie") for answer in answers if answer.status_code != 303)
    assert max(statuses(answers)) < 500


def test_a_method_is_somebodys_default_or_nobodys(api: Api, make: Factories, together: Together) -> None:
    """Attached, chosen and detached at once: what was detached is named by nothing."""
    customer = make.customer().id
    account = {"type": "sepa_debit", "sepa_debit": {"iban": "DE89370400440532013000"}}
    method = api.post("payment_methods", **account, billing_details={"name": "Jenny"})["id"]
    calls: list[tuple[str, dict[str, Any]]] = [
        (f"payment_methods/{method}/attach", {"customer": customer}),
        (f"customers/{customer}", {"invoice_settings": {"default_payment_method": method}}),
        (f"payment_methods/{method}/detach", {}),
    ]

    def call(own: Api, number: int) -> TestResponse:
        path, sent = calls[number % len(calls)]
        return own.request("POST", path, **sent)

    assert set(statuses(together(call))) <= {200, 400}
    found = api.get(f"payment_methods/{method}")["customer"]
    chosen = api.get(f"customers/{customer}")["invoice_settings"]["default_payment_method"]
    assert (found, chosen) in {(customer, method), (customer, None), (None, None)}
    told = [each["type"] for each in api.get("events", limit=100)["data"]]
    assert told.count("payment_method.attached") <= 1
    assert told.count("payment_method.detached") <= 1
