"""Invoices sent by mail: what the mail says, to whom, in which language, and what happens where it fails."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from flask import Flask

from portal import i18n
from portal.settings import Settings
from tests.clients import Api


def mails(settings: Settings) -> list[Any]:
    """Mails of the folder that takes them where there is no mail server, oldest first."""
    files = sorted(Path(settings.instance, "mail").glob("*-invoice-*.eml"), key=lambda file: file.stat().st_mtime_ns)
    return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]


def test_sending_mails_the_link(api: Api, settings: Settings, drafted: Any, held_clock: int) -> None:
    draft = drafted(123400, collection_method="send_invoice", days_until_due=14)
    sent = api.post(f"invoices/{draft['id']}/send")
    mail = mails(settings)[-1]
    text = mail.get_body(("plain",)).get_content()
    assert mail["To"] == "jenny.rosen@example.com"
    assert mail["Subject"] == f"Invoice {sent['number']} from Rocket Rides"
    assert sent["hosted_invoice_url"] in text
    assert "Amount due: €1,234.00" in text
    assert "Please pay by December 5, 2026." in text


def test_a_mail_speaks_the_customers_language(api: Api, settings: Settings, customer: str, opened: Any) -> None:
    api.post(f"customers/{customer}", preferred_locales=["de-AT"])
    api.post(f"invoices/{opened(123400)['id']}/send")
    html = mails(settings)[-1].get_body(("html",)).get_content()
    assert f"<bdi>{i18n.money(123400, 'eur', 'de_AT')}</bdi>" in html
    assert 'lang="de"' in html


def test_a_paid_invoice_is_sent_without_asking_for_money(api: Api, settings: Settings, opened: Any) -> None:
    invoice = opened(1000)
    api.post(f"invoices/{invoice['id']}/pay", paid_out_of_band=True)
    assert api.post(f"invoices/{invoice['id']}/send")["status"] == "paid"
    text = mails(settings)[-1].get_body(("plain",)).get_content()
    assert "Total: €10.00" in text
    assert "due" not in text


def test_without_an_address_nothing_is_sent(api: Api, customer: str, settings: Settings, drafted: Any) -> None:
    api.post(f"customers/{customer}", email="")
    draft, before = drafted(1000), len(mails(settings))
    assert "email" in api.error("POST", f"invoices/{draft['id']}/send")["message"]
    assert api.get(f"invoices/{draft['id']}")["status"] == "draft"
    assert len(mails(settings)) == before


def test_a_mail_that_can_not_be_handed_over_undoes_the_call(app: Flask, api: Api, drafted: Any) -> None:
    draft, parts = drafted(1000), app.extensions["portal"]
    unreachable = replace(parts.settings, smtp_url="smtp://127.0.0.1:9")
    app.extensions["portal"] = replace(parts, settings=unreachable)
    try:
        assert api.error("POST", f"invoices/{draft['id']}/send", 503)["type"] == "api_error"
    finally:
        app.extensions["portal"] = parts
    assert api.get(f"invoices/{draft['id']}")["status"] == "draft"


def test_a_call_that_fails_leaves_no_mail(api: Api, settings: Settings, drafted: Any) -> None:
    draft, before = drafted(1000), len(mails(settings))
    assert api.error("POST", f"invoices/{draft['id']}/send", expand=["status"])["param"] == "expand"
    assert (len(mails(settings)), api.get(f"invoices/{draft['id']}")["status"]) == (before, "draft")
