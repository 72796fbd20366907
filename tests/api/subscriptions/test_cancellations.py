"""The end of a subscription over the API: at once, with its period, at a date, or not after all."""

from __future__ import annotations

from typing import Any

import pytest

from portal import clock
from tests.api.subscriptions.test_subscriptions import MONTH, quantity_to
from tests.clients import Api
from tests.conftest import NOON


def test_it_ends_with_its_period_or_not_after_all(api: Api, active: Any) -> None:
    path = f"subscriptions/{active()['id']}"
    details = {"feedback": "too_expensive", "comment": "Too dear"}
    with clock.hold_at(NOON + 5):
        ending = api.post(path, cancel_at_period_end=True, cancellation_details=details)
    assert (ending["status"], ending["cancel_at_period_end"], ending["cancel_at"]) == ("active", True, NOON + MONTH)
    assert (ending["canceled_at"], ending["ended_at"]) == (NOON + 5, None)
    expected = {**details, "reason": "cancellation_requested"}
    assert ending["cancellation_details"] == expected | {"feedback_option": None}
    kept = api.post(path, cancel_at_period_end=False)
    assert (kept["cancel_at_period_end"], kept["cancel_at"], kept["canceled_at"]) == (False, None, None)
    assert set(kept["cancellation_details"].values()) == {None}


def test_it_ends_at_a_date_or_not_after_all(api: Api, active: Any) -> None:
    path = f"subscriptions/{active()['id']}"
    with clock.hold_at(NOON + 5):
        ending = api.post(path, cancel_at=NOON + 99)
        assert (ending["cancel_at"], ending["cancel_at_period_end"]) == (NOON + 99, False)
        assert api.error("POST", path, cancel_at=NOON + 5)["param"] == "cancel_at"
        assert api.error("POST", path, cancel_at=NOON + 9, cancel_at_period_end=True)["param"] == "cancel_at"
        assert api.post(path, cancel_at_period_end=False)["cancel_at"] == NOON + 99
        assert api.post(path, cancel_at="")["cancel_at"] is None


def test_canceling_ends_it_at_once(api: Api, active: Any) -> None:
    subscription = active()
    path = f"subscriptions/{subscription['id']}"
    api.post(path, cancel_at_period_end=True)
    with clock.hold_at(NOON + 7):
        ended = api.delete(path, cancellation_details={"feedback": "unused"})
    assert (ended["status"], ended["canceled_at"], ended["ended_at"]) == ("canceled", NOON + 7, NOON + 7)
    assert (ended["cancel_at"], ended["cancel_at_period_end"]) == (None, False)
    assert ended["cancellation_details"]["feedback"] == "unused"
    assert ended["cancellation_details"]["reason"] == "cancellation_requested"
    assert api.get("invoiceitems", pending=True)["data"] == []
    assert api.error("DELETE", path, 404)["code"] == "resource_missing"


def test_what_has_ended_takes_words_about_its_end_only(api: Api, active: Any) -> None:
    path = f"subscriptions/{active()['id']}"
    api.delete(path)
    changed = api.post(path, metadata={"a": "1"}, cancellation_details={"comment": "Bye"})
    assert (changed["metadata"], changed["cancellation_details"]["comment"]) == ({"a": "1"}, "Bye")
    for sent in ({"cancel_at_period_end": False}, {"description": "x"}, {"items": quantity_to(changed, 2)}):
        assert "can only update" in api.error("POST", path, **sent)["message"]


def test_canceling_with_proration_credits_to_the_second(api: Api, active: Any) -> None:
    subscription = active(unit_amount=MONTH)
    with clock.hold_at(NOON + 1000000):
        api.delete(f"subscriptions/{subscription['id']}", prorate=True)
    [item] = api.get("invoiceitems", pending=True)["data"]
    assert (item["amount"], item["proration"]) == (1000000 - MONTH, True)


def test_canceling_bills_what_is_pending_at_once(api: Api, active: Any) -> None:
    subscription = active()
    own = {"customer": subscription["customer"], "currency": "eur"}
    api.post("invoiceitems", **own, amount=700, subscription=subscription["id"])
    api.post("invoiceitems", **own, amount=50)
    with clock.hold_at(NOON + 15 * clock.DAY):
        path = f"subscriptions/{subscription['id']}/cancel"
        ended = api.post(path, prorate=True, invoice_now=True, expand=["latest_invoice"])
    assert (ended["latest_invoice"]["total"], ended["latest_invoice"]["status"]) == (-800, "paid")
    assert api.get(f"customers/{subscription['customer']}")["balance"] == -800
    assert [item["amount"] for item in api.get("invoiceitems", pending=True)["data"]] == [50]


def test_canceling_forgets_prorations_unless_they_are_billed(api: Api, active: Any) -> None:
    for extra, left in (({}, 0), ({"prorate": True}, 3), ({"invoice_now": True}, 0)):
        subscription = active()
        with clock.hold_at(NOON + 15 * clock.DAY):
            api.post(f"subscriptions/{subscription['id']}", items=quantity_to(subscription, 2))
            ended = api.delete(f"subscriptions/{subscription['id']}", **extra)
        waiting = api.get("invoiceitems", customer=subscription["customer"], pending=True)["data"]
        assert len(waiting) == left
        assert (ended["latest_invoice"] != subscription["latest_invoice"]) is ("invoice_now" in extra)


def test_a_trial_has_nothing_to_give_back(api: Api, begun: Any) -> None:
    subscription = begun(trial_period_days=7)
    with clock.hold_at(NOON + clock.DAY):
        api.delete(f"subscriptions/{subscription['id']}", prorate=True, invoice_now=True)
    assert api.get(f"customers/{subscription['customer']}")["balance"] == 0
    assert len(api.get("invoices")["data"]) == 1


def test_an_open_invoice_outlives_its_subscription(api: Api, active: Any) -> None:
    subscription = active()
    with clock.hold_at(NOON + clock.DAY):
        sent = {"items": quantity_to(subscription, 2), "proration_behavior": "always_invoice"}
        changed = api.post(f"subscriptions/{subscription['id']}", **sent)
        api.delete(f"subscriptions/{subscription['id']}")
    invoice = api.get(f"invoices/{changed['latest_invoice']}")
    assert (invoice["status"], invoice["auto_advance"]) == ("open", False)
    api.post(f"invoices/{invoice['id']}/pay", paid_out_of_band=True)
    assert api.get(f"subscriptions/{subscription['id']}")["status"] == "canceled"


def test_canceling_before_the_first_payment_voids_its_invoice(api: Api, begun: Any) -> None:
    subscription = begun()
    ended = api.delete(f"subscriptions/{subscription['id']}", prorate=True)
    assert (ended["status"], ended["ended_at"] is None) == ("incomplete_expired", False)
    assert api.get(f"invoices/{subscription['latest_invoice']}")["status"] == "void"
    assert api.get("invoiceitems", pending=True)["data"] == []


@pytest.mark.parametrize(("paid", "status"), [(False, "incomplete_expired"), (True, "active")])
def test_voiding_the_latest_invoice(api: Api, begun: Any, active: Any, paid: bool, status: str) -> None:
    subscription = active() if paid else begun()
    if paid:
        with clock.hold_at(NOON + clock.DAY):
            sent = {"items": quantity_to(subscription, 2), "proration_behavior": "always_invoice"}
            subscription = api.post(f"subscriptions/{subscription['id']}", **sent)
    api.post(f"invoices/{subscription['latest_invoice']}/void")
    found = api.get(f"subscriptions/{subscription['id']}")
    assert (found["status"], found["ended_at"] is None) == (status, paid)


def test_a_deleted_customers_subscriptions_end(api: Api, active: Any) -> None:
    subscription = active()
    api.delete(f"customers/{subscription['customer']}")
    assert api.get(f"subscriptions/{subscription['id']}")["status"] == "canceled"
