"""A change is mailed alike whoever made it: on a page, by a call of the API or by a command; and once."""

from __future__ import annotations

import re
from collections.abc import Callable
from email import message_from_bytes
from email.policy import default as default_policy
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.billing.subscriptions import cancellations, updates
from portal.billing.subscriptions.params import CancelSubscription, UpdateSubscription
from portal.db import Scope
from portal.models import Customer, Event, Mail, Price, Subscription
from portal.outbox import mail_contents
from portal.outbox.mail_texts import render_text
from portal.settings import Settings
from tests.clients import Api, Portal
from tests.conftest import NOON
from tests.factories import Factories
from tests.outbox.test_mails import Box, box, server, smtp
from tests.outbox.test_notices import names, switch
from tests.outbox.test_queue import Mails, mails, work
from tests.passing import pass_time
from tests.transfer.conftest import imported

__all__ = ["box", "imported", "mails", "server", "smtp"]
pytestmark = pytest.mark.usefixtures("held_clock")
DAY = clock.DAY
BEGAN = NOON - 10 * DAY
COLLECTED = {"collection_method": "charge_automatically", "days_until_due": None}
DOWNGRADES = {"conditions": [{"type": "decreasing_item_amount"}]}
Open = Callable[..., Portal]
#: A mail without what differs from one subscription to the next: name, key and data.
Row = tuple[str, str, dict[str, Any]]


@pytest.fixture
def gold(make: Factories) -> Price:
    return make.price(unit_amount=2000)


@pytest.fixture
def silver(make: Factories) -> Price:
    return make.price(make.product(name="Silver plan"), unit_amount=1000)


def started(make: Factories, price: Price, **sent: Any) -> Subscription:
    """A subscription ten days into its month, of a customer of its own."""
    return make.subscription(make.customer(), price, now=BEGAN, **sent)


def customer_of(make: Factories, subscription: Subscription) -> Customer:
    with make.database.reading(make.scope) as db:
        return db.get_one(Customer, (subscription.tenant_id, subscription.customer_id))


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
    assert found, f"no field {name}"
    return found[1]


def send_form(visit: Portal, path: str, *fields: str) -> None:
    page = visit.get(path).text
    assert visit.post(path, **{name: field(page, name) for name in fields}).status_code == 303


def cancel_on_page(portal: Open, make: Factories, subscription: Subscription, mode: str) -> None:
    feature = {"enabled": True, "mode": mode}
    visit = portal(customer_of(make, subscription), make.configuration(subscription_cancel=feature))
    send_form(visit, f"subscriptions/{subscription.id}/cancel", "revision")


def change_on_page(portal: Open, make: Factories, subscription: Subscription, to: Price, **feature: Any) -> None:
    """To two of a price."""
    offered = {
        "enabled": True,
        "default_allowed_updates": ["price", "quantity"],
        "products": [{"product": to.product_id, "prices": [to.id]}],
        "proration_behavior": "always_invoice",
        **feature,
    }
    visit = portal(customer_of(make, subscription), make.configuration(subscription_update=offered))
    path = f"subscriptions/{subscription.id}/change/confirm?price={to.id}&quantity=2"
    send_form(visit, path, "revision", "date", "due")


def item_of(api: Api, subscription: Subscription) -> str:
    id: str = api.get(f"subscriptions/{subscription.id}")["items"]["data"][0]["id"]
    return id


def change_by_call(api: Api, subscription: Subscription, to: Price, **more: Any) -> None:
    item = {"id": item_of(api, subscription), "price": to.id, "quantity": 2}
    sent = {"items": [item], "proration_behavior": "always_invoice", **more}
    api.post(f"subscriptions/{subscription.id}", **sent)


def schedule_by_call(api: Api, subscription: Subscription, to: Price) -> None:
    """What the portal makes of a change that waits: a schedule with its mark, and a second phase."""
    made = api.post(
        "subscription_schedules", from_subscription=subscription.id, metadata={"portal_session": "bps_none"}
    )
    (present,) = made["phases"]
    first = {
        "items": [{"price": present["items"][0]["price"], "quantity": present["items"][0]["quantity"]}],
        "start_date": present["start_date"],
        "end_date": present["end_date"],
    }
    phases = [first, {"items": [{"price": to.id, "quantity": 2}], "iterations": 1}]
    api.post(f"subscription_schedules/{made['id']}", phases=phases)


def described(make: Factories, mails: list[Mail], subscription: Subscription) -> Row:
    """The one mail about a subscription; its key must end in the id of the event that caused it."""
    (mail,) = [mail for mail in mails if mail.data.get("subscription") == subscription.id]
    name, about, cause = mail.key.split(":")
    with make.database.reading(make.scope) as db:
        event = db.get_one(Event, (make.scope.tenant_id, cause))
    assert (event.object_id, event.customer_id) == (about, mail.customer_id)
    own = {"billed": "the newest invoice", "schedule": "its schedule"}
    return mail.name, name, {**mail.data, "subscription": None, **{k: v for k, v in own.items() if mail.data.get(k)}}


@pytest.mark.parametrize("mode", ["at_period_end", "immediately"])
def test_a_cancellation_is_mailed_alike(
    portal: Open, api: Api, make: Factories, mails: Mails, gold: Price, mode: str, app: Flask
) -> None:
    by_page, by_call, by_command = (started(make, gold) for _ in range(3))
    cancel_on_page(portal, make, by_page, mode)
    if mode == "immediately":
        api.delete(f"subscriptions/{by_call.id}")
        make.run(cancellations.cancel, CancelSubscription, by_command)
    else:
        api.post(f"subscriptions/{by_call.id}", cancel_at_period_end=True)
        make.run(updates.update_subscription, UpdateSubscription, by_command, cancel_at_period_end=True)
    page, call, command = (described(make, mails(), each) for each in (by_page, by_call, by_command))
    assert (
        page
        == call
        == command
        == (
            "subscription_canceled",
            "subscription_canceled",
            {
                "subscription": None,
                "canceled_at": NOON,
                "billed": None,
            },
        )
    )
    work(app)
    assert names(mails) == [("subscription_canceled", "sent")] * 3


def test_what_a_call_cancels_arrives_at_a_mail_server(
    api: Api, make: Factories, gold: Price, app: Flask, box: Box, smtp: Settings
) -> None:
    customer = make.customer(email=f"{make.scope.account_id.lower()}@example.com")
    api.delete(f"subscriptions/{make.subscription(customer, gold, now=BEGAN).id}")
    work(app, smtp_url=smtp.smtp_url)
    arrived = [message_from_bytes(each.content or b"", policy=default_policy) for each in box.envelopes]
    (mail,) = (each for each in arrived if each["To"] == customer.email)
    assert mail["Subject"] == "Gold plan is canceled"


@pytest.mark.parametrize("enabled", [True, False])
def test_only_what_the_portal_lets_customers_take_back_is_said_to_be_so(
    api: Api, make: Factories, gold: Price, app: Flask, box: Box, smtp: Settings, enabled: bool
) -> None:
    (default,) = api.get("billing_portal/configurations", is_default=True)["data"]
    api.post(f"billing_portal/configurations/{default['id']}", features={"subscription_cancel": {"enabled": enabled}})
    customer = make.customer(email=f"{make.scope.account_id.lower()}@example.com")
    api.post(f"subscriptions/{make.subscription(customer, gold, now=BEGAN).id}", cancel_at_period_end=True)
    work(app, smtp_url=smtp.smtp_url)
    arrived = [message_from_bytes(each.content or b"", policy=default_policy) for each in box.envelopes]
    (mail,) = (each for each in arrived if each["To"] == customer.email)
    body = mail.get_body(("plain",))
    assert body is not None
    assert ("/keep/" in body.get_content()) is enabled


@pytest.mark.parametrize("collected", [False, True])
def test_a_change_of_plan_is_mailed_alike(
    portal: Open, api: Api, make: Factories, mails: Mails, gold: Price, silver: Price, collected: bool, app: Flask
) -> None:
    by_page, by_call, by_command = (started(make, silver, **(COLLECTED if collected else {})) for _ in range(3))
    wait: dict[str, Any] = {"payment_behavior": "pending_if_incomplete"} if collected else {}
    for each in (by_page, by_call, by_command) if collected else ():
        api.post(f"invoices/{newest_invoice(api, each)}/pay", paid_out_of_band=True)
    change_on_page(portal, make, by_page, gold)
    change_by_call(api, by_call, gold, **wait)
    item = {"id": item_of(api, by_command), "price": gold.id, "quantity": 2}
    sent = {"items": [item], "proration_behavior": "always_invoice", **wait}
    make.run(updates.update_subscription, UpdateSubscription, by_command, **sent)
    page, call, command = (described(make, mails(), each) for each in (by_page, by_call, by_command))
    assert page == call == command
    assert page[2] == {
        "subscription": None,
        "before": [{"price": silver.id, "quantity": 1}],
        "after": [{"price": gold.id, "quantity": 2}],
        "starts_at": None,
        "schedule": None,
        "unpaid": collected,
        "billed": "the newest invoice",
    }
    work(app)
    assert names(mails) == [("subscription_changed", "sent")] * 3


def newest_invoice(api: Api, subscription: Subscription) -> str:
    id: str = api.get(f"subscriptions/{subscription.id}")["latest_invoice"]
    return id


def test_a_change_that_waits_for_the_periods_end_is_mailed_alike(
    portal: Open, api: Api, make: Factories, mails: Mails, gold: Price, app: Flask
) -> None:
    small = make.price(make.product(name="Silver plan"), unit_amount=100)
    by_page, by_call = started(make, gold), started(make, gold)
    change_on_page(portal, make, by_page, small, schedule_at_period_end=DOWNGRADES)
    schedule_by_call(api, by_call, small)
    page, call = (described(make, mails(), each) for each in (by_page, by_call))
    assert page == call
    assert page[2]["starts_at"] == by_page.current_period_end
    work(app)
    with clock.hold_at(by_page.current_period_end):
        pass_time(make, by_page.current_period_end)
    assert {api.get(f"subscriptions/{each.id}")["plan"]["id"] for each in (by_page, by_call)} == {small.id}
    assert names(mails) == [("subscription_changed", "sent")] * 2


def test_a_quantity_and_a_second_item_are_changes_too(
    api: Api, make: Factories, mails: Mails, gold: Price, silver: Price
) -> None:
    subscription = started(make, gold)
    api.post(f"subscription_items/{item_of(api, subscription)}", quantity=3)
    api.post("subscription_items", subscription=subscription.id, price=silver.id)
    more, both = [mail.data for mail in mails()]
    assert more["after"] == [{"price": gold.id, "quantity": 3}]
    assert both["after"] == [*more["after"], {"price": silver.id, "quantity": 1}]


def test_what_is_no_change_of_plan_is_not_mailed(api: Api, make: Factories, mails: Mails, gold: Price) -> None:
    subscription = started(make, gold)
    item = {"id": item_of(api, subscription), "metadata": {"seat": "4"}}
    api.post(f"subscriptions/{subscription.id}", items=[item], description="Ours", metadata={"a": "b"})
    pass_time(make, subscription.current_period_end)
    assert names(mails) == []


@pytest.mark.parametrize("how", ["page", "call"])
def test_an_end_that_is_taken_back_is_not_mailed(
    portal: Open, api: Api, make: Factories, mails: Mails, gold: Price, app: Flask, how: str
) -> None:
    subscription = started(make, gold)
    api.post(f"subscriptions/{subscription.id}", cancel_at_period_end=True)
    if how == "page":
        visit = portal(customer_of(make, subscription), make.configuration(subscription_cancel={"enabled": True}))
        assert visit.post(f"subscriptions/{subscription.id}/resume").status_code == 303
    else:
        api.post(f"subscriptions/{subscription.id}", cancel_at_period_end=False)
    work(app)
    assert names(mails) == [("subscription_canceled", "dropped")]


def test_an_end_that_arrives_is_not_mailed_again(
    api: Api, make: Factories, mails: Mails, gold: Price, app: Flask
) -> None:
    subscription = started(make, gold)
    api.post(f"subscriptions/{subscription.id}", cancel_at_period_end=True)
    with clock.hold_at(subscription.current_period_end):
        pass_time(make, subscription.current_period_end)
    assert api.get(f"subscriptions/{subscription.id}")["status"] == "canceled"
    assert names(mails) == [("subscription_canceled", "queued")]


def test_a_change_that_is_paid_for_is_not_mailed_again(
    api: Api, make: Factories, mails: Mails, gold: Price, silver: Price
) -> None:
    subscription = started(make, silver, **COLLECTED)
    api.post(f"invoices/{newest_invoice(api, subscription)}/pay", paid_out_of_band=True)
    change_by_call(api, subscription, gold, payment_behavior="pending_if_incomplete")
    api.post(f"invoices/{newest_invoice(api, subscription)}/pay", paid_out_of_band=True)
    assert api.get(f"subscriptions/{subscription.id}")["plan"]["id"] == gold.id
    assert names(mails) == [("subscription_changed", "queued")]


def test_each_new_end_is_mailed(api: Api, make: Factories, mails: Mails, gold: Price) -> None:
    path = f"subscriptions/{started(make, gold).id}"
    for sent in ({"cancel_at": NOON + 40 * DAY}, {"cancel_at": NOON + 50 * DAY}, {"cancel_at": ""}):
        api.post(path, **sent)
    api.post(path, cancel_at=NOON + 40 * DAY)
    assert names(mails) == [("subscription_canceled", "queued")] * 3


def test_only_an_end_that_the_portal_takes_back_is_said_to_be_one(
    app: Flask, api: Api, make: Factories, mails: Mails, gold: Price
) -> None:
    for sent in ({"cancel_at_period_end": True}, {"cancel_at": NOON + 40 * DAY}):
        api.post(f"subscriptions/{started(make, gold).id}", **sent)
    with make.database.reading(make.scope) as db:
        built = [mail_contents.build_mail(app.extensions["portal"], db, mail) for mail in mails()]
    words = {
        content.context["ends_at"]: render_text("subscription_canceled", content).plain for content in built if content
    }
    told = [("/keep/" in text, "December 31, 2026" in text) for _, text in sorted(words.items())]
    assert told == [(True, False), (False, True)]


def test_a_request_that_is_repeated_mails_once(api: Api, make: Factories, mails: Mails, gold: Price) -> None:
    subscription, invoice = started(make, gold), make.invoice()
    headers = {"Idempotency-Key": f"cancel {subscription.id}"}
    for _ in range(2):
        api.post(f"subscriptions/{subscription.id}", headers=headers, cancel_at_period_end=True)
        api.post(f"invoices/{invoice.id}/send", headers={"Idempotency-Key": f"send {invoice.id}"})
        api.post(f"subscriptions/{subscription.id}", cancel_at_period_end=True)  # which changes nothing any more
    assert sorted(names(mails)) == [("invoice", "queued"), ("subscription_canceled", "queued")]


def test_an_event_that_is_sent_again_mails_nothing(api: Api, make: Factories, mails: Mails, gold: Price) -> None:
    api.delete(f"subscriptions/{started(make, gold).id}")
    api.post("webhook_endpoints", url="https://example.com/hooks", enabled_events=["*"])
    for event in api.get("events", limit=100)["data"]:
        api.post(f"events/{event['id']}/retry")
    assert names(mails) == [("subscription_canceled", "queued")]


@pytest.mark.parametrize("setting", ["cancellations", "plan_changes"])
def test_a_switch_counts_for_calls_too(api: Api, make: Factories, mails: Mails, gold: Price, setting: str) -> None:
    switch(api, **{setting: False})
    subscription = started(make, gold)
    api.post(f"subscription_items/{item_of(api, subscription)}", quantity=3)
    api.delete(f"subscriptions/{subscription.id}")
    other = {"cancellations": "subscription_changed", "plan_changes": "subscription_canceled"}[setting]
    assert names(mails) == [(other, "queued")]


def test_a_preview_mails_nothing(api: Api, make: Factories, mails: Mails, gold: Price, silver: Price) -> None:
    subscription = started(make, gold)
    item = {"id": item_of(api, subscription), "price": silver.id, "quantity": 2}
    for details in ({"items": [item]}, {"items": [item], "cancel_at_period_end": True}):
        api.post("invoices/create_preview", subscription=subscription.id, subscription_details=details)
    assert names(mails) == []


def test_an_import_mails_nothing(
    api: Api, make: Factories, mails: Mails, gold: Price, scope: Scope, imported: Any
) -> None:
    subscription = started(make, gold)
    shown = api.get(f"subscriptions/{subscription.id}")
    ended = {**shown, "status": "canceled", "canceled_at": NOON, "ended_at": NOON}
    imported(scope, ended)
    assert api.get(f"subscriptions/{subscription.id}")["status"] == "canceled"
    assert names(mails) == []


def test_those_who_live_by_a_test_clock_are_mailed_only_what_is_sent_to_them(
    portal: Open, api: Api, make: Factories, mails: Mails, gold: Price
) -> None:
    frozen = api.post("test_helpers/test_clocks", frozen_time=NOON)
    by_page, by_call = (
        make.subscription(make.customer(test_clock=frozen["id"]), gold, now=NOON) for _ in ("page", "call")
    )
    api.post(f"subscription_items/{item_of(api, by_call)}", quantity=3)
    api.delete(f"subscriptions/{by_call.id}")
    cancel_on_page(portal, make, by_page, "at_period_end")
    assert names(mails) == []
    api.post(f"invoices/{newest_invoice(api, by_page)}/send")
    assert names(mails) == [("invoice", "queued")]


def test_a_schedule_of_the_merchants_is_not_mailed(api: Api, make: Factories, mails: Mails, gold: Price) -> None:
    subscription = started(make, gold)
    made = api.post("subscription_schedules", from_subscription=subscription.id)
    first = {"items": [{"price": gold.id}], "start_date": BEGAN, "end_date": made["phases"][0]["end_date"]}
    later = {"items": [{"price": gold.id, "quantity": 5}], "iterations": 1}
    api.post(f"subscription_schedules/{made['id']}", phases=[first, later])
    assert names(mails) == []


def test_whoever_is_deleted_gets_no_mail(api: Api, make: Factories, mails: Mails, gold: Price, app: Flask) -> None:
    subscription = started(make, gold)
    api.delete(f"customers/{subscription.customer_id}")
    work(app)
    assert names(mails) == [("subscription_canceled", "dropped")]


def test_each_call_to_send_mails_once_more(api: Api, make: Factories, mails: Mails) -> None:
    invoice = make.invoice()
    for _ in range(2):  # within one second
        api.post(f"invoices/{invoice.id}/send")
    assert [(mail.name, mail.customer_id, mail.data) for mail in mails()] == [
        ("invoice", invoice.customer_id, {"invoice": invoice.id})
    ] * 2
    types = [event["type"] for event in api.get("events", limit=100)["data"]]
    assert types.count("invoice.sent") == 2


def test_a_credit_note_is_mailed_alike(api: Api, make: Factories, mails: Mails) -> None:
    by_call, by_command = make.invoice(), make.invoice()
    api.post("credit_notes", invoice=by_call.id, amount=300, email_type="credit_note")
    make.credit_note(by_command, 300, email_type="credit_note")
    assert {(mail.name, mail.key, mail.customer_id) for mail in mails()} == {
        ("credit_note", f"credit_note:{note['id']}", note["customer"]) for note in api.get("credit_notes")["data"]
    }
    assert {mail.customer_id for mail in mails()} == {by_call.customer_id, by_command.customer_id}


def test_a_receipt_is_mailed_alike(api: Api, make: Factories, mails: Mails) -> None:
    switch(api, receipts=True)
    invoice = make.invoice()
    api.post(f"invoices/{invoice.id}/pay", paid_out_of_band=True)
    other = make.paid_invoice()
    assert {(mail.name, mail.key, mail.data["invoice"]) for mail in mails()} == {
        ("receipt", f"receipt:{each.id}", each.id) for each in (invoice, other)
    }


def test_the_rows_of_a_change_stand_in_one_transaction_with_it(
    api: Api, make: Factories, gold: Price, mails: Mails
) -> None:
    subscription = started(make, gold)
    error = api.error("POST", f"subscriptions/{subscription.id}", cancel_at_period_end=True, expand=["nothing.here"])
    assert error["param"] == "expand"
    with make.database.reading(make.scope) as db:
        assert db.scalars(select(Mail)).all() == []
