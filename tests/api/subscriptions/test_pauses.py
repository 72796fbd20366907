"""Collection that pauses, and trials that end in a pause or for good."""

from __future__ import annotations

from typing import Any

import pytest

from portal import clock
from portal.rules.steps import DRAFT_DURATION
from tests.clients import Api
from tests.conftest import NOON
from tests.factories import Factories
from tests.passing import pass_time

#: 21 December 2026, noon.
RENEWAL = NOON + 30 * clock.DAY


def latest(api: Api, subscription: Any) -> Any:
    return api.get(f"subscriptions/{subscription['id']}", expand=["latest_invoice"])


@pytest.mark.parametrize(
    ("behavior", "status"), [("keep_as_draft", "draft"), ("mark_uncollectible", "uncollectible"), ("void", "void")]
)
def test_invoices_of_paused_collection_are_not_waited_for(
    api: Api, active: Any, make: Factories, behavior: str, status: str
) -> None:
    subscription = active()
    with clock.hold_at(NOON):
        changed = api.post(f"subscriptions/{subscription['id']}", pause_collection={"behavior": behavior})
    assert changed["pause_collection"] == {"behavior": behavior, "resumes_at": None}
    pass_time(make, RENEWAL + DRAFT_DURATION)
    after = latest(api, subscription)
    assert (after["status"], after["current_period_start"]) == ("active", RENEWAL)
    assert after["latest_invoice"]["status"] == status


def test_collection_goes_on_at_its_time_or_when_told(api: Api, active: Any, make: Factories) -> None:
    subscription, other = active(), active()
    with clock.hold_at(NOON):
        for each in (subscription, other):
            pause = {"behavior": "void", "resumes_at": RENEWAL - 1}
            api.post(f"subscriptions/{each['id']}", pause_collection=pause)
        assert api.post(f"subscriptions/{other['id']}", pause_collection="")["pause_collection"] is None
        early = {"pause_collection": {"behavior": "void", "resumes_at": NOON}}
        error = api.error("POST", f"subscriptions/{other['id']}", **early)
    assert error["param"] == "pause_collection[resumes_at]"
    pass_time(make, RENEWAL + DRAFT_DURATION)
    after = latest(api, subscription)
    assert (after["pause_collection"], after["latest_invoice"]["status"], after["status"]) == (None, "open", "past_due")


@pytest.mark.parametrize(("behavior", "status"), [("cancel", "canceled"), ("pause", "paused")])
def test_a_trial_ends_as_was_set(api: Api, begun: Any, make: Factories, behavior: str, status: str) -> None:
    settings = {"end_behavior": {"missing_payment_method": behavior}}
    subscription = begun(trial_period_days=7, trial_settings=settings)
    assert subscription["trial_settings"]["end_behavior"]["missing_payment_method"] == behavior
    pass_time(make, NOON + 8 * clock.DAY)
    after = latest(api, subscription)
    assert (after["status"], after["latest_invoice"]["id"]) == (status, subscription["latest_invoice"])


def test_a_paused_subscription_is_resumed(api: Api, begun: Any, make: Factories) -> None:
    settings = {"end_behavior": {"missing_payment_method": "pause"}}
    subscription = begun(trial_period_days=7, trial_settings=settings)
    assert "paused" in api.error("POST", f"subscriptions/{subscription['id']}/resume")["message"]
    pass_time(make, NOON + 8 * clock.DAY)
    with clock.hold_at(RENEWAL):
        resumed = api.post(f"subscriptions/{subscription['id']}/resume", expand=["latest_invoice"])
    assert (resumed["status"], resumed["current_period_start"]) == ("past_due", RENEWAL)
    assert resumed["latest_invoice"]["total"] == 3000
    api.post(f"invoices/{resumed['latest_invoice']['id']}/pay", paid_out_of_band=True)
    assert latest(api, subscription)["status"] == "active"


def test_a_subscription_is_paused_with_credit_for_what_was_paid(api: Api, active: Any, make: Factories) -> None:
    subscription = active()
    path, half = f"subscriptions/{subscription['id']}", NOON + 15 * clock.DAY
    with clock.hold_at(half):
        paused = api.post(f"{path}/pause")
        waiting = api.get("invoiceitems", pending=True)["data"]
    reason = {
        "resumes_at": None,
        "subscription": {"type": "pause_requested"},
        "transitioned_at": half,
        "type": "subscription",
    }
    assert (paused["status"], paused["status_details"]) == ("paused", {"paused": reason})
    assert [each["amount"] for each in waiting] == [-1500]
    pass_time(make, RENEWAL + clock.DAY)
    assert latest(api, subscription)["latest_invoice"]["id"] == subscription["latest_invoice"]
    assert "active" in api.error("POST", f"{path}/pause")["message"]


@pytest.mark.parametrize(("since", "credit"), [("item_current_period_start", [-3000]), ("none", [])])
def test_what_a_pause_credits_can_be_said(api: Api, active: Any, since: str, credit: list[int]) -> None:
    subscription = active()
    with clock.hold_at(NOON + 15 * clock.DAY):
        sent = {"bill_for": {"unused_time_from": {"type": since}}, "invoicing_behavior": "invoice"}
        api.post(f"subscriptions/{subscription['id']}/pause", **sent)
    bills = api.get("invoices", subscription=subscription["id"])["data"]
    assert [bill["total"] for bill in bills[:-1]] == credit


def test_it_goes_on_in_the_cycle_it_had(api: Api, active: Any) -> None:
    subscription = active()
    path, fifth = f"subscriptions/{subscription['id']}", RENEWAL + 5 * clock.DAY
    with clock.hold_at(NOON + clock.DAY):
        api.post(f"{path}/pause", bill_for={"unused_time_from": {"type": "none"}})
    with clock.hold_at(fifth):
        resumed = api.post(f"{path}/resume", billing_cycle_anchor="unchanged", proration_behavior="always_invoice")
    assert (resumed["current_period_start"], resumed["status_details"]) == (RENEWAL, None)
    assert resumed["billing_cycle_anchor"] == subscription["billing_cycle_anchor"]
    assert latest(api, subscription)["latest_invoice"]["total"] == round(3000 * 26 / 31)


def test_it_stays_paused_until_its_payment_where_that_is_wanted(api: Api, active: Any, make: Factories) -> None:
    subscription = active()
    path = f"subscriptions/{subscription['id']}"
    with clock.hold_at(NOON + clock.DAY):
        api.post(f"{path}/pause", bill_for={"unused_time_from": {"type": "none"}})
    sent = {"payment_behavior": "resume_on_payment_success", "billing_cycle_anchor": {"type": "now"}}
    with clock.hold_at(RENEWAL):
        waiting = api.post(f"{path}/resume", **sent)
        assert (waiting["status"], bool(waiting["pending_update"])) == ("paused", True)
        api.post(f"invoices/{waiting['latest_invoice']}/pay", paid_out_of_band=True)
    after = api.get(path)
    assert (after["status"], after["current_period_start"], after["status_details"]) == ("active", RENEWAL, None)
