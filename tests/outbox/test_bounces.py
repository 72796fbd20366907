"""Mails that come back later show on their customer, and nobody else can make one seem failed."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from portal import clock
from portal.db import find_row
from portal.models import Customer
from portal.outbox import bounces
from tests.clients import Api
from tests.factories import Factories
from tests.outbox.test_queue import Mails, mails, sent, work

__all__ = ["mails"]
REPORT = """\
From: MAILER-DAEMON@mx.example.net
To: billing@localhost
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I'm sorry to have to tell you.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; jenny@example.com
Action: {action}
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <jenny@example.com>: Recipient address
    rejected: User unknown

--b
Content-Type: {quoted}

Message-ID: {id}
Subject: Your invoice

--b--
"""


def report(id: str, action: str = "failed", quoted: str = "message/rfc822") -> bytes:
    return REPORT.format(id=id, action=action, quoted=quoted).replace("\n", "\r\n").encode()


@pytest.fixture
def bounced(app: Flask, api: Api, make: Factories, mails: Mails) -> Any:
    """A sent mail: `bounced(action)` lets it come back and answers its customer."""
    customer = sent(api, make)["customer"]
    work(app)
    parts = app.extensions["portal"]

    def come_back(*args: str, id: str | None = None) -> Any:
        (mail,) = mails()
        own = bounces.message_id(parts.settings, mail.tenant_id, mail.id)
        found = bounces.read_report(report(f"<{id or own}@localhost>", *args))
        if found:
            bounces.record_failure(parts, found, now=clock.now())
        return api.get(f"customers/{customer}")

    return come_back


@pytest.mark.parametrize("quoted", ["message/rfc822", "text/rfc822-headers"])
def test_a_mail_that_came_back_shows_on_its_customer(bounced: Any, mails: Mails, quoted: str) -> None:
    failure = bounced("failed", quoted)["mail_failure"]
    assert failure["mail"] == "invoice"
    assert failure["message"].startswith(
        "The mail came back: 550 5.1.1 <jenny@example.com>: Recipient address rejected"
    )
    assert mails()[0].status == "failed"


def test_a_delay_is_no_failure(bounced: Any, mails: Mails) -> None:
    assert bounced("delayed")["mail_failure"] is None
    assert mails()[0].status == "sent"


def test_an_id_that_is_not_signed_is_none_of_ours(bounced: Any, mails: Mails) -> None:
    (mail,) = mails()
    for id in (f"{mail.tenant_id}.{mail.id}", f"{mail.tenant_id}.{mail.id}.x", mail.id, ""):
        assert bounced(id=id or "nothing")["mail_failure"] is None


def test_a_new_address_is_not_blamed_for_the_old_one(bounced: Any, api: Api, mails: Mails) -> None:
    customer = api.get(f"customers/{mails()[0].customer_id}")
    api.post(f"customers/{customer['id']}", email="new@example.com")
    assert bounced()["mail_failure"] is None


@pytest.mark.parametrize("content", [b"", b"Subject: hello\r\n\r\nhi", b"\xff\x00", report("<a@b>")[:400]])
def test_what_is_no_report_is_let_be(content: bytes) -> None:
    assert bounces.read_report(content) is None


def test_a_bounced_address_is_shown_to_its_owner(bounced: Any, portal: Any, make: Factories, mails: Mails) -> None:
    bounced()
    with make.database.reading(make.scope) as db:
        customer = find_row(db, Customer, mails()[0].customer_id or "", noun="customer")
    assert "did not arrive" in portal(customer).get("details").text
