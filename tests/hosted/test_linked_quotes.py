"""A quote behind its link: mailed when it is finalized, seen by whoever has it, and answered once where allowed."""

from __future__ import annotations

import html
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.models import Customer, Mail
from portal.outbox.mail_builders import MAIL_BUILDERS
from tests.clients import Api
from tests.conftest import NOON
from tests.factories import Factories
from tests.hosted.test_quotes import offer, words

pytestmark = pytest.mark.usefixtures("held_clock")
HTTPS = "https://localhost"
ON = {"quotes": {"enabled": True}}


@pytest.fixture
def customer(make: Factories, api: Api) -> Customer:
    api.post("account", settings={"emails": {"quotes": True}})
    return make.customer(email="jenny@example.com", preferred_locales=["en"])


@pytest.fixture
def quote(api: Api, make: Factories, customer: Customer) -> Any:
    return offer(api, make, customer)


@pytest.fixture
def path(app: Flask, make: Factories, quote: Any) -> str:
    return urlsplit(app.extensions["portal"].links.document("quote", make.scope.tenant_id, quote["id"])).path


def allow(api: Api) -> None:
    (default,) = api.get("billing_portal/configurations", is_default=True)["data"]
    api.post(f"billing_portal/configurations/{default['id']}", features=ON)


def queued(make: Factories) -> list[Mail]:
    with make.database.reading(make.scope) as db:
        return [mail for mail in db.query(Mail) if mail.name == "quote"]


def test_the_mail_brings_the_quote_and_leads_to_its_page(
    app: Flask, api: Api, make: Factories, quote: Any, client: FlaskClient
) -> None:
    (mail,) = queued(make)
    with make.database.reading(make.scope) as db:
        built = MAIL_BUILDERS["quote"](app.extensions["portal"], db, mail)
    assert built is not None
    assert (built.to, list(built.attachments)) == ("jenny@example.com", [f"{quote['number']}.pdf"])
    assert built.context["may_answer"] is False
    answer = client.get(urlsplit(built.context["url"]).path, base_url=HTTPS)
    assert f"Quote {quote['number']}" in words(answer)


def test_no_mail_unless_the_merchant_wants_it(api: Api, make: Factories, customer: Customer) -> None:
    api.post("account", settings={"emails": {"quotes": False}})
    offer(api, make, customer)
    assert queued(make) == []


def test_a_quote_that_is_gone_is_not_mailed(app: Flask, api: Api, make: Factories, quote: Any) -> None:
    (mail,) = queued(make)
    api.post(f"quotes/{quote['id']}/cancel")
    with make.database.reading(make.scope) as db:
        assert MAIL_BUILDERS["quote"](app.extensions["portal"], db, mail) is None


def test_without_the_feature_it_is_only_seen(api: Api, client: FlaskClient, path: str, quote: Any) -> None:
    page = client.get(path, base_url=HTTPS)
    assert page.status_code == 200
    assert "Download PDF" in words(page)
    assert "Valid until December 21, 2026" in words(page)
    assert "ccept" not in words(page)
    assert "Decline" not in words(page)
    assert client.get(f"{path}/pdf", base_url=HTTPS).mimetype == "application/pdf"
    for verb in ("accept", "decline"):
        assert client.get(f"{path}/{verb}", base_url=HTTPS).status_code == 404
        assert client.post(f"{path}/{verb}", base_url=HTTPS).status_code == 404
    assert api.get(f"quotes/{quote['id']}")["status"] == "open"


def test_fifty_clicks_accept_once(app: Flask, api: Api, client: FlaskClient, path: str, quote: Any) -> None:
    allow(api)
    assert f'href="{path}/accept"' in html.unescape(client.get(path, base_url=HTTPS).text)
    assert "Order with obligation to pay" in words(client.get(f"{path}/accept", base_url=HTTPS))
    with ThreadPoolExecutor(50) as pool:
        clicks = [pool.submit(app.test_client().post, f"{path}/accept", base_url=HTTPS) for _ in range(50)]
        answers = {(click.result().status_code, click.result().location) for click in clicks}
    assert answers <= {(303, path), (503, None)}
    assert (303, path) in answers
    assert "Accepted on November 21, 2026." in words(client.get(path, base_url=HTTPS))
    accepted = api.get(f"quotes/{quote['id']}")
    assert (accepted["status"], len(api.get("subscriptions")["data"])) == ("accepted", 1)
    (event,) = api.get("events", type="quote.accepted")["data"]
    assert event["data"]["object"]["id"] == quote["id"]


def test_the_audit_names_the_link(api: Api, client: FlaskClient, path: str, customer: Customer) -> None:
    allow(api)
    assert client.post(f"{path}/decline", data={"reason": "Too slow"}, base_url=HTTPS).status_code == 303
    assert "You have declined it." in words(client.get(path, base_url=HTTPS))
    newest = api.get(f"customers/{customer.id}/audit")["data"][0]
    assert newest["actor"] == {"id": customer.id, "link": "quote", "session": None, "type": "customer"}


def test_what_has_expired_is_not_accepted_and_the_link_ends(
    api: Api, client: FlaskClient, path: str, quote: Any
) -> None:
    allow(api)
    with clock.hold_at(quote["expires_at"]):
        assert client.post(f"{path}/accept", base_url=HTTPS).status_code == 409
        assert "It expired on" in words(client.get(path, base_url=HTTPS))
    with clock.hold_at(quote["expires_at"] + 30 * clock.DAY):
        assert client.get(path, base_url=HTTPS).status_code == 410
        assert client.post(f"{path}/accept", base_url=HTTPS).status_code == 410
    assert api.get(f"quotes/{quote['id']}")["status"] == "open"
    assert quote["expires_at"] > NOON
