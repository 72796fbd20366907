"""Signing in by a code: the login page of a configuration, and the way back into a visit that has ended."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.billing.customer_portal import codes
from portal.db import Database, Scope
from portal.models import Mail, PortalSession
from portal.outbox import queue
from tests.clients import Api, follow_portal_link
from tests.factories import Factories

SECURE = "https://localhost"


@pytest.fixture
def page(api: Api, make: Factories) -> str:
    """The path of a login page."""
    id = make.configuration().id
    url: str = api.post(f"billing_portal/configurations/{id}", login_page={"enabled": True})["login_page"]["url"]
    return url.removeprefix("http://localhost")


@pytest.fixture
def digits(app: Flask, database: Database, scope: Scope) -> Callable[[], str]:
    """The digits of the newest code, as the mail will say them."""

    def read() -> str:
        with database.reading(scope) as db:
            mail = db.scalars(select(Mail).order_by(Mail.created.desc(), Mail.id.desc())).first()
        assert mail is not None
        return str(app.extensions["portal"].seal.decrypt(mail.sealed or b"").decode())

    return read


def post(client: FlaskClient, path: str, **form: str) -> Any:
    return client.post(path, data=form, base_url=SECURE)


def ask(client: FlaskClient, page: str, email: str) -> Any:
    answer = post(client, page, email=email)
    assert (answer.status_code, answer.location) == (303, "/p/login/code"), answer.text
    return answer


def test_a_code_opens_the_portal(client: FlaskClient, make: Factories, page: str, digits: Any) -> None:
    make.customer(email="Jenny@Example.com")
    ask(client, page, "jenny@example.com")
    entered = post(client, "/p/login/code", code=digits())
    assert entered.status_code == 303
    assert "Jenny Rosen" in client.get(entered.location, base_url=SECURE).text


def test_the_mail_goes_to_the_address_as_it_is_stored(
    app: Flask, client: FlaskClient, make: Factories, page: str, digits: Any, database: Database, scope: Scope
) -> None:
    make.customer(email="Jenny@Example.com")
    ask(client, page, "jenny@example.com")
    code = digits()
    while queue.work(app.extensions["portal"], clock.now()):
        pass
    with database.reading(scope) as db:
        mail = db.scalars(select(Mail)).one()
    assert (mail.status, mail.sealed) == ("sent", None)
    folder = app.extensions["portal"].settings.instance / "mail"
    assert [code in file.read_text() for file in folder.glob("*login_code*")].count(True) == 1
    assert any("To: Jenny@example.com" in text and code in text for text in map(Path.read_text, folder.glob("*")))


def test_an_unknown_address_gets_the_same_answer_and_no_mail(
    app: Flask, client: FlaskClient, make: Factories, page: str, database: Database, scope: Scope
) -> None:
    make.customer(email="jenny@example.com")
    known, unknown = ask(client, page, "jenny@example.com"), ask(client, page, "nobody@example.com")
    assert known.data == unknown.data
    assert [name for name, _ in known.headers] == [name for name, _ in unknown.headers]
    while queue.work(app.extensions["portal"], clock.now()):
        pass
    with database.reading(scope) as db:
        mails = db.scalars(select(Mail).order_by(Mail.created, Mail.id)).all()
    assert {mail.address: mail.status for mail in mails} == {
        "jenny@example.com": "sent",
        "nobody@example.com": "dropped",
    }


def test_the_sixth_guess_fails_even_when_right(client: FlaskClient, make: Factories, page: str, digits: Any) -> None:
    make.customer(email="jenny@example.com")
    ask(client, page, "jenny@example.com")
    right = digits()
    wrong = f"{(int(right) + 1) % 10**8:08}"
    for _ in range(codes.MOST_TRIES):
        assert post(client, "/p/login/code", code=wrong).status_code == 400
    answer = post(client, "/p/login/code", code=right)
    assert answer.status_code == 400
    assert "Ask for a new one" in answer.text


def test_a_code_works_in_its_own_browser_only(
    app: Flask, client: FlaskClient, make: Factories, page: str, digits: Any
) -> None:
    make.customer(email="jenny@example.com")
    ask(client, page, "jenny@example.com")
    assert post(app.test_client(), "/p/login/code", code=digits()).status_code == 410


def test_a_code_works_once(client: FlaskClient, make: Factories, page: str, digits: Any) -> None:
    make.customer(email="jenny@example.com")
    ask(client, page, "jenny@example.com")
    cookie = client.get_cookie("__Host-portal-login", domain="localhost")
    code = digits()
    assert post(client, "/p/login/code", code=code).status_code == 303
    assert cookie is not None
    client.set_cookie("__Host-portal-login", cookie.value, domain="localhost", secure=True)
    assert post(client, "/p/login/code", code=code).status_code == 410


def test_a_code_dies_after_ten_minutes(client: FlaskClient, make: Factories, page: str, digits: Any) -> None:
    make.customer(email="jenny@example.com")
    now = clock.now()
    with clock.hold_at(now):
        ask(client, page, "jenny@example.com")
    with clock.hold_at(now + codes.LIFETIME):
        assert post(client, "/p/login/code", code=digits()).status_code == 410


def test_a_new_code_ends_the_one_before(client: FlaskClient, make: Factories, page: str, digits: Any) -> None:
    make.customer(email="jenny@example.com")
    now = clock.now()
    with clock.hold_at(now):
        ask(client, page, "jenny@example.com")
        first = digits()
    with clock.hold_at(now + 1):
        ask(client, page, "jenny@example.com")
        assert post(client, "/p/login/code", code=first).status_code == 400


def test_the_sixth_code_of_an_hour_is_not_sent(client: FlaskClient, page: str) -> None:
    for _ in range(5):
        ask(client, page, "nobody@example.com")
    assert post(client, page, email="nobody@example.com").status_code == 429


def test_several_customers_of_one_address_are_chosen_from(
    client: FlaskClient, make: Factories, page: str, digits: Any
) -> None:
    make.customer(email="office@example.com", name="First branch")
    second = make.customer(email="office@example.com", name="Second branch")
    make.customer(email="other@example.com", name="Foreign")
    ask(client, page, "office@example.com")
    assert post(client, "/p/login/code", code=digits()).location == "choose"
    shown = client.get("/p/login/choose", base_url=SECURE).text
    assert re.findall(r"First branch|Second branch|Foreign", shown) == ["Second branch", "First branch"]
    entered = post(client, "/p/login/choose", customer=second.id)
    assert "Second branch" in client.get(entered.location, base_url=SECURE).text


def test_another_address_can_not_be_chosen(client: FlaskClient, make: Factories, page: str, digits: Any) -> None:
    for name in ("First", "Second"):
        make.customer(email="office@example.com", name=name)
    foreign = make.customer(email="other@example.com")
    ask(client, page, "office@example.com")
    post(client, "/p/login/code", code=digits())
    assert post(client, "/p/login/choose", customer=foreign.id).status_code == 410


def test_an_address_that_was_the_proof_can_not_be_changed(
    client: FlaskClient, make: Factories, page: str, digits: Any
) -> None:
    make.customer(email="jenny@example.com")
    ask(client, page, "jenny@example.com")
    home = post(client, "/p/login/code", code=digits()).location
    assert "details/email" not in client.get(f"{home}details", base_url=SECURE).text
    assert client.get(f"{home}details/email", base_url=SECURE).status_code == 404


def test_a_page_that_was_switched_off_is_gone(api: Api, client: FlaskClient, make: Factories) -> None:
    id = make.configuration().id
    url = api.post(f"billing_portal/configurations/{id}", login_page={"enabled": True})["login_page"]["url"]
    assert api.post(f"billing_portal/configurations/{id}", login_page={"enabled": False})["login_page"]["url"] is None
    assert client.get(url, base_url=SECURE).status_code == 410


def test_the_address_can_come_with_the_link(client: FlaskClient, page: str) -> None:
    shown = client.get(f"{page}?prefilled_email=jenny@example.com", base_url=SECURE).text
    assert 'value="jenny@example.com"' in shown


@pytest.fixture
def ended(api: Api, make: Factories, database: Database, scope: Scope) -> str:
    """The path of a link that has expired, of a flow that its customer may take up again."""
    customer = make.customer(email="jenny@example.com")
    configuration = make.configuration()
    sent = {"customer": customer.id, "configuration": configuration.id, "return_url": "https://app.example.com/"}
    flow = {"type": "customer_update"}
    made = api.post("billing_portal/sessions", **sent, flow_data=flow, after_expiration={"type": "customer_login"})
    assert made["after_expiration"] == {"type": "customer_login", "customer_login": {"expires_at": None}}
    with database.writing(scope) as db:
        db.get_one(PortalSession, (scope.tenant_id, made["id"])).link_expires_at = clock.now() - 1
    path: str = made["url"].removeprefix("http://localhost")
    return path


def test_an_expired_link_is_taken_up_with_its_flow(client: FlaskClient, ended: str, digits: Any) -> None:
    shown = client.get(ended, base_url=SECURE)
    assert (shown.status_code, "j•••@example.com" in shown.text) == (410, True)
    action = re.search(r'action="(/p/login/again/[^"]+)"', shown.text)
    assert action is not None
    assert post(client, action[1]).location == "/p/login/code"
    home = post(client, "/p/login/code", code=digits()).location
    opened = client.get(home, base_url=SECURE, follow_redirects=True).text
    assert "Billing information" in opened
    assert "https://app.example.com/" in opened


def test_a_link_without_it_offers_no_code(client: FlaskClient, make: Factories, database: Database) -> None:
    link = make.portal_link(make.customer(email="jenny@example.com"))
    assert follow_portal_link(client, link).status_code == 303
    other = client.application.test_client()
    assert "/p/login/again/" not in other.get(link, base_url=SECURE).text


def test_the_offer_ends_when_the_merchant_says(api: Api, client: FlaskClient, make: Factories) -> None:
    until = clock.now() + 60
    login = {"type": "customer_login", "customer_login": {"expires_at": until}}
    customer = make.customer(email="jenny@example.com")
    id = api.post("billing_portal/sessions", customer=customer.id, after_expiration=login)["id"]
    with clock.hold_at(until):
        assert post(client, f"/p/login/again/{id}").status_code == 410
