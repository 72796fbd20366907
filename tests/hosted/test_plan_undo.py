"""The page behind the button of mails about cancellations and changes of plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.billing.customer_portal import plan_changes
from portal.billing.customer_portal.plan_choices import PlanChange
from portal.models import Subscription
from tests.clients import Api
from tests.factories import Factories

pytestmark = pytest.mark.usefixtures("held_clock")
DAY = clock.DAY
Link = Callable[..., str]


@pytest.fixture
def link(app: Flask, make: Factories) -> Link:
    def path(subscription: Subscription, at: int) -> str:
        links = app.extensions["portal"].links
        return urlsplit(links.plan_undo(make.scope.tenant_id, subscription.id, at)).path

    return path


@pytest.fixture
def plan(make: Factories) -> Subscription:
    return make.subscription(now=clock.now() - 10 * DAY)


def cancel(api: Api, plan: Subscription) -> Any:
    return api.post(f"subscriptions/{plan.id}", cancel_at_period_end=True)


def stored(api: Api, plan: Subscription) -> Any:
    return api.get(f"subscriptions/{plan.id}")


def test_the_button_takes_a_cancellation_back(api: Api, plan: Subscription, client: FlaskClient, link: Link) -> None:
    path = link(plan, cancel(api, plan)["cancel_at"])
    page = client.get(path)
    assert "Keep my plan" in page.text
    assert stored(api, plan)["cancel_at"] is not None, "a scanner that opens it changes nothing"
    assert client.post(path).status_code == 303
    assert stored(api, plan)["cancel_at"] is None
    after = client.get(path)
    assert "You have" in after.text
    assert "<form" not in after.text
    assert client.post(path).status_code == 303, "a second click is none"
    events = api.get("events", type="customer.subscription.updated")["data"]
    assert len(events) == 2


def test_a_link_takes_back_the_end_that_it_was_made_for_alone(
    api: Api, plan: Subscription, client: FlaskClient, link: Link
) -> None:
    cancel(api, plan)
    path = link(plan, plan.current_period_end - 1)
    assert "<form" not in client.get(path).text
    client.post(path)
    assert stored(api, plan)["cancel_at"] is not None


def test_a_plan_that_has_ended_stays_ended(api: Api, plan: Subscription, client: FlaskClient, link: Link) -> None:
    path = link(plan, cancel(api, plan)["cancel_at"])
    api.delete(f"subscriptions/{plan.id}")
    assert client.post(path).status_code == 303
    assert stored(api, plan)["status"] == "canceled"
    assert "kept any more" in client.get(path).text


@pytest.mark.parametrize("enabled", [True, False])
def test_the_link_does_what_a_configuration_lets_customers_do(
    api: Api, plan: Subscription, client: FlaskClient, link: Link, enabled: bool
) -> None:
    path = link(plan, cancel(api, plan)["cancel_at"])
    (default,) = api.get("billing_portal/configurations", is_default=True)["data"]
    api.post(f"billing_portal/configurations/{default['id']}", features={"subscription_cancel": {"enabled": enabled}})
    assert ("<form" in client.get(path).text) is enabled
    client.post(path)
    assert (stored(api, plan)["cancel_at"] is None) is enabled


def test_a_change_that_is_to_come_is_taken_back(api: Api, make: Factories, client: FlaskClient, link: Link) -> None:
    gold, silver = make.price(), make.price(make.product(name="Silver plan"), unit_amount=1000)
    feature = {
        "enabled": True,
        "default_allowed_updates": ["price"],
        "products": [{"product": silver.product_id, "prices": [silver.id]}],
        "schedule_at_period_end": {"conditions": [{"type": "decreasing_item_amount"}]},
    }
    configuration = make.configuration(subscription_update=feature)
    plan = make.subscription(price=gold, now=clock.now() - 10 * DAY)
    with make.database.writing(make.scope) as db:
        row = db.get_one(Subscription, (plan.tenant_id, plan.id))
        wanted = PlanChange(silver.id, 1)
        plan_changes.change_plan(db, row, configuration.features, wanted, session_id="bps_other", now=clock.now())
    assert stored(api, plan)["schedule"] is not None
    path = link(plan, plan.current_period_end)
    assert "Keep it as it is" in client.get(path).text
    assert client.post(path).status_code == 303
    assert stored(api, plan)["schedule"] is None


@pytest.mark.parametrize("token", ["nonsense", "k-1-sub_1:5.abc.def"])
def test_a_made_up_link_leads_nowhere(client: FlaskClient, token: str) -> None:
    assert client.get(f"/keep/{token}").status_code == 404
    assert client.post(f"/keep/{token}").status_code == 404


def test_a_link_of_another_kind_is_none(app: Flask, make: Factories, plan: Subscription, client: FlaskClient) -> None:
    other = app.extensions["portal"].links.unsubscribe(make.scope.tenant_id, plan.customer_id, "trial_ending")
    assert client.get(f"/keep/{other.rsplit('/', 1)[1]}").status_code == 404


def test_another_site_can_not_press_the_button(api: Api, plan: Subscription, client: FlaskClient, link: Link) -> None:
    path = link(plan, cancel(api, plan)["cancel_at"])
    assert client.post(path, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 400
    assert stored(api, plan)["cancel_at"] is not None
