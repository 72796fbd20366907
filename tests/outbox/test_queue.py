"""The queue of mails: sent once, tried again, given up, and told on the customer."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from io import BytesIO
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from portal import clock
from portal.billing.customers import email_changes
from portal.db import Database, Scope
from portal.models import Customer, Mail
from portal.outbox import claims, queue
from portal.recording import notices
from portal.seal import Seal
from portal.settings import Settings
from portal.worker.lanes import LANES
from tests.clients import Api
from tests.factories import Factories
from tests.mailing import send_due_mails
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
    send_due_mails(parts, now)


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
    text = last_text(app, customer)
    assert text.index("Gold plan") < text.index("Silver plan")
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
    assert parts["image/png"].get_filename() == "logo.png"
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


def test_a_mail_that_was_sent_while_the_database_went_away_goes_once(
    app: Flask, api: Api, make: Factories, mails: Mails, database: Database
) -> None:
    sent(api, make)
    failed: list[str] = []

    def fail_once(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.startswith("UPDATE mails") and "sent_at" in statement and not failed:
            failed.append(statement)
            raise OperationalError(statement, None, Exception("the primary is gone"))

    event.listen(database.writer, "before_cursor_execute", fail_once)
    try:
        work(app)
    finally:
        event.remove(database.writer, "before_cursor_execute", fail_once)
    (mail,) = mails()
    assert (len(failed), mail.status, mail.tries) == (1, "sent", 1)


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
    again = claimed(database, scope, now + claims.ORDINARY.seconds - 1)
    after = claimed(database, scope, now + claims.ORDINARY.seconds)
    assert (len(first), again, after) == (1, [], first)


class Slow:
    """A mail server that is silent on its first connections, then takes mails, and closes after some on each."""

    def __init__(self, silent: int = 0, most: int = 1000) -> None:
        self.silent, self.most = silent, most
        self.connections: list[list[str]] = []

    def __enter__(self) -> Slow:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"smtp://127.0.0.1:{self.listener.getsockname()[1]}"
        Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        mails: list[str] = []
        self.connections.append(mails)
        if len(self.connections) <= self.silent:
            time.sleep(4)
        file = connection.makefile("rwb")
        self._say(file, "220 hello")
        for line in file:
            word = line[:4].upper().strip()
            if word == b"MAIL" and len(mails) >= self.most:
                self._say(file, "421 enough on this connection")
                break
            if word == b"RCPT":
                mails.append(line.decode().partition("<")[2].partition(">")[0])
            self._say(file, "354 go on" if word == b"DATA" else "221 bye" if word == b"QUIT" else "250 fine")
            if word == b"DATA":
                while file.readline() != b".\r\n":
                    pass
                self._say(file, "250 taken")
        connection.close()

    def _say(self, file: Any, words: str) -> None:
        file.write(words.encode() + b"\r\n")
        file.flush()


def waiting(writing: Any, *, codes: int = 0, invoices: int = 0, make: Factories, api: Api) -> None:
    """So many mails that wait: invoices first, then codes of email changes."""
    customer = make.customer(email="jenny@example.com")
    invoice = make.invoice(customer)
    for number in range(invoices):
        with writing() as db:
            notices.enqueue_without_event(
                db, "invoice", f"invoice:{number}", customer_id=customer.id, invoice=invoice.id
            )
    seal = Seal(["a secret key of these tests that is long enough"])
    for number in range(codes):
        with writing() as db:
            own = db.get_one(Customer, (customer.tenant_id, customer.id))
            new = email_changes.RequestEmailChange("bps_1", f"new{number}@example.com", "a$b")
            change = email_changes.request(db, own, new, now=clock.now())
            notices.enqueue_without_event(
                db,
                "email_code",
                f"code:{number}",
                sealed=seal.encrypt(b"12345678"),
                address=new.email,
                email_change=change.id,
                locale="en",
            )


@pytest.fixture
def sealed_apart(app: Flask) -> Any:
    """The services with the seal of these tests, for a mail server of theirs."""
    parts = app.extensions["portal"]

    def at(url: str) -> Any:
        settings = replace(parts.settings, smtp_url=url)
        return replace(parts, settings=settings, seal=Seal(["a secret key of these tests that is long enough"]))

    return at


def test_several_mails_take_one_connection(
    app: Flask, writing: Any, make: Factories, api: Api, mails: Mails, sealed_apart: Any
) -> None:
    send_due_mails(app.extensions["portal"])
    waiting(writing, invoices=4, make=make, api=api)
    with Slow() as server:
        assert queue.send_ordinary(sealed_apart(server.url), clock.now()) == 4
    assert server.connections == [["jenny@example.com"] * 4]


def test_a_server_that_ends_a_connection_gets_another(
    app: Flask, writing: Any, make: Factories, api: Api, mails: Mails, sealed_apart: Any
) -> None:
    send_due_mails(app.extensions["portal"])
    waiting(writing, invoices=5, make=make, api=api)
    with Slow(most=2) as server:
        services, left = sealed_apart(server.url), 5
        while left:  # a slow machine needs more than one step, and then other connections too
            left -= queue.send_ordinary(services, clock.now())
    taken = [len(each) for each in server.connections]
    assert (sum(taken), max(taken)) == (5, 2)
    assert {(mail.status, mail.tries) for mail in mails()} == {("sent", 1)}


def test_codes_overtake_what_waits_and_what_hangs(
    app: Flask, writing: Any, make: Factories, api: Api, mails: Mails, sealed_apart: Any
) -> None:
    send_due_mails(app.extensions["portal"])
    waiting(writing, invoices=3, codes=1, make=make, api=api)
    with Slow(silent=1) as server:
        services = sealed_apart(server.url)
        hanging = Thread(target=queue.send_ordinary, args=(services, clock.now()), daemon=True)
        hanging.start()
        while not server.connections:
            time.sleep(0.01)
        began = time.monotonic()
        assert queue.send_urgent(services, clock.now()) == 1
        assert time.monotonic() - began < 2
        assert server.connections[1] == ["new0@example.com"]
        hanging.join()
    assert [mail.status for mail in mails() if mail.name == "email_code"] == ["sent"]


def test_mails_leave_on_several_connections_and_codes_on_their_own() -> None:
    threads = {lane.name: (lane.work, lane.threads) for lane in LANES}
    assert threads["codes"] == (queue.send_urgent, 2)
    assert threads["mails"] == (queue.send_ordinary, 3)


def claimed(database: Database, scope: Scope, now: int) -> list[claims.ClaimedMail]:
    """What workers claim of one merchant's mails; those of other tests may be due too."""
    found = []
    while mail := claims.claim(database, claims.ORDINARY, now):
        found += [mail] if mail.scope == scope else []
    return found
