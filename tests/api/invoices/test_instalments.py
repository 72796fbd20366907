"""Invoices that are to be paid in parts, each by a date of its own (`amounts_due`)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from portal import clock
from tests.clients import Api
from tests.passing import pass_time

DAY = clock.DAY


def parts(*amounts: int, every: int = 30) -> list[dict[str, Any]]:
    """Parts that are due 30, 60, … days after finalization."""
    return [
        {"amount": amount, "days_until_due": index * every, "description": f"Part {index}"}
        for index, amount in enumerate(amounts, start=1)
    ]


def draft(api: Api, customer: str, amount: int = 30000, **sent: Any) -> Any:
    api.post("invoiceitems", customer=customer, amount=amount, currency="eur")
    return api.post(
        "invoices",
        customer=customer,
        pending_invoice_items_behavior="include",
        **{"collection_method": "send_invoice", "amounts_due": parts(10000, 10000, 10000), **sent},
    )


def opened(api: Api, customer: str, amount: int = 30000, **sent: Any) -> Any:
    return api.post(f"invoices/{draft(api, customer, amount, **sent)['id']}/finalize")


def pay(api: Api, invoice: Any, amount: int) -> Any:
    now = clock.now()
    record = api.post(
        "payment_records/report_payment",
        amount_requested={"value": amount, "currency": "eur"},
        initiated_at=now,
        outcome="guaranteed",
        guaranteed={"guaranteed_at": now},
        payment_method_details={"type": "custom", "custom": {"display_name": "Transfer"}},
    )
    return api.post(f"invoices/{invoice['id']}/attach_payment", payment_record=record["id"])


def states(invoice: Any) -> list[tuple[int, int, str]]:
    return [(each["amount_paid"], each["amount_remaining"], each["status"]) for each in invoice["amounts_due"]]


def test_parts_get_their_dates_as_the_invoice_is_finalized(api, customer):
    before = draft(api, customer)
    assert [each["due_date"] for each in before["amounts_due"]] == [None, None, None]
    assert before["due_date"] is None
    after = api.post(f"invoices/{before['id']}/finalize")
    now = after["status_transitions"]["finalized_at"]
    assert [each["due_date"] for each in after["amounts_due"]] == [now + days * DAY for days in (30, 60, 90)]
    assert states(after) == [(0, 10000, "open")] * 3
    assert after["due_date"] == now + 30 * DAY
    assert (after["attempt_count"], after["next_payment_attempt"]) == (0, None)


def test_payments_fill_the_oldest_first_and_may_be_taken_together(api, customer):
    invoice = opened(api, customer)
    after = pay(api, invoice, 4000)
    assert states(after) == [(4000, 6000, "open"), (0, 10000, "open"), (0, 10000, "open")]
    assert after["due_date"] == invoice["amounts_due"][0]["due_date"]
    after = pay(api, invoice, 11000)
    assert states(after) == [(10000, 0, "paid"), (5000, 5000, "open"), (0, 10000, "open")]
    assert after["due_date"] == invoice["amounts_due"][1]["due_date"]
    assert after["amounts_due"][0]["paid_at"] is not None
    after = pay(api, invoice, 15000)
    assert (after["status"], states(after)) == ("paid", [(10000, 0, "paid")] * 3)


def test_each_part_falls_due_on_its_date(api, customer, make):
    invoice = opened(api, customer)
    dates = [each["due_date"] for each in invoice["amounts_due"]]
    pass_time(make, until=dates[0] - 1)
    assert api.get(f"invoices/{invoice['id']}")["amounts_due"][0]["status"] == "open"
    pass_time(make, until=dates[0])
    late = api.get(f"invoices/{invoice['id']}")
    assert [each[2] for each in states(late)] == ["past_due", "open", "open"]
    pass_time(make, until=dates[1])
    late = api.get(f"invoices/{invoice['id']}")
    assert [each[2] for each in states(late)] == ["past_due", "past_due", "open"]
    assert len(api.get("events", type="invoice.overdue")["data"]) == 2
    paid = pay(api, invoice, 20000)
    assert [each[2] for each in states(paid)] == ["paid", "paid", "open"]
    pass_time(make, until=dates[2])
    assert [each[2] for each in states(api.get(f"invoices/{invoice['id']}"))] == ["paid", "paid", "past_due"]


@pytest.mark.parametrize(
    ("sent", "param"),
    [
        ({"amounts_due": parts(10000, 10000)}, "amounts_due"),
        ({"amounts_due": parts(30000), "due_date": 1900000000}, "due_date"),
        ({"amounts_due": parts(30000), "days_until_due": 3}, "days_until_due"),
        ({"amounts_due": [{"amount": 30000, "description": "x"}]}, "amounts_due[0]"),
        (
            {"amounts_due": [{"amount": 30000, "description": "x", "due_date": 1900000000, "days_until_due": 1}]},
            "amounts_due[0]",
        ),
        ({"amounts_due": [{"amount": 0, "description": "x", "days_until_due": 1}]}, "amounts_due[0][amount]"),
        ({"amounts_due": [{"amount": 30000, "days_until_due": 1}]}, "amounts_due[0][description]"),
        ({"amounts_due": parts(*[500] * 61)}, "amounts_due"),
    ],
)
def test_what_is_wrong_is_refused_at_its_parameter(api, customer, sent, param):
    invoice = draft(api, customer)
    error = api.error("POST", f"invoices/{invoice['id']}", **sent)
    assert error["param"] == param
    assert api.get(f"invoices/{invoice['id']}")["amounts_due"] == invoice["amounts_due"]


def test_another_total_is_refused_as_the_invoice_is_finalized(api, customer):
    invoice = draft(api, customer)
    api.post("invoiceitems", customer=customer, invoice=invoice["id"], amount=100, currency="eur")
    error = api.error("POST", f"invoices/{invoice['id']}/finalize")
    assert error["param"] == "amounts_due"
    assert "(30000) must be the total of the invoice (30100)" in error["message"]
    assert api.get(f"invoices/{invoice['id']}")["status"] == "draft"
    assert api.post(f"invoices/{invoice['id']}", amounts_due="")["amounts_due"] is None
    assert api.post(f"invoices/{invoice['id']}/finalize")["status"] == "open"


def test_parts_of_an_empty_draft_are_compared_later(api, customer):
    invoice = api.post("invoices", customer=customer, collection_method="send_invoice", amounts_due=parts(500, 500))
    api.post("invoiceitems", customer=customer, invoice=invoice["id"], amount=1000, currency="eur")
    assert len(api.post(f"invoices/{invoice['id']}/finalize")["amounts_due"]) == 2


def test_a_due_date_takes_the_place_of_parts_and_the_other_way_round(api, customer):
    invoice = draft(api, customer)
    after = api.post(f"invoices/{invoice['id']}", due_date=1900000000)
    assert (after["amounts_due"], after["due_date"]) == (None, 1900000000)
    after = api.post(f"invoices/{invoice['id']}", amounts_due=parts(30000))
    assert (len(after["amounts_due"]), after["due_date"]) == (1, None)


def test_credit_and_credit_notes_count_for_the_oldest_first(api, customer):
    api.post(f"customers/{customer}/balance_transactions", amount=-4000, currency="eur")
    invoice = opened(api, customer)
    assert states(invoice) == [(4000, 6000, "open"), (0, 10000, "open"), (0, 10000, "open")]
    note = api.post("credit_notes", invoice=invoice["id"], amount=7000)
    after = api.get(f"invoices/{invoice['id']}")
    assert states(after) == [(10000, 0, "paid"), (1000, 9000, "open"), (0, 10000, "open")]
    api.post(f"credit_notes/{note['id']}/void")
    assert states(api.get(f"invoices/{invoice['id']}"))[0] == (4000, 6000, "open")


def test_an_earlier_balance_is_due_with_the_first_part(api, customer):
    api.post(f"customers/{customer}/balance_transactions", amount=500, currency="eur")
    invoice = opened(api, customer)
    assert invoice["amount_due"] == 30500
    assert [each["amount"] for each in invoice["amounts_due"]] == [10500, 10000, 10000]


def test_fifty_parallel_payments_fill_the_parts_and_no_more(api, customer):
    invoice = opened(api, customer)

    def attach(_: int) -> int:
        return int(pay(api, invoice, 1000)["amount_remaining"])

    with ThreadPoolExecutor(16) as pool:
        left = sorted(pool.map(attach, range(30)))
    assert left == [each * 1000 for each in range(30)]
    after = api.get(f"invoices/{invoice['id']}")
    assert (after["status"], after["amount_overpaid"], states(after)) == ("paid", 0, [(10000, 0, "paid")] * 3)


def test_a_revision_has_the_same_parts(api, customer):
    invoice = opened(api, customer)
    revised = api.post("invoices", from_invoice={"action": "revision", "invoice": invoice["id"]})
    assert [each["amount"] for each in revised["amounts_due"]] == [10000] * 3
    assert [each[2] for each in states(api.post(f"invoices/{revised['id']}/finalize"))] == ["open"] * 3
