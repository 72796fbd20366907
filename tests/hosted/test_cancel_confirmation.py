"""The confirmation of a cancellation: on the page, in the mail and in the API, the same for ever."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal import clock
from portal.billing.subscriptions import cancellations
from portal.billing.subscriptions.params import CancelSubscription
from portal.documents.build_cancellations import build_cancellation
from portal.models import Customer, Event, Mail, PlanCancellation, Subscription
from portal.outbox.cancellation_mails import build_canceled_mail
from tests.clients import Api, Portal
from tests.conftest import NOON
from tests.factories import Factories
from tests.hosted.test_cancel import ending, page_of, revision

Open = Callable[..., Portal]
pytestmark = pytest.mark.usefixtures("held_clock")


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer(email="jenny@example.com", name="Jenny Rosen", preferred_locales=["en"])


@pytest.fixture
def plan(make: Factories, customer: Customer) -> Subscription:
    return make.subscription(customer, now=NOON - 10 * clock.DAY)


def cancel(visit: Portal, plan: Subscription, **form: Any) -> str:
    visit.post(f"subscriptions/{plan.id}/cancel", revision=revision(page_of(visit, plan)), **form)
    return page_of(visit, plan, "canceled")


def documents_of(make: Factories) -> list[Any]:
    with make.database.reading(make.scope) as db:
        return [build_cancellation(db, row) for row in db.query(PlanCancellation)]


def test_the_page_leads_to_a_pdf_of_what_was_received(
    portal: Open, make: Factories, plan: Subscription, customer: Customer, client: FlaskClient
) -> None:
    page = cancel(portal(customer, make.configuration(**ending())), plan, reason="unused", comment="Moving away")
    link = re.search(r'href="(http[^"]*/e/[^"]+/pdf)"', page)
    assert link
    answer = client.get(link[1])
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    (document,) = documents_of(make)
    assert (document.received_at, document.feedback, document.comment) == (
        "12:00:00 (Etc/UTC)",
        "unused",
        "Moving away",
    )
    assert (document.at_once, document.ends_on.isoformat()) == (False, "2026-12-11")
    assert [(bill.number, bill.amount) for bill in document.unpaid] == [(None, 2000)]


def test_an_end_at_once_says_what_is_given_back(
    portal: Open, make: Factories, plan: Subscription, customer: Customer
) -> None:
    cancel(portal(customer, make.configuration(**ending("immediately", "create_prorations"))), plan)
    (document,) = documents_of(make)
    assert document.at_once
    assert document.credit > 0


def test_it_stays_as_it_was_when_merchant_and_customer_change(
    api: Api, portal: Open, make: Factories, plan: Subscription, customer: Customer
) -> None:
    cancel(portal(customer, make.configuration(**ending())), plan)
    (before,) = documents_of(make)
    api.post(f"customers/{customer.id}", name="Somebody Else", preferred_locales=["de"])
    api.post("account", business_profile={"name": "Another name"})
    (after,) = documents_of(make)
    assert after.fingerprint() == before.fingerprint()
    assert after.buyer.name == "Jenny Rosen"


def test_two_clicks_are_one_cancellation(
    portal: Open, make: Factories, plan: Subscription, customer: Customer, api: Api
) -> None:
    visit = portal(customer, make.configuration(**ending()))
    seen = revision(page_of(visit, plan))
    for _ in range(2):
        assert visit.post(f"subscriptions/{plan.id}/cancel", revision=seen).status_code == 303
    (listed,) = api.get("billing_portal/cancellations", subscription=plan.id)["data"]
    assert (listed["customer"], listed["ends_at"]) == (customer.id, NOON + 21 * clock.DAY - clock.DAY)


def test_the_merchant_is_told_unless_switched_off(portal: Open, make: Factories, customer: Customer, api: Api) -> None:
    for told in (True, False):
        api.post("account", settings={"portal": {"events": {"cancellations": told}}})
        cancel(portal(customer, make.configuration(**ending())), make.subscription(customer))
        with make.database.reading(make.scope) as db:
            events = [event for event in db.query(Event) if event.type == "billing_portal.cancellation.created"]
        assert len(events) == 1


def test_the_mail_brings_it_unless_the_merchant_has_canceled(
    portal: Open, make: Factories, plan: Subscription, customer: Customer, app: Any
) -> None:
    services = app.extensions["portal"]
    cancel(portal(customer, make.configuration(**ending())), plan)
    other = make.subscription(customer)
    make.run(cancellations.cancel, CancelSubscription, other)
    with make.database.reading(make.scope) as db:
        mails = [mail for mail in db.query(Mail) if mail.name == "subscription_canceled"]
        built = {mail.data["subscription"]: build_canceled_mail(services, db, mail) for mail in mails}
    assert [name[:6] for name in built[plan.id].attachments] == ["bpcan_"]
    assert not any(name.startswith("bpcan_") for name in built[other.id].attachments)
