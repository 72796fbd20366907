"""The queue of mails: sent once, tried again, given up, and told on the customer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select

from portal import clock
from portal.db import Database, Scope
from portal.models import Mail
from portal.outbox import queue
from portal.settings import Settings
from tests.clients import Api
from tests.factories import Factories
from tests.pictures import picture

Mails = Callable[[], list[Mail]]


@pytest.fixture
def mails(database: Database, scope: Scope) -> Mails:
    """The merchant's mails, oldest first."""

    def found() -> list[Mail]:
        with database.reading(scope) as db:
            return list(db.scalars(select(Mail).order_by(Mail.created, Mail.id)))

    return found


def work(app: Flask, now: int | None = None, **settings: Any) -> None:
    parts = app.extensions["portal"]
    parts = replace(parts, settings=replace(parts.settings, **settings))
    while queue.work(parts, now or clock.now()):
        pass


def last_text(app: Flask, customer: Any) -> str:
    """The words of the newest mail to a customer, from the folder that takes mails without a server."""
    folder = app.extensions["portal"].settings.instance / "mail"
    written = [message_from_bytes(file.read_bytes(), policy=default) for file in sorted(folder.iterdir())]
    body = [mail for mail in written if mail["To"] == customer.email][-1].get_body(("plain",))
    assert isinstance(body, EmailMessage)
    words: str = body.get_content()
    return words


def sent(api: Api, make: Factories) -> Any:
    """An invoice that waits to be mailed."""
    return api.post(f"invoices/{make.invoice().id}/send")


def test_a_credit_note_goes_out_when_asked_to(app: Flask, api: Api, make: Factories, mails: Mails) -> None:
    for email_type in ("credit_note", "none"):
        api.post("credit_notes", invoice=make.invoice().id, amount=300, email_type=email_type)
    work(app)
    assert [(mail.name, mail.status) for mail in mails()] == [("credit_note", "sent")]


def test_a_cancellation_on_the_pages_is_confirmed(
    app: Flask, portal: Any, make: Factories, api: Api, mails: Mails
) -> None:
    customer = make.customer()
    subscription = make.subscription(customer)
    visit = portal(customer, make.configuration(subscription_cancel={"enabled": True}))
    page = visit.get(f"subscriptions/{subscription.id}/cancel").text
    revision = page.split('name="revision"')[1].split('value="')[1].split('"')[0]
    assert visit.post(f"subscriptions/{subscription.id}/cancel", revision=revision).status_code == 303
    assert api.get(f"subscriptions/{subscription.id}")["cancel_at_period_end"]
    work(app)
    assert [(mail.name, mail.status) for mail in mails()] == [("subscription_canceled", "sent")]


@pytest.mark.parametrize("later", [True, False])
def test_a_change_of_plan_on_the_pages_is_confirmed(
    app: Flask, portal: Any, make: Factories, mails: Mails, later: bool
) -> None:
    customer, gold = make.customer(email=f"{make.scope.account_id.lower()}@example.com"), make.price()
    silver = make.price(make.product(name="Silver plan"), unit_amount=1)
    conditions = [{"type": "decreasing_item_amount"}] if later else ""
    feature = {
        "enabled": True,
        "default_allowed_updates": ["price"],
        "products": [{"product": silver.product_id, "prices": [silver.id]}],
        "schedule_at_period_end": {"conditions": conditions},
    }
    subscription = make.subscription(customer, gold)
    visit = portal(customer, make.configuration(subscription_update=feature))
    path = f"subscriptions/{subscription.id}/change/confirm?price={silver.id}&quantity=1"
    page = visit.get(path).text
    fields = {name: page.split(f'name="{name}"')[1].split('value="')[1].split('"')[0] for name in ("date", "due")}
    assert visit.post(path, revision=str(subscription.revision), **fields).status_code == 303
    work(app)
    (mail,) = mails()
    assert (mail.name, mail.status) == ("subscription_changed", "sent")
    sold = (mail.data["before"], mail.data["after"])
    assert sold == ([{"price": gold.id, "quantity": 1}], [{"price": silver.id, "quantity": 1}])
    assert "from Gold plan to Silver plan" in last_text(app, customer)
    assert mail.data["starts_at"] == (subscription.current_period_end if later else None)


def test_a_mail_has_the_logo_within_it(app: Flask, api: Api, make: Factories, settings: Settings) -> None:
    logo = api.post("files", purpose="business_logo", upload=("logo.png", picture(3200, 400)))
    api.post("account", settings={"branding": {"logo": logo["id"]}})
    to = f"{make.scope.account_id.lower()}@example.com"
    api.post(f"invoices/{make.invoice(make.customer(email=to)).id}/send")
    work(app)
    written = (message_from_bytes(file.read_bytes(), policy=default) for file in (settings.instance / "mail").iterdir())
    (mail,) = (each for each in written if each["To"] == to)
    parts = {part.get_content_type(): part for part in mail.walk()}
    assert f'src="cid:{parts["image/png"]["Content-ID"].strip("<>")}"' in parts["text/html"].get_content()
    assert Image.open(BytesIO(parts["image/png"].get_content())).size == (320, 40)
    assert parts["image/png"].get_content_disposition() == "inline"
    assert [part.get_filename() for part in mail.iter_attachments()][-1].endswith(".pdf")


def test_a_server_that_is_away_is_tried_again(app: Flask, api: Api, make: Factories, mails: Mails) -> None:
    sent(api, make)
    now = clock.now()
    work(app, now, smtp_url="smtp://127.0.0.1:9")
    (mail,) = mails()
    assert (mail.status, mail.tries, mail.next_try_at) == ("queued", 1, now + queue.RETRY_PAUSES[0])
    work(app, now + queue.RETRY_PAUSES[0] - 1)
    assert mails()[0].status == "queued"
    work(app, now + queue.RETRY_PAUSES[0])
    assert mails()[0].status == "sent"


def test_after_the_last_pause_it_is_given_up_and_told(app: Flask, api: Api, make: Factories, mails: Mails) -> None:
    invoice = sent(api, make)
    now = clock.now()
    for pause in (*queue.RETRY_PAUSES, 0):
        work(app, now, smtp_url="smtp://127.0.0.1:9")
        now += pause
    assert (mails()[0].status, mails()[0].tries) == ("failed", len(queue.RETRY_PAUSES) + 1)
    failure = api.get(f"customers/{invoice['customer']}")["mail_failure"]
    assert (failure["mail"], "can't be sent" in failure["message"]) == ("invoice", True)
    api.post(f"invoices/{invoice['id']}/send")
    work(app, now)
    assert api.get(f"customers/{invoice['customer']}")["mail_failure"] is None


def test_a_claimed_mail_is_left_to_its_worker_for_a_while(
    app: Flask, api: Api, make: Factories, database: Database, scope: Scope
) -> None:
    sent(api, make)
    now = clock.now()
    first = claimed(database, scope, now)
    again = claimed(database, scope, now + queue.LEASE.seconds - 1)
    after = claimed(database, scope, now + queue.LEASE.seconds)
    assert (len(first), again, after) == (1, [], first)


def claimed(database: Database, scope: Scope, now: int) -> list[queue.ClaimedMail]:
    """What workers claim of one merchant's mails; a batch may be full of those of other tests."""
    found = []
    while batch := queue._claim_mails(database, now):
        found += [each for each in batch if each.scope == scope]
    return found
