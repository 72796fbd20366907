"""What is decided about transfers by hand, and how it is taken back: every amount returns."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from portal import clock
from tests.clients import Api
from tests.passing import pass_time
from tests.statements_of_banks import Transfer

from portal.rules.creditor_references import make_reference  # isort: skip


@pytest.fixture
def waiting(bank: Any, transfers: Any) -> Any:
    """`waiting(5000)` is a transfer that nothing says what it is for."""

    def take_in(amount: int, purpose: str = "thanks") -> Any:
        bank(Transfer(amount, purpose), number=f"S-{amount}-{purpose}")
        return transfers()[-1]

    return take_in


def test_a_suggestion_is_accepted(api, opened, waiting) -> None:
    invoice = opened(11900)
    transfer = waiting(10000, f"part of {invoice['number']}")
    done = api.post(f"bank_transactions/{transfer['id']}/assign", suggested=True)
    assert (done["status"], done["suggestions"], done["customer"]) == ("assigned", [], invoice["customer"])
    assert api.get(f"invoices/{invoice['id']}")["amount_remaining"] == 1900


def test_a_transfer_is_assigned_in_parts(api, opened, waiting, customer) -> None:
    one, two = opened(3000), opened(4000)
    path = f"bank_transactions/{waiting(10000)['id']}"
    part = api.post(f"{path}/assign", invoices=[{"invoice": one["id"], "amount": 1000}])
    assert (part["status"], part["amount_assigned"]) == ("waiting", 1000)
    whole = api.post(f"{path}/assign", invoices=[{"invoice": two["id"]}], customer_balance=customer)
    assert (whole["status"], whole["amount_assigned"]) == ("assigned", 10000)
    assert api.get(f"customers/{customer}")["balance"] == -5000
    assert [api.get(f"invoices/{each['id']}")["amount_paid"] for each in (one, two)] == [1000, 4000]


def test_a_transfer_is_set_aside(api, waiting) -> None:
    path = f"bank_transactions/{waiting(10000)['id']}"
    assert api.post(f"{path}/assign", set_aside=True)["status"] == "set_aside"
    assert api.error("POST", f"{path}/assign", set_aside=True)["message"].startswith("Nothing is left")
    assert api.post(f"{path}/reverse")["status"] == "waiting"
    assert "nothing to take back" in api.error("POST", f"{path}/reverse")["message"]


@pytest.mark.parametrize(
    ("sent", "param"),
    [
        ({}, None),
        ({"suggested": True}, "suggested"),
        ({"invoices": [{"invoice": "in_x"}]}, "invoices[0][invoice]"),
        ({"customer_balance": "cus_x"}, "customer_balance"),
        ({"set_aside": True, "customer_balance": "cus_x"}, "set_aside"),
        ({"invoices": [{"invoice": "in_x"}, {"invoice": "in_x"}]}, "invoices"),
    ],
)
def test_what_can_not_be_assigned_is_refused_with_its_parameter(api, waiting, sent, param: str | None) -> None:
    assert api.error("POST", f"bank_transactions/{waiting(10000)['id']}/assign", **sent).get("param") == param


def test_no_more_than_the_transfer_is_assigned(api, opened, waiting) -> None:
    invoice = opened(30000)
    sent = [{"invoice": invoice["id"], "amount": 10001}]
    error = api.error("POST", f"bank_transactions/{waiting(10000)['id']}/assign", invoices=sent)
    assert error["param"] == "invoices[0][amount]"


def test_reversing_opens_the_invoice_and_returns_every_amount(api, opened, bank, transfers, customer) -> None:
    invoice = opened(11900)
    before = api.get(f"invoices/{invoice['id']}")
    bank(Transfer(12900, reference=make_reference(invoice["number"])))
    (transfer,) = transfers()
    back = api.post(f"bank_transactions/{transfer['id']}/reverse")
    assert (back["status"], back["amount_assigned"], back["customer"]) == ("waiting", 0, None)
    after = api.get(f"invoices/{invoice['id']}", expand=["payments"])
    keys = ("status", "amount_paid", "amount_remaining", "amount_overpaid", "amount_due", "ending_balance")
    assert {key: after[key] for key in keys} == {key: before[key] for key in keys}
    assert api.get(f"customers/{customer}")["balance"] == 0
    (payment,) = after["payments"]["data"]
    assert (payment["status"], bool(payment["status_transitions"]["canceled_at"])) == ("canceled", True)
    record = api.get(f"payment_records/{payment['payment']['payment_record']}")
    assert record["amount_canceled"]["value"] == 12900
    again = api.post(f"bank_transactions/{transfer['id']}/assign", invoices=[{"invoice": invoice["id"]}])
    assert (again["amount_assigned"], api.get(f"invoices/{invoice['id']}")["status"]) == (11900, "paid")


def test_what_was_written_off_is_taken_back_as_well(api, opened, bank, transfers) -> None:
    api.post("account", settings={"bank": {"underpayment_tolerance": 50}})
    invoice = opened(11900)
    bank(Transfer(11850, invoice["number"]))
    api.post(f"bank_transactions/{transfers()[0]['id']}/reverse")
    after = api.get(f"invoices/{invoice['id']}")
    assert (after["status"], after["amount_paid"], after["amount_remaining"]) == ("open", 0, 11900)


def test_a_reversal_of_the_bank_takes_back_what_was_booked(api, opened, bank, transfers, told_types) -> None:
    invoice = opened(11900)
    credit = Transfer(11900, invoice["number"], end_to_end_id="E-77")
    bank(credit)
    taken = Transfer(11900, invoice["number"], end_to_end_id="E-77", reversal=True, day="2026-11-24")
    told_types()
    bank(taken, number="S-2")
    original, reversal = transfers()
    assert (original["status"], original["reversed_by"]) == ("reversed", reversal["id"])
    assert (reversal["type"], reversal["status"]) == ("reversal", "assigned")
    after = api.get(f"invoices/{invoice['id']}", expand=["payments"])
    assert (after["status"], after["amount_remaining"]) == ("open", 11900)
    assert {"invoice.payment_failed", "invoice.updated", "bank_transaction.reversed"} <= told_types()
    record = api.get(f"payment_records/{after['payments']['data'][0]['payment']['payment_record']}")
    assert record["amount_failed"]["value"] == 11900
    assert api.post(f"bank_transactions/{reversal['id']}/reverse")["status"] == "waiting"
    assert transfers()[0]["status"] == "waiting"


def test_a_reversal_of_the_same_file_is_settled_too(api, opened, bank, transfers) -> None:
    invoice = opened(11900)
    bank(Transfer(11900, invoice["number"]), Transfer(11900, invoice["number"], reversal=True))
    assert [each["status"] for each in transfers()] == ["reversed", "assigned"]
    assert api.get(f"invoices/{invoice['id']}")["status"] == "open"


def test_a_reversal_that_fits_none_waits_until_it_is_named(api, opened, bank, transfers) -> None:
    invoice = opened(11900)
    bank(Transfer(11900, invoice["number"]))
    bank(Transfer(11900, "return", iban=None, payer="", reversal=True), number="S-2")
    original, reversal = transfers()
    assert reversal["status"] == "waiting"
    assert api.error("POST", f"bank_transactions/{reversal['id']}/assign", customer_balance=invoice["customer"])
    done = api.post(f"bank_transactions/{original['id']}/reverse", reversed_by=reversal["id"])
    assert (done["status"], transfers()[1]["status"]) == ("reversed", "assigned")
    assert api.get(f"invoices/{invoice['id']}")["status"] == "open"


def test_a_subscription_is_past_due_when_its_payment_is_taken_back(api, make, bank, transfers) -> None:
    plan = make.subscription(collection_method="charge_automatically", days_until_due=None)
    invoice = api.get(f"subscriptions/{plan.id}", expand=["latest_invoice"])["latest_invoice"]
    if invoice["status"] == "paid":
        pytest.fail("the first invoice is to be paid by the transfer")
    bank(Transfer(invoice["amount_due"], invoice["number"], currency=invoice["currency"].upper()))
    assert api.get(f"subscriptions/{plan.id}")["status"] == "active"
    api.post(f"bank_transactions/{transfers()[0]['id']}/reverse")
    assert api.get(f"subscriptions/{plan.id}")["status"] == "past_due"


def test_an_invoice_that_is_open_again_falls_due_again(api, make, opened, bank, transfers) -> None:
    invoice = opened(11900, collection_method="send_invoice", days_until_due=1)
    bank(Transfer(11900, invoice["number"]))
    api.post(f"bank_transactions/{transfers()[0]['id']}/reverse")
    pass_time(make, clock.now() + 3 * clock.DAY)
    assert "invoice.overdue" in {each["type"] for each in api.get("events", limit=100)["data"]}


def test_many_who_assign_at_once_assign_once(app, api, opened, waiting) -> None:
    invoice = opened(30000)
    path = f"bank_transactions/{waiting(10000)['id']}/assign"

    def assign(_: int) -> int:
        mine = Api(app.test_client(), api.key)
        return mine.request("POST", path, invoices=[{"invoice": invoice["id"], "amount": 10000}]).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(assign, range(16))) == [200] + [400] * 15
    assert api.get(f"invoices/{invoice['id']}")["amount_paid"] == 10000


def test_many_transfers_for_one_customer_at_once_lose_nothing(app, api, opened, waiting, customer) -> None:
    invoice = opened(30000)
    ids = [waiting(1000 + number, f"no {number}")["id"] for number in range(8)]

    def assign(id: str) -> int:
        mine = Api(app.test_client(), api.key)
        sent = {"invoices": [{"invoice": invoice["id"], "amount": 900}], "customer_balance": customer}
        for _ in range(20):
            done = mine.request("POST", f"bank_transactions/{id}/assign", **sent).status_code
            if done != 503:  # whoever waited too long for the others tries again
                break
        return done

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(assign, ids)) == [200] * 8
    assert api.get(f"invoices/{invoice['id']}")["amount_paid"] == 8 * 900
    assert api.get(f"customers/{customer}")["balance"] == -sum(100 + number for number in range(8))
