"""Further recipients of a customer's documents: who gets what, by a real mail server, and what becomes of failures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from operator import itemgetter
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.db import Scope
from portal.outbox import bounces
from portal.settings import Settings
from tests.clients import Api
from tests.factories import Factories
from tests.outbox.test_bounces import report
from tests.outbox.test_mails import Box, Hasty
from tests.outbox.test_notices import names, opening, remind, switch, unpaid
from tests.outbox.test_queue import Mails, mails, work

__all__ = ["mails"]
DAY = clock.DAY
# what is queued while mails are sent is due at once, however slow the machine
pytestmark = pytest.mark.usefixtures("held_clock")


class Picky(Box):
    """Refuses some addresses for good."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: set[str] = set()

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, to: str, options: Any) -> str:
        if to in self.refused:
            return "550 5.1.1 unknown"
        envelope.rcpt_tos.append(to)
        return "250 OK"


@dataclass(frozen=True)
class Who:
    """Addresses of this test alone, as the worker sends the mails of all merchants."""

    domain: str

    def at(self, name: str) -> str:
        return f"{name}@{self.domain}"

    @property
    def main(self) -> str:
        return self.at("jenny")

    @property
    def to(self) -> str:
        return self.at("boss")

    @property
    def cc(self) -> str:
        return self.at("accounting")

    @property
    def recipients(self) -> list[dict[str, Any]]:
        return [{"email": self.to, "kind": "to", "documents": ["invoice"]}, {"email": self.cc}]


@pytest.fixture
def who(scope: Scope) -> Who:
    return Who(f"{scope.account_id.lower().replace('_', '-')}.example.com")


@pytest.fixture
def box() -> Picky:
    return Picky()


@pytest.fixture
def send(app: Flask, box: Picky) -> Iterator[Any]:
    """`send()` hands what waits to a mail server."""
    with Hasty(box, enable_SMTPUTF8=True) as running:
        yield lambda: work(app, smtp_url=f"smtp://127.0.0.1:{running.port}")


def received(box: Box, who: Who) -> list[tuple[str, EmailMessage]]:
    """What the addresses of this test got, each by itself, in the order of the addresses."""
    found = [
        (to, message_from_bytes(envelope.content or b"", policy=default))
        for envelope in box.envelopes
        for to in envelope.rcpt_tos
        if to.endswith(who.domain)
    ]
    assert all(len(envelope.rcpt_tos) == 1 for envelope in box.envelopes)
    return sorted(found, key=itemgetter(0))  # type: ignore[arg-type]


def recipients(api: Api, customer: Any) -> list[Any]:
    listed: list[Any] = api.get(f"customers/{customer.id}")["email_recipients"]
    return listed


def test_everybody_gets_a_message_that_names_all_who_get_it(
    api: Api, make: Factories, mails: Mails, box: Picky, who: Who, send: Any
) -> None:
    customer = make.customer(email=who.main, email_recipients=who.recipients)
    api.post(f"invoices/{make.invoice(customer).id}/send")
    send()
    got = received(box, who)
    assert [to for to, _ in got] == [who.cc, who.to, who.main]
    for _, message in got:
        assert (message["To"], message["Cc"]) == (f"{who.main}, {who.to}", who.cc)
        assert [part.get_filename() for part in message.iter_attachments()][-1].endswith(".pdf")
    assert len({message["Message-ID"] for _, message in got}) == 3
    send()
    assert len(received(box, who)) == 3


def test_each_gets_what_it_asked_for(api: Api, make: Factories, box: Picky, who: Who, send: Any) -> None:
    switch(api, receipts=True)
    customer = make.customer(email=who.main, email_recipients=who.recipients)
    make.paid_invoice(customer)
    api.post("credit_notes", invoice=make.invoice(customer).id, amount=300, email_type="credit_note")
    send()
    assert [(to, each["To"]) for to, each in received(box, who)] == [(who.cc, who.main)] * 2 + [
        (who.main, who.main)
    ] * 2


def test_nothing_but_documents_goes_to_them(api: Api, make: Factories, box: Picky, who: Who, send: Any) -> None:
    customer = make.customer(email=who.main, email_recipients=who.recipients)
    api.post(f"customers/{customer.id}/tax_ids", type="eu_vat", value="DE136695976")
    send()
    assert [to for to, _ in received(box, who)] == [who.main]


def test_an_address_that_is_the_customers_own_gets_it_once(
    api: Api, make: Factories, box: Picky, who: Who, send: Any
) -> None:
    customer = make.customer(email=who.main, email_recipients=[{"email": who.at("JENNY")}])
    api.post(f"invoices/{make.invoice(customer).id}/send")
    send()
    assert [to for to, _ in received(box, who)] == [who.main]


def test_a_customer_without_an_address_is_reached_by_the_others(
    api: Api, make: Factories, mails: Mails, box: Picky, who: Who, send: Any
) -> None:
    customer = make.customer(email="", email_recipients=[{"email": who.cc}])
    api.post(f"invoices/{make.invoice(customer).id}/send")
    send()
    assert [(to, each["To"], each["Cc"]) for to, each in received(box, who)] == [(who.cc, who.cc, None)]
    alone = make.customer(email="", email_recipients=[{"email": who.cc, "documents": ["receipt"]}])
    assert "no email address" in api.error("POST", f"invoices/{make.invoice(alone).id}/send")["message"]


def test_who_was_removed_before_the_mail_leaves_gets_none(
    api: Api, app: Flask, make: Factories, mails: Mails, box: Picky, who: Who, send: Any
) -> None:
    customer = make.customer(email=who.main, email_recipients=[{"email": who.cc}])
    api.post(f"invoices/{make.invoice(customer).id}/send")
    work(app, smtp_url="smtp://127.0.0.1:9")
    assert names(mails) == [("invoice", "queued")] * 2
    api.post(f"customers/{customer.id}", email_recipients="")
    with clock.hold_at(clock.now() + DAY):
        send()
    # the invoice, and that the other one is gone
    assert [to for to, _ in received(box, who)] == [who.main] * 2
    assert sorted(status for name, status in names(mails) if name == "invoice") == ["dropped", "sent"]


def test_one_that_fails_is_its_own_failure_until_a_mail_arrives(
    api: Api, make: Factories, mails: Mails, box: Picky, who: Who, send: Any
) -> None:
    customer = make.customer(email=who.main, email_recipients=[{"email": who.cc}])
    box.refused.add(who.cc)
    api.post(f"invoices/{make.invoice(customer).id}/send")
    send()
    assert sorted(names(mails)) == [("invoice", "failed"), ("invoice", "sent")]
    (told,) = recipients(api, customer)
    assert (told["failure"]["mail"], told["failure"]["message"]) == ("invoice", "This address does not accept mail.")
    assert api.get(f"customers/{customer.id}")["mail_failure"] is None
    box.refused.clear()
    api.post(f"invoices/{make.invoice(customer).id}/send")
    send()
    assert recipients(api, customer)[0]["failure"] is None


def test_one_that_comes_back_shows_on_its_recipient(
    app: Flask, api: Api, make: Factories, mails: Mails, box: Picky, who: Who, send: Any
) -> None:
    customer = make.customer(email=who.main, email_recipients=[{"email": who.cc}])
    api.post(f"invoices/{make.invoice(customer).id}/send")
    send()
    parts = app.extensions["portal"]
    (copy,) = [mail for mail in mails() if mail.address == who.cc]
    found = bounces.read_report(report(f"<{bounces.message_id(parts.settings, copy.tenant_id, copy.id)}@localhost>"))
    assert found is not None
    assert bounces.record_failure(parts, found, now=clock.now())
    assert recipients(api, customer)[0]["failure"]["message"].startswith("The mail came back")
    assert api.get(f"customers/{customer.id}")["mail_failure"] is None


def test_one_click_ends_the_reminders_of_that_recipient_alone(
    app: Flask, api: Api, make: Factories, mails: Mails, box: Picky, who: Who, send: Any, client: FlaskClient
) -> None:
    customer = make.customer(email=who.main, email_recipients=[{"email": who.cc}])
    invoice = unpaid(api, make, 10, customer=customer)
    switch(api, payment_reminders={"days_before_due": [3]})
    remind(app, opening(invoice["due_date"] - 3 * DAY))
    send()
    links = {to: message["List-Unsubscribe"].strip("<>") for to, message in received(box, who)}
    assert links[who.cc] != links[who.main]
    path = urlsplit(links[who.cc]).path
    assert client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    shown = api.get(f"customers/{customer.id}")
    assert shown["unsubscribed_from"] == []
    assert shown["email_recipients"][0]["documents"] == ["credit_note", "invoice", "receipt"]
    client.post(path, data={"subscribe": "1"})
    assert "reminder" in recipients(api, customer)[0]["documents"]
    api.post(f"customers/{customer.id}", email_recipients="")
    assert client.get(path).status_code == 404


def test_the_customer_hears_of_each_new_recipient(
    app: Flask, api: Api, make: Factories, mails: Mails, box: Picky, who: Who, send: Any
) -> None:
    customer = make.customer(email=who.main, email_recipients=[{"email": who.to}])
    api.post(f"customers/{customer.id}", email_recipients=[{"email": who.to, "documents": ["invoice"]}])
    assert names(mails) == []
    api.post(f"customers/{customer.id}", email_recipients=[{"email": who.cc}])
    (mail,) = mails()
    assert (mail.name, mail.data) == ("recipients_changed", {"added": [who.cc], "removed": [who.to]})
    send()
    assert [to for to, _ in received(box, who)] == [who.main]
    ((_, message),) = received(box, who)
    body = message.get_body(("plain",))
    assert isinstance(body, EmailMessage)
    assert f"{who.cc} gets copies" in body.get_content()


def test_letters_that_not_every_server_takes_stand_in_their_own_message_alone(
    api: Api, make: Factories, settings: Settings, box: Picky, who: Who, send: Any
) -> None:
    customer = make.customer(email=who.main, email_recipients=[{"email": who.at("büro")}])
    api.post(f"invoices/{make.invoice(customer).id}/send")
    send()
    assert [(to, each["Cc"]) for to, each in received(box, who)] == [(who.at("büro"), who.at("büro")), (who.main, None)]
