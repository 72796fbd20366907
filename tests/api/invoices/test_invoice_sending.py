"""Invoices sent by mail: what the mail says, to whom, in which language, and what happens where it fails."""

from __future__ import annotations

from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from portal import i18n
from portal.settings import Settings
from tests.clients import Api
from tests.mailing import send_due_mails


@pytest.fixture
def mails(app: Flask, settings: Settings) -> Callable[[], list[Any]]:
    """What the worker has sent by now, oldest first, from the folder that takes mails without a server."""

    def sent() -> list[Any]:
        send_due_mails(app.extensions["portal"])
        files = Path(settings.instance, "mail").glob("*-invoice-*.eml")
        found = sorted(files, key=lambda file: file.stat().st_mtime_ns)
        return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in found]

    return sent


Mails = Callable[[], list[Any]]


def test_sending_mails_the_link(api: Api, mails: Mails, drafted: Any, held_clock: int) -> None:
    draft = drafted(123400, collection_method="send_invoice", days_until_due=14)
    sent = api.post(f"invoices/{draft['id']}/send")
    mail = mails()[-1]
    text = mail.get_body(("plain",)).get_content()
    assert mail["To"] == "jenny.rosen@example.com"
    assert mail["Subject"] == f"Invoice {sent['number']} from Rocket Rides"
    assert sent["hosted_invoice_url"] in text
    assert "€1,234.00 to pay by December 5, 2026." in text


def test_a_mail_speaks_the_customers_language(api: Api, mails: Mails, customer: str, opened: Any) -> None:
    api.post(f"customers/{customer}", preferred_locales=["de-AT"])
    api.post(f"invoices/{opened(123400)['id']}/send")
    html = mails()[-1].get_body(("html",)).get_content()
    assert f"<bdi>{i18n.format_money(123400, 'eur', 'de_AT')}</bdi>" in html
    assert 'lang="de"' in html


def test_a_paid_invoice_is_sent_without_asking_for_money(api: Api, mails: Mails, opened: Any) -> None:
    invoice = opened(1000)
    api.post(f"invoices/{invoice['id']}/pay", paid_out_of_band=True)
    assert api.post(f"invoices/{invoice['id']}/send")["status"] == "paid"
    text = mails()[-1].get_body(("plain",)).get_content()
    assert "Total: €10.00" in text
    assert "due" not in text


def test_without_an_address_nothing_is_sent(api: Api, customer: str, mails: Mails, drafted: Any) -> None:
    api.post(f"customers/{customer}", email="")
    draft, before = drafted(1000), len(mails())
    assert "email" in api.error("POST", f"invoices/{draft['id']}/send")["message"]
    assert api.get(f"invoices/{draft['id']}")["status"] == "draft"
    assert len(mails()) == before


def test_the_document_comes_along(api: Api, mails: Mails, opened: Any) -> None:
    invoice = api.post(f"invoices/{opened(1000)['id']}/send")
    (document,) = mails()[-1].iter_attachments()
    assert (document.get_filename(), document.get_content()[:5]) == (f"{invoice['number']}.pdf", b"%PDF-")


def test_a_call_that_fails_leaves_no_mail(api: Api, mails: Mails, drafted: Any) -> None:
    draft, before = drafted(1000), len(mails())
    assert api.error("POST", f"invoices/{draft['id']}/send", expand=["status"])["param"] == "expand"
    assert (len(mails()), api.get(f"invoices/{draft['id']}")["status"]) == (before, "draft")
