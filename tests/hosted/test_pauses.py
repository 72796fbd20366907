"""Customers pause their plans and go on with them: what is said before the click is what happens."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import pytest

from portal import clock
from portal.models import Customer, Invoice, InvoiceItem, Subscription
from portal.rules.subscriptions import pause_end
from tests.clients import Api, Portal
from tests.conftest import NOON
from tests.factories import Factories
from tests.hosted.two_clicks import click_twice
from tests.passing import pass_time

Open = Callable[..., Portal]
pytestmark = pytest.mark.usefixtures("held_clock")

DURATIONS = [{"interval": "week"}, {"interval": "month", "interval_count": 2}]


def pausing(*options: dict[str, Any]) -> dict[str, Any]:
    kind = "interval_options" if options else "indefinite"
    return {"subscription_pause": {"enabled": True, "duration": {"type": kind, "interval_options": list(options)}}}


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer()


@pytest.fixture
def plan(make: Factories, customer: Customer) -> Subscription:
    """Begun ten days ago, so that about two thirds of the month are left."""
    return make.subscription(customer, now=NOON - 10 * clock.DAY)


@pytest.fixture
def visit(portal: Open, make: Factories, customer: Customer) -> Portal:
    return portal(customer, make.configuration(**pausing(*DURATIONS)))


def words(answer: Any) -> str:
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", answer.get_data(as_text=True))).split())


def press(visit: Portal, path: str, **fields: Any) -> Any:
    """Send the form of a page as it was shown."""
    shown = visit.get(path).get_data(as_text=True)
    hidden = dict(re.findall(r'name="(revision|csrf_token)"[^>]*value="([^"]+)"', shown))
    return visit.post(path, token=False, **hidden, **fields)


def now_of(make: Factories, plan: Subscription) -> Subscription:
    with make.database.reading(make.scope) as db:
        found: Any = db.get(Subscription, (plan.tenant_id, plan.id))
    assert isinstance(found, Subscription)
    return found


def test_the_page_says_what_a_pause_means(visit: Portal, plan: Subscription) -> None:
    assert "Pause plan" in words(visit.get())
    shown = words(visit.get(f"subscriptions/{plan.id}/pause"))
    assert "Credit for the unused time €13.33" in shown
    assert "First bill after the pause €6.67" in shown
    assert "1 week, until November 28, 2026" in shown
    assert "2 months, until January 21, 2027" in shown


def test_a_pause_ends_by_itself_with_the_bill_that_was_shown(
    visit: Portal, plan: Subscription, make: Factories, api: Api
) -> None:
    answer = press(visit, f"subscriptions/{plan.id}/pause", duration="week-1")
    assert answer.status_code == 303
    assert "Paused. It goes on by itself on November 28, 2026." in words(visit.get())
    paused = api.get(f"subscriptions/{plan.id}")
    end = NOON + 7 * clock.DAY
    assert (paused["status"], paused["status_details"]["paused"]["resumes_at"]) == ("paused", end)
    with clock.hold_at(end - 1):
        pass_time(make, clock.now())
        assert now_of(make, plan).status == "paused"
    with clock.hold_at(end + 2 * 3600):
        pass_time(make, clock.now())
    resumed = now_of(make, plan)
    assert (resumed.status, resumed.current_period_start, resumed.status_details) == ("active", end, None)
    assert api.get(f"invoices/{resumed.latest_invoice_id}")["amount_due"] == 667


def test_a_pause_without_an_end_waits_for_the_customer(
    portal: Open, plan: Subscription, customer: Customer, make: Factories, api: Api
) -> None:
    visit = portal(customer, make.configuration(**pausing()))
    assert "from today until you resume it" in words(visit.get(f"subscriptions/{plan.id}/pause"))
    press(visit, f"subscriptions/{plan.id}/pause")
    with clock.hold_at(NOON + 400 * clock.DAY):
        pass_time(make, clock.now())
        assert now_of(make, plan).status == "paused"
    assert "To pay €6.67" in words(visit.get(f"subscriptions/{plan.id}/continue"))
    assert press(visit, f"subscriptions/{plan.id}/continue").status_code == 303
    resumed = now_of(make, plan)
    assert (resumed.status, resumed.current_period_start) == ("active", NOON)
    assert api.get(f"invoices/{resumed.latest_invoice_id}")["amount_due"] == 667


def test_two_clicks_pause_once(visit: Portal, plan: Subscription, customer: Customer, make: Factories) -> None:
    path = f"subscriptions/{plan.id}/pause"
    shown = visit.get(path).get_data(as_text=True)
    revision = re.search(r'name="revision"[^>]*value="(\d+)"', shown)
    assert revision
    answers = click_twice(make, customer, visit, path, revision=revision[1], duration="week-1")
    assert {answer.status_code for answer in answers} == {303}
    with make.database.reading(make.scope) as db:
        credits = db.query(InvoiceItem).where(InvoiceItem.subscription_id == plan.id, InvoiceItem.amount < 0).all()
    assert len(credits) == 1


def test_a_page_of_before_pauses_nothing(visit: Portal, plan: Subscription, make: Factories, api: Api) -> None:
    path = f"subscriptions/{plan.id}/pause"
    visit.get(path)
    api.post(f"subscriptions/{plan.id}", metadata={"seen": "no"}, items=[{"price": make.price().id}])
    answer = visit.post(path, revision="1", duration="week-1")
    assert answer.status_code == 409
    assert "Nothing was paused yet." in words(answer)
    assert now_of(make, plan).status == "active"


@pytest.mark.parametrize("chosen", [None, "year-9", ""])
def test_a_duration_has_to_be_chosen(visit: Portal, plan: Subscription, make: Factories, chosen: str | None) -> None:
    fields = {} if chosen is None else {"duration": chosen}
    answer = press(visit, f"subscriptions/{plan.id}/pause", **fields)
    assert answer.status_code == 400
    assert now_of(make, plan).status == "active"


def test_what_is_decided_about_a_plan_is_not_paused(
    visit: Portal, plan: Subscription, make: Factories, api: Api
) -> None:
    api.post(f"subscriptions/{plan.id}", cancel_at_period_end=True)
    assert "Pause plan" not in words(visit.get())
    assert visit.get(f"subscriptions/{plan.id}/pause").status_code == 303
    assert visit.get(f"subscriptions/{plan.id}/continue").status_code == 303


def test_what_is_off_does_not_exist(portal: Open, plan: Subscription, customer: Customer, make: Factories) -> None:
    visit = portal(customer, make.configuration())
    assert "Pause plan" not in words(visit.get())
    for path in ("pause", "continue"):
        assert visit.get(f"subscriptions/{plan.id}/{path}").status_code == 404
        assert visit.post(f"subscriptions/{plan.id}/{path}").status_code == 404


def test_a_flow_pauses_and_leads_on(portal: Open, plan: Subscription, customer: Customer, make: Factories) -> None:
    flow = {
        "type": "subscription_pause",
        "subscription_pause": {"subscription": plan.id},
        "after_completion": {"type": "hosted_confirmation", "hosted_confirmation": {"custom_message": "See you"}},
    }
    visit = portal(customer, make.configuration(**pausing({"interval": "month"})), flow_data=flow)
    path = f"subscriptions/{plan.id}/pause"
    assert visit.get().location.endswith(path)
    answer = press(visit, path)
    assert answer.location.endswith("/done")
    assert "See you" in words(visit.get("done"))
    assert pause_end(now_of(make, plan).status_details) == NOON + 30 * clock.DAY


def test_a_flow_needs_the_feature_and_a_plan_that_can_pause(
    api: Api, plan: Subscription, customer: Customer, make: Factories
) -> None:
    def refused(features: dict[str, Any]) -> str:
        flow = {"type": "subscription_pause", "subscription_pause": {"subscription": plan.id}}
        sent = {"customer": customer.id, "configuration": make.configuration(**features).id, "flow_data": flow}
        return str(api.error("POST", "billing_portal/sessions", **sent)["message"])

    assert "features[subscription_pause][enabled]" in refused({})
    api.post(f"subscriptions/{plan.id}/pause", type="subscription")
    assert "can't be paused as it is now" in refused(pausing())


@pytest.mark.parametrize("moment", [NOON - 1, NOON])
def test_the_end_of_a_pause_is_to_come(api: Api, plan: Subscription, moment: int) -> None:
    error = api.error("POST", f"subscriptions/{plan.id}/pause", type="subscription", resumes_at=moment)
    assert error["param"] == "resumes_at"
    assert api.get(f"subscriptions/{plan.id}")["status"] == "active"


def test_going_on_by_a_call_ends_a_pause_before_its_end(api: Api, plan: Subscription, make: Factories) -> None:
    api.post(f"subscriptions/{plan.id}/pause", type="subscription", resumes_at=NOON + 90 * clock.DAY)
    api.post(f"subscriptions/{plan.id}/resume", billing_cycle_anchor="now")
    with clock.hold_at(NOON + 100 * clock.DAY):
        pass_time(make, clock.now())
    with make.database.reading(make.scope) as db:
        bills = db.query(Invoice).where(Invoice.subscription_id == plan.id).all()
    starts = [each.period_start for each in bills]
    # the first, the one of going on, and three months after it
    assert len(starts) == 5
    assert NOON + 90 * clock.DAY not in starts
