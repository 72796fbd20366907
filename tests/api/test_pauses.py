"""Collection that pauses, and trials that end in a pause or for good."""

from __future__ import annotations

from typing import Any

import pytest

from portal import clock
from portal.rules.steps import DRAFT_FOR
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
    with clock.at(NOON):
        changed = api.post(f"subscriptions/{subscription['id']}", pause_collection={"behavior": behavior})
    assert changed["pause_collection"] == {"behavior": behavior, "resumes_at": None}
    pass_time(make, RENEWAL + DRAFT_FOR)
    after = latest(api, subscription)
    assert (after["status"], after["current_period_start"]) == ("active", RENEWAL)
    assert after["latest_invoice"]["status"] == status


def test_collection_goes_on_at_its_time_or_when_told(api: Api, active: Any, make: Factories) -> None:
    subscription, other = active(), active()
    with clock.at(NOON):
        for each in (subscription, other):
            pause = {"behavior": "void", "resumes_at": RENEWAL - 1}
            api.post(f"subscriptions/{each['id']}", pause_collection=pause)
        assert api.post(f"subscriptions/{other['id']}", pause_collection="")["pause_collection"] is None
        early = {"pause_collection": {"behavior": "void", "resumes_at": NOON}}
        error = api.error("POST", f"subscriptions/{other['id']}", **early)
    assert error["param"] == "pause_collection[resumes_at]"
    pass_time(make, RENEWAL + DRAFT_FOR)
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
    with clock.at(RENEWAL):
        resumed = api.post(f"subscriptions/{subscription['id']}/resume", expand=["latest_invoice"])
    assert (resumed["status"], resumed["current_period_start"]) == ("past_due", RENEWAL)
    assert resumed["latest_invoice"]["total"] == 3000
    api.post(f"invoices/{resumed['latest_invoice']['id']}/pay", paid_out_of_band=True)
    assert latest(api, subscription)["status"] == "active"
