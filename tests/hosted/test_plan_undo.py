"""The page behind the button of mails about cancellations and changes of plan."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock, i18n, zones
from portal.billing.customer_portal import plan_changes
from portal.billing.customer_portal.plan_choices import PlanChange
from portal.models import Price, Subscription
from portal.origins import Origin
from portal.outbox import mail_contents
from tests.clients import Api
from tests.conftest import NOON
from tests.factories import Factories
from tests.outbox.test_queue import Mails, mails, work

__all__ = ["mails"]
pytestmark = pytest.mark.usefixtures("held_clock")
DAY = clock.DAY
Link = Callable[[], str]


@pytest.fixture
def link(app: Flask, make: Factories, mails: Mails) -> Link:
    """The path that the newest mail leads to."""

    def path() -> str:
        with make.database.reading(make.scope) as db:
            content = mail_contents.build_mail(app.extensions["portal"], db, mails()[-1])
        assert content is not None
        return urlsplit(content.context["keep_url"]).path

    return path


@pytest.fixture
def plan(make: Factories) -> Subscription:
    return make.subscription(now=clock.now() - 10 * DAY)


def cancel(api: Api, plan: Subscription) -> Any:
    return api.post(f"subscriptions/{plan.id}", cancel_at_period_end=True)


def stored(api: Api, plan: Subscription) -> Any:
    return api.get(f"subscriptions/{plan.id}")


def test_the_button_takes_a_cancellation_back(api: Api, plan: Subscription, client: FlaskClient, link: Link) -> None:
    until = cancel(api, plan)["cancel_at"]
    path = link()
    page = client.get(path)
    assert "Keep my plan" in page.text
    assert "Gold plan is canceled" in page.text
    assert i18n.format_day(zones.day_of(until, zones.DEFAULT)) in page.text
    assert "€20.00 a month" in page.text
    assert stored(api, plan)["cancel_at"] is not None, "a scanner that opens it changes nothing"
    assert client.post(path).status_code == 303
    assert stored(api, plan)["cancel_at"] is None
    after = client.get(path)
    assert "You have" in after.text
    assert "<form" not in after.text
    assert client.post(path).status_code == 303, "a second click is none"
    events = api.get("events", type="customer.subscription.updated")["data"]
    assert len(events) == 2


@pytest.mark.parametrize("back", ["link", "call"])
def test_a_link_is_dead_once_its_cancellation_is_gone_also_when_the_same_is_decided_again(
    api: Api, plan: Subscription, client: FlaskClient, link: Link, back: str
) -> None:
    until = cancel(api, plan)["cancel_at"]
    first = link()
    if back == "link":
        client.post(first)
    else:
        api.post(f"subscriptions/{plan.id}", cancel_at_period_end=False)
    assert stored(api, plan)["cancel_at"] is None
    with clock.hold_at(NOON + 1):
        assert cancel(api, plan)["cancel_at"] == until
        page = client.get(first).text
        assert "This link is out of date" in page
        assert "<form" not in page
        client.post(first)
        assert stored(api, plan)["cancel_at"] == until
        second = link()
        assert second != first
        client.post(second)
        assert stored(api, plan)["cancel_at"] is None


def test_words_about_a_cancellation_leave_its_link_alive(
    api: Api, plan: Subscription, client: FlaskClient, link: Link
) -> None:
    cancel(api, plan)
    path = link()
    with clock.hold_at(NOON + DAY):
        api.post(f"subscriptions/{plan.id}", cancellation_details={"comment": "Too much"}, metadata={"a": "b"})
        cancel(api, plan)
        client.post(path)
    assert stored(api, plan)["cancel_at"] is None


def test_a_mail_is_not_sent_for_what_was_decided_anew(
    app: Flask, api: Api, plan: Subscription, make: Factories, mails: Mails
) -> None:
    cancel(api, plan)
    api.post(f"subscriptions/{plan.id}", cancel_at_period_end=False)
    with clock.hold_at(NOON + 1):
        cancel(api, plan)
        work(app)
    assert [mail.status for mail in mails()] == ["dropped", "sent"]


def test_a_plan_that_has_ended_stays_ended(api: Api, plan: Subscription, client: FlaskClient, link: Link) -> None:
    cancel(api, plan)
    path = link()
    api.delete(f"subscriptions/{plan.id}")
    assert client.post(path).status_code == 303
    assert stored(api, plan)["status"] == "canceled"
    assert "kept any more" in client.get(path).text


@pytest.mark.parametrize("enabled", [True, False])
def test_the_link_does_what_a_configuration_lets_customers_do(
    api: Api, plan: Subscription, client: FlaskClient, link: Link, enabled: bool
) -> None:
    cancel(api, plan)
    path = link()
    (default,) = api.get("billing_portal/configurations", is_default=True)["data"]
    api.post(f"billing_portal/configurations/{default['id']}", features={"subscription_cancel": {"enabled": enabled}})
    assert ("<form" in client.get(path).text) is enabled
    client.post(path)
    assert (stored(api, plan)["cancel_at"] is None) is enabled


@pytest.fixture
def silver(make: Factories) -> Price:
    return make.price(make.product(name="Silver plan"), unit_amount=600)


def plan_change(make: Factories, plan: Subscription, to: Price, quantity: int = 1) -> None:
    """What the customer's pages do for a change that waits for the period's end."""
    feature = {
        "enabled": True,
        "default_allowed_updates": ["price", "quantity"],
        "products": [{"product": to.product_id, "prices": [to.id]}],
        "schedule_at_period_end": {"conditions": [{"type": "decreasing_item_amount"}]},
    }
    features = make.configuration(subscription_update=feature).features
    wanted = PlanChange(to.id, quantity)
    origin = Origin("customer", plan.customer_id)
    with make.database.writing(make.scope, origin) as db:
        row = db.get_one(Subscription, (plan.tenant_id, plan.id))
        plan_changes.change_plan(db, row, features, wanted, session_id="bps_other", now=clock.now())


def test_a_change_that_is_to_come_is_taken_back(
    api: Api, make: Factories, client: FlaskClient, link: Link, plan: Subscription, silver: Price
) -> None:
    plan_change(make, plan, silver, 3)
    assert stored(api, plan)["schedule"] is not None
    path = link()
    page = client.get(path).text
    assert "Keep it as it is" in page
    for words in ("Your plan will change to Silver plan", "Gold plan", "€20.00 a month", "× 3", "€18.00 a month"):
        assert words in re.sub("<[^>]+>", "", page)
    assert i18n.format_day(zones.day_of(plan.current_period_end, zones.DEFAULT)) in page
    assert client.post(path).status_code == 303
    assert stored(api, plan)["schedule"] is None
    assert "You have" in client.get(path).text


def test_a_link_is_dead_once_its_change_is_gone_also_when_the_same_is_decided_again(
    api: Api, make: Factories, client: FlaskClient, link: Link, plan: Subscription, silver: Price
) -> None:
    plan_change(make, plan, silver)
    first = path = link()
    for second, quantity in enumerate((2, 1), 1):
        client.post(path)
        assert stored(api, plan)["schedule"] is None
        with clock.hold_at(NOON + second):
            plan_change(make, plan, silver, quantity)
            client.post(first)
            assert stored(api, plan)["schedule"] is not None
            assert "This link is out of date" in client.get(first).text
            path = link()


def test_a_link_to_keep_a_change_away_ends_no_cancellation(
    api: Api, make: Factories, client: FlaskClient, link: Link, plan: Subscription, silver: Price
) -> None:
    plan_change(make, plan, silver)
    path = link()
    client.post(path)
    until = cancel(api, plan)["cancel_at"]
    assert until == plan.current_period_end
    client.post(path)
    assert stored(api, plan)["cancel_at"] == until


def test_days_are_those_of_the_merchant(api: Api, make: Factories, client: FlaskClient, link: Link) -> None:
    api.post("account", settings={"dashboard": {"timezone": "Pacific/Auckland"}})
    plan = make.subscription(now=NOON - 10 * DAY + 11 * clock.HOUR)
    cancel(api, plan)
    there = i18n.format_day(zones.day_of(plan.current_period_end, "Pacific/Auckland"))
    assert there != i18n.format_day(zones.day_of(plan.current_period_end, zones.DEFAULT))
    assert there in client.get(link()).text


@pytest.mark.parametrize("token", ["nonsense", "k-1-5f:sub_1.abc.def"])
def test_a_made_up_link_leads_nowhere(client: FlaskClient, token: str) -> None:
    assert client.get(f"/keep/{token}").status_code == 404
    assert client.post(f"/keep/{token}").status_code == 404


def test_a_link_of_another_kind_is_none(app: Flask, make: Factories, plan: Subscription, client: FlaskClient) -> None:
    other = app.extensions["portal"].links.unsubscribe(make.scope.tenant_id, plan.customer_id, "trial_ending")
    assert client.get(f"/keep/{other.rsplit('/', 1)[1]}").status_code == 404


def test_another_site_can_not_press_the_button(api: Api, plan: Subscription, client: FlaskClient, link: Link) -> None:
    cancel(api, plan)
    path = link()
    assert client.post(path, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 400
    assert stored(api, plan)["cancel_at"] is not None
