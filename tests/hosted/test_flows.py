"""Flows: one task, nothing beside it, and then where the merchant wants the customer to go."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from portal.models import Customer, PortalSession, Subscription
from tests.clients import Portal
from tests.factories import Factories

Open = Callable[..., Portal]
MESSAGE = {"type": "hosted_confirmation", "hosted_confirmation": {"custom_message": "Thanks, <b>Jenny</b>!"}}
REDIRECT = {"type": "redirect", "redirect": {"return_url": "https://rides.example.com/account?from=billing"}}


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer()


@pytest.fixture
def plan(make: Factories, customer: Customer) -> Subscription:
    return make.subscription(customer)


def updating(after: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"type": "customer_update", **({"after_completion": after} if after else {})}


def canceling(plan: Subscription, after: dict[str, Any] | None = None) -> dict[str, Any]:
    flow = {"type": "subscription_cancel", "subscription_cancel": {"subscription": plan.id}}
    return {**flow, **({"after_completion": after} if after else {})}


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]+)"', page)
    assert found
    return found[1]


def sent(visit: Portal, page: str, path: str, **fields: str) -> Any:
    """Post a form as the task's own page carries it."""
    html = visit.get(page).get_data(as_text=True)
    token = hidden(html, "csrf_token")
    if "cancel" in path:
        fields["revision"] = hidden(html, "revision")
    return visit.post(path, token=False, csrf_token=token, **fields)


def completed_at(make: Factories, visit: Portal) -> int | None:
    with make.database.reading(make.scope) as db:
        moments = {row.id: row.flow_completed_at for row in db.query(PortalSession)}
    return moments[visit.session_id]


def test_the_home_page_leads_to_the_task(portal: Open, make: Factories, customer: Customer, plan: Subscription) -> None:
    configuration = make.configuration()
    update = portal(customer, configuration, flow_data=updating()).get()
    cancel = portal(customer, configuration, flow_data=canceling(plan)).get()
    assert update.location.endswith("/details")
    assert cancel.location.endswith(f"/subscriptions/{plan.id}/cancel")


@pytest.mark.parametrize("path", ["details", "details/name", "details/email", "details/tax-ids"])
def test_updating_reaches_the_details_only(
    portal: Open, make: Factories, customer: Customer, plan: Subscription, path: str
) -> None:
    visit = portal(customer, make.configuration(), flow_data=updating())
    assert visit.get(path).status_code == 200
    for other in ("invoices", f"subscriptions/{plan.id}/cancel", f"subscriptions/{plan.id}/canceled"):
        assert visit.get(other).status_code == 404


@pytest.mark.parametrize("path", ["invoices", "details", "details/name", "details/email", "details/tax-ids"])
def test_canceling_reaches_nothing_else(
    portal: Open, make: Factories, customer: Customer, plan: Subscription, path: str
) -> None:
    assert portal(customer, make.configuration(), flow_data=canceling(plan)).get(path).status_code == 404


@pytest.mark.parametrize("path", ["cancel", "canceled"])
def test_canceling_reaches_that_plan_only(
    portal: Open, make: Factories, customer: Customer, plan: Subscription, path: str
) -> None:
    other = make.subscription(customer)
    visit = portal(customer, make.configuration(), flow_data=canceling(plan))
    assert visit.get(f"subscriptions/{other.id}/{path}").status_code == 404


def test_a_flow_has_no_navigation(portal: Open, make: Factories, customer: Customer, plan: Subscription) -> None:
    configuration = make.configuration()
    for flow, path in ((updating(), "details"), (canceling(plan), f"subscriptions/{plan.id}/cancel")):
        page = portal(customer, configuration, flow_data=flow).get(path).get_data(as_text=True)
        assert "<nav" not in page
        assert "Your billing" not in page


def test_saving_comes_back_to_the_details_until_the_customer_is_done(
    portal: Open, make: Factories, customer: Customer
) -> None:
    phone = {"customer_update": {"enabled": True, "allowed_updates": ["phone"]}}
    visit = portal(customer, make.configuration(**phone), flow_data=updating(MESSAGE))
    assert sent(visit, "details/phone", "details/phone", phone="+33 1").location.endswith("/details")
    assert completed_at(make, visit) is None
    assert sent(visit, "details", "details/done").location.endswith("/done")
    assert completed_at(make, visit) is not None


def test_the_merchants_words_are_shown_as_text(portal: Open, make: Factories, customer: Customer) -> None:
    visit = portal(customer, make.configuration(), flow_data=updating(MESSAGE), return_url="https://rides.example.com/")
    sent(visit, "details", "details/done")
    page = visit.get("done").get_data(as_text=True)
    assert "Thanks, &lt;b&gt;Jenny&lt;/b&gt;!" in page
    assert 'href="https://rides.example.com/"' in page


def test_a_redirect_is_a_page_that_moves_on(
    portal: Open, make: Factories, customer: Customer, plan: Subscription
) -> None:
    visit = portal(customer, make.configuration(), flow_data=canceling(plan, REDIRECT))
    path = f"subscriptions/{plan.id}/cancel"
    answer = sent(visit, path, path)
    assert answer.location == f"/p/{visit.session_id}/done"
    page = visit.get("done")
    assert page.headers["Refresh"] == "0; url=https://rides.example.com/account?from=billing"
    assert 'href="https://rides.example.com/account?from=billing"' in page.get_data(as_text=True)


def test_by_default_the_whole_portal_follows(
    portal: Open, make: Factories, customer: Customer, plan: Subscription
) -> None:
    visit = portal(customer, make.configuration(), flow_data=canceling(plan))
    path = f"subscriptions/{plan.id}/cancel"
    assert sent(visit, path, path).location == f"/p/{visit.session_id}/"
    home = visit.get().get_data(as_text=True)
    assert "is canceled. It stays until" in home
    assert visit.get("invoices").status_code == 200


def test_a_second_click_in_a_flow_goes_on_as_well(
    portal: Open, make: Factories, customer: Customer, plan: Subscription
) -> None:
    visit = portal(customer, make.configuration(), flow_data=canceling(plan, MESSAGE))
    path = f"subscriptions/{plan.id}/cancel"
    page = visit.get(path).get_data(as_text=True)
    fields = {"csrf_token": hidden(page, "csrf_token"), "revision": hidden(page, "revision")}
    answers = [visit.post(path, token=False, **fields) for _ in range(2)]
    assert [answer.location.rsplit("/", 1)[1] for answer in answers] == ["done", "done"]


def test_nothing_is_done_before_the_task(portal: Open, make: Factories, customer: Customer) -> None:
    assert portal(customer, make.configuration(), flow_data=updating(MESSAGE)).get("done").status_code == 404


def test_outside_a_flow_there_is_nothing_to_finish(portal: Open, make: Factories, customer: Customer) -> None:
    visit = portal(customer, make.configuration())
    assert visit.post("details/done").status_code == 404
    assert visit.get("done").status_code == 404
    assert "details/done" not in visit.get("details").get_data(as_text=True)
