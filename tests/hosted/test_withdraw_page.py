"""Withdrawing without a login: two steps and a receipt, the same for everybody; the worker finds out whose it is."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from portal import clock
from portal.models import CancellationNotice, Customer, Mail, PlanWithdrawal, Subscription
from portal.outbox.mail_builders import MAIL_BUILDERS
from tests.clients import Api
from tests.conftest import NOON
from tests.factories import Factories
from tests.hosted.test_cancel_page import EMAIL, SECURE, rows, send, work

pytestmark = pytest.mark.usefixtures("held_clock")


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer(email="Jenny@example.com", preferred_locales=["en"])


@pytest.fixture
def plan(make: Factories, customer: Customer) -> Subscription:
    return make.subscription(customer, now=NOON - 10 * clock.DAY)


def page_of(api: Api, make: Factories, **feature: Any) -> str:
    """The path of the page of a configuration, None where it has none."""
    configuration = make.configuration(subscription_withdrawal={"enabled": True, **feature}).id
    made = api.post(f"billing_portal/configurations/{configuration}", cancel_page={"enabled": True})
    address: str = made["cancel_page"]["withdrawal_url"]
    return address[address.index("/withdraw/") :]


@pytest.fixture
def address(api: Api, make: Factories) -> str:
    return page_of(api, make)


def test_two_steps_and_a_receipt(
    client: FlaskClient, address: str, plan: Subscription, make: Factories, app: Any, api: Api
) -> None:
    for path in (address, address.replace("/withdraw/", "/widerrufen/")):
        assert "Withdraw from contract here" in client.get(path, base_url=SECURE).text
    assert address in client.get(address.replace("/withdraw/", "/cancel/"), base_url=SECURE).text
    data = {"name": "Jenny Rosen", "email": EMAIL, "reference": plan.id}
    confirm = client.post(address, data=data, base_url=SECURE)
    assert "Nothing has happened yet." in confirm.text
    assert "Confirm withdrawal" in confirm.text
    assert rows(make, CancellationNotice) == []
    answer = send(client, address, plan.id)
    receipt = client.get(answer.location, base_url=SECURE)
    assert "We have received your withdrawal" in receipt.text
    assert "cancellation" not in receipt.text
    pdf = client.get(f"{answer.location}/pdf", base_url=SECURE)
    assert (pdf.status_code, pdf.mimetype) == (200, "application/pdf")
    (waiting,) = api.get("billing_portal/cancellation_notices")["data"]
    assert (waiting["kind"], waiting["status"]) == ("withdrawal", "received")


def test_what_it_names_is_withdrawn_from_when_it_was_received(
    client: FlaskClient, address: str, plan: Subscription, make: Factories, app: Any
) -> None:
    """However late the worker looks at it."""
    with clock.hold_at(NOON + 4 * clock.DAY):
        send(client, address, plan.id)
    with clock.hold_at(NOON + 6 * clock.DAY):
        work(app)
        work(app)
    (row,), (notice,) = rows(make, PlanWithdrawal), rows(make, CancellationNotice)
    assert (row.created, row.session_id) == (NOON + 4 * clock.DAY, None)
    assert (notice.status, notice.subscription_id) == ("done", plan.id)
    with make.database.reading(make.scope) as db:
        built = {mail.name: MAIL_BUILDERS[mail.name](app.extensions["portal"], db, mail) for mail in db.query(Mail)}
    assert {name for name, mail in built.items() if mail} == {"cancellation_received", "subscription_withdrawn"}


def test_who_has_canceled_can_still_withdraw(
    client: FlaskClient, address: str, plan: Subscription, make: Factories, app: Any, api: Api
) -> None:
    api.post(f"subscriptions/{plan.id}", cancel_at_period_end=True)
    send(client, address, plan.id)
    work(app)
    assert len(rows(make, PlanWithdrawal)) == 1


@pytest.mark.parametrize("why", ["late", "business", "unknown"])
def test_what_can_not_be_done_waits_for_the_merchant(
    client: FlaskClient, plan: Subscription, customer: Customer, make: Factories, app: Any, api: Api, why: str
) -> None:
    address = page_of(api, make, days=3 if why == "late" else 14)
    if why == "business":
        api.post(f"customers/{customer.id}", business_name="Rosen GmbH")
    send(client, address, "INV-9999" if why == "unknown" else plan.id)
    work(app)
    (notice,) = rows(make, CancellationNotice)
    assert (notice.status, rows(make, PlanWithdrawal)) == ("waiting", [])
    assert rows(make, Subscription)[0].ended_at is None


def test_without_the_feature_there_is_no_page(client: FlaskClient, make: Factories, api: Api) -> None:
    path = f"billing_portal/configurations/{make.configuration().id}"
    page = api.post(path, cancel_page={"enabled": True})["cancel_page"]
    assert page["withdrawal_url"] is None
    address = page["url"][page["url"].index("/cancel/") :]
    assert "Withdraw" not in client.get(address, base_url=SECURE).text
    assert client.get(address.replace("/cancel/", "/withdraw/"), base_url=SECURE).status_code == 404
    assert client.post(address.replace("/cancel/", "/withdraw/"), base_url=SECURE).status_code == 404
