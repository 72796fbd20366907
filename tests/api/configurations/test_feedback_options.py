"""Reasons of the merchant's own: made, changed, deactivated, configured and chosen."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.clients import Api
from tests.contract import violations
from tests.factories import Factories

PATH = "billing/feedback_options"


@pytest.fixture
def option(api: Api) -> Any:
    return api.post(PATH, description="I am moving away")


def reason(*ids: str) -> dict[str, Any]:
    asked = {"enabled": True, "options": ["other"], "feedback_options": list(ids)}
    return {"subscription_cancel": {"enabled": True, "cancellation_reason": asked}}


def test_an_option_is_as_documented(api: Api, option: Any) -> None:
    assert list(violations(option, stripe.billing.FeedbackOption)) == []
    assert option == {
        "id": option["id"],
        "object": "billing.feedback_option",
        "description": "I am moving away",
        "livemode": False,
        "status": "active",
        "status_transitions": {"deactivated_at": None},
    }
    assert option["id"].startswith("fo_")
    assert api.get(f"{PATH}/{option['id']}") == option


def test_its_words_can_change(api: Api, option: Any) -> None:
    changed = api.post(f"{PATH}/{option['id']}", description="I moved")
    assert changed["description"] == "I moved"


def test_a_deactivated_one_stays_so(api: Api, option: Any) -> None:
    done = api.post(f"{PATH}/{option['id']}/deactivate")
    assert done["status"] == "inactive"
    assert done["status_transitions"]["deactivated_at"]
    assert api.post(f"{PATH}/{option['id']}/deactivate") == done


def test_lists_by_status(api: Api, option: Any) -> None:
    gone = api.post(PATH, description="Old")
    api.post(f"{PATH}/{gone['id']}/deactivate")
    assert [each["id"] for each in api.get(PATH)["data"]] == [gone["id"], option["id"]]
    assert [each["id"] for each in api.get(PATH, status="active")["data"]] == [option["id"]]
    assert [each["id"] for each in api.get(PATH, status="inactive")["data"]] == [gone["id"]]


@pytest.mark.parametrize(
    "sent", [{}, {"description": ""}, {"description": "x" * 101}, {"description": "a", "key": "b"}]
)
def test_what_is_no_option(api: Api, sent: dict[str, str]) -> None:
    api.error("POST", PATH, **sent)
    assert api.get(PATH)["data"] == []


def test_a_configuration_names_them(api: Api, option: Any) -> None:
    expand = ["features.subscription_cancel.cancellation_reason.feedback_options"]
    made = api.post("billing_portal/configurations", features=reason(option["id"]))
    kept = made["features"]["subscription_cancel"]["cancellation_reason"]
    assert kept["feedback_options"] == [option["id"]]
    shown = api.get(f"billing_portal/configurations/{made['id']}", expand=expand)
    assert shown["features"]["subscription_cancel"]["cancellation_reason"]["feedback_options"] == [option]


@pytest.mark.parametrize(("which", "status"), [("unknown", 400), ("inactive", 400), ("twice", 400)])
def test_a_configuration_can_not_name(api: Api, option: Any, which: str, status: int) -> None:
    if which == "inactive":
        api.post(f"{PATH}/{option['id']}/deactivate")
    ids = {"unknown": ["fo_1"], "inactive": [option["id"]], "twice": [option["id"]] * 2}[which]
    error = api.error("POST", "billing_portal/configurations", status, features=reason(*ids))
    at = len(ids) - 1
    assert error["param"] == f"features[subscription_cancel][cancellation_reason][feedback_options][{at}]"


@pytest.mark.parametrize("at_once", [True, False])
def test_a_cancellation_keeps_the_choice(api: Api, option: Any, make: Factories, at_once: bool) -> None:
    path = f"subscriptions/{make.subscription().id}"
    details = {
        "cancellation_details": {"feedback_option": option["id"]},
        "expand": ["cancellation_details.feedback_option"],
    }
    done = api.delete(path, **details) if at_once else api.post(path, cancel_at_period_end=True, **details)
    assert done["cancellation_details"]["feedback_option"] == option
    assert api.get(path)["cancellation_details"]["feedback_option"] == option["id"]


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_an_unknown_choice_is_refused(api: Api, make: Factories, method: str) -> None:
    path = f"subscriptions/{make.subscription().id}"
    error = api.error(method, path, 400, cancellation_details={"feedback_option": "fo_1"})
    assert error["param"] == "cancellation_details[feedback_option]"
