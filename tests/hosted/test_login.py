"""Signing in by a code: the login page of a configuration, and the way back into a visit that has ended."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal import clock
from portal.billing.customer_portal import codes, login_limits
from portal.db import Database, Scope
from portal.hosted import known_browsers
from portal.models import LoginCode, Mail, PortalSession
from tests.clients import Api, follow_portal_link
from tests.conftest import NOON
from tests.factories import Factories
from tests.mailing import send_due_mails

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
    send_due_mails(app.extensions["portal"])
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
    send_due_mails(app.extensions["portal"])
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


def post_from(client: FlaskClient, network: str, page: str, email: str) -> int:
    """The status of an ask for a code from another address of the network."""
    answer = client.post(page, data={"email": email}, base_url=SECURE, environ_overrides={"REMOTE_ADDR": network})
    return answer.status_code


def test_a_refused_code_is_not_made(
    client: FlaskClient, page: str, count_scrypt: list[int], ended: str, make: Factories
) -> None:
    statuses = [post(client, page, email="jenny@example.com").status_code for _ in range(7)]
    assert (statuses, len(count_scrypt)) == ([303] * 5 + [429] * 2, 5)
    action = re.search(r'action="(/p/login/again/[^"]+)"', follow_portal_link(client, ended).text)
    assert action is not None
    assert post(client, action[1]).status_code == 429
    assert len(count_scrypt) == 5


def test_hashes_are_made_one_at_a_time(app: Flask, page: str, count_scrypt: list[int]) -> None:
    asks = [
        Thread(target=post, args=(app.test_client(), page), kwargs={"email": f"a{n}@example.com"}) for n in range(6)
    ]
    for each in asks:
        each.start()
    for each in asks:
        each.join()
    assert count_scrypt == [1] * 6


def test_a_hash_that_gets_no_turn_is_refused_not_waited_for(
    client: FlaskClient, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "PATIENCE", 0.1)
    with codes._TURN:
        assert post(client, page, email="jenny@example.com").status_code == 503
    assert post(client, page, email="jenny@example.com").status_code == 303


@pytest.mark.parametrize("exists", [True, False])
def test_24_at_once_get_exactly_five_codes(
    app: Flask, make: Factories, page: str, database: Database, scope: Scope, exists: bool
) -> None:
    if exists:
        make.customer(email="jenny@example.com")
    barrier, statuses = Barrier(24), []

    def ask_at_once(number: int) -> None:
        client = app.test_client()
        barrier.wait()
        statuses.append(post_from(client, f"198.51.100.{number}", page, "jenny@example.com"))

    asks = [Thread(target=ask_at_once, args=(number,)) for number in range(24)]
    for each in asks:
        each.start()
    for each in asks:
        each.join()
    with database.reading(scope) as db:
        made = db.scalar(select(func.count(LoginCode.id)))
    # on a machine that is busy all others may be turned away before they are counted
    assert (statuses.count(303), set(statuses) - {409, 429, 503}, made) == (5, {303}, 5)


@pytest.mark.parametrize(
    ("networks", "most"),
    [
        ([f"2001:db8:1:1::{n:x}" for n in range(1, 20)], 10),  # one /64
        ([f"::ffff:198.51.100.{n}" for n in range(1, 12)], 11),  # IPv4 in another dress
        ([f"2001:db8:1:1{n:02x}::1" for n in range(14)], 12),  # one /56
        ([f"2001:db8:1:{n:x}00::1" for n in range(1, 15)], 14),  # others of one /48
    ],
)
def test_ipv6_counts_by_network(
    client: FlaskClient, page: str, networks: list[str], most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login_limits, "WIDE_NETWORK_LIMITS", ((5 * clock.MINUTE, 12),))
    statuses = [post_from(client, network, page, f"{n}@example.com") for n, network in enumerate(networks)]
    assert statuses == [303] * most + [429] * (len(networks) - most)


def signed_in(app: Flask, page: str, digits: Any) -> FlaskClient:
    """A browser that has signed in with jenny@example.com."""
    client = app.test_client()
    ask(client, page, "jenny@example.com")
    assert post(client, "/p/login/code", code=digits()).status_code == 303
    return client


def test_strangers_can_not_keep_a_known_browser_out(
    app: Flask, make: Factories, page: str, digits: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.customer(email="jenny@example.com")
    known = signed_in(app, page, digits)
    for number in range(9):
        post_from(app.test_client(), f"198.51.100.{number}", page, "jenny@example.com")
    monkeypatch.setattr(login_limits, "MERCHANT_LIMITS", ((clock.HOUR, 1),))
    stranger = app.test_client()
    assert post_from(stranger, "198.51.100.100", page, "jenny@example.com") == 429
    assert post_from(stranger, "198.51.100.101", page, "other@example.com") == 429
    ask(known, page, "jenny@example.com")
    code = digits()
    # another ask of a stranger would end this code, if they shared their codes
    monkeypatch.undo()
    post_from(stranger, "198.51.100.102", page, "jenny@example.com")
    assert post(known, "/p/login/code", code=code).status_code == 303


def test_a_known_browser_has_a_limit_of_its_own_and_for_its_address_alone(
    app: Flask, make: Factories, page: str, digits: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.customer(email="jenny@example.com")
    known = signed_in(app, page, digits)
    monkeypatch.setattr(login_limits, "MERCHANT_LIMITS", ((clock.HOUR, 1),))
    assert [post(known, page, email="Jenny@example.com").status_code for _ in range(6)] == [303] * 5 + [429]
    assert post(known, page, email="other@example.com").status_code == 429


def test_a_made_up_cookie_makes_no_browser_known(
    client: FlaskClient, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login_limits, "MERCHANT_LIMITS", ((clock.HOUR, 0),))
    for value in ("", "x", "é", '{"id": "1", "addresses": []}'):
        client.set_cookie(known_browsers.COOKIE, value, domain="localhost", secure=True)
        assert post(client, page, email="jenny@example.com").status_code == 429


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


def test_the_page_for_the_code_repeats_what_was_typed_and_leads_back(client: FlaskClient, page: str) -> None:
    ask(client, page, "nobody@example.com")
    shown = client.get("/p/login/code", base_url=SECURE).text
    assert "nobody@example.com" in shown
    assert f'href="{page}"' in shown
    assert 'action="/p/login/resend"' in shown


def test_a_new_code_can_be_asked_for(client: FlaskClient, make: Factories, page: str, digits: Any) -> None:
    make.customer(email="jenny@example.com")
    ask(client, page, "jenny@example.com")
    first = digits()
    answer = post(client, "/p/login/resend")
    assert (answer.status_code, answer.location) == (303, "/p/login/code?new")
    assert "You have asked for a new code." in client.get(answer.location, base_url=SECURE).text
    second = digits()
    assert post(client, "/p/login/code", code=first).status_code == (303 if first == second else 400)
    assert post(client, "/p/login/code", code=second).status_code == 303


def test_new_codes_count_like_the_first_whoever_is_asked_for(client: FlaskClient, make: Factories, page: str) -> None:
    make.customer(email="jenny@example.com")
    for email in ("jenny@example.com", "nobody@example.com"):
        ask(client, page, email)
        told = [post(client, "/p/login/resend") for _ in range(5)]
        assert [answer.status_code for answer in told] == [303, 303, 303, 303, 429]
        assert "Too many codes were asked for." in told[-1].text
        assert email in told[-1].text


def test_a_new_code_needs_the_browser_that_asked(
    app: Flask, client: FlaskClient, page: str, database: Database
) -> None:
    ask(client, page, "jenny@example.com")
    with database.reading() as db:
        before = db.scalar(select(func.count()).select_from(LoginCode), execution_options={"every_tenant": True})
    stranger = post(app.test_client(), "/p/login/resend")
    assert stranger.status_code == 410
    assert "jenny" not in stranger.text
    with database.reading() as db:
        after = db.scalar(select(func.count()).select_from(LoginCode), execution_options={"every_tenant": True})
    assert after == before


@pytest.mark.usefixtures("held_clock")
def test_a_code_that_is_too_old_leads_to_where_it_begins(client: FlaskClient, page: str) -> None:
    ask(client, page, "jenny@example.com")
    with clock.hold_at(NOON + 11 * clock.MINUTE):
        gone = client.get("/p/login/code", base_url=SECURE)
        assert gone.status_code == 410
        assert "Rocket Rides" in gone.text
        assert f'href="{page}"' in gone.text
        assert post(client, "/p/login/resend").location == "/p/login/code?new"


def test_a_page_that_was_switched_off_sends_no_new_code(
    api: Api, client: FlaskClient, page: str, database: Database
) -> None:
    ask(client, page, "jenny@example.com")
    configuration = api.get("billing_portal/configurations")["data"][0]["id"]
    api.post(f"billing_portal/configurations/{configuration}", login_page={"enabled": False})
    assert post(client, "/p/login/resend").status_code == 410


def test_a_restored_visit_shows_the_address_in_part_and_offers_no_other(
    client: FlaskClient, ended: str, page: str, digits: Any
) -> None:
    action = re.search(r'action="(/p/login/again/[^"]+)"', client.get(ended, base_url=SECURE).text)
    assert action is not None
    post(client, action[1])
    shown = client.get("/p/login/code", base_url=SECURE).text
    assert "j•••@example.com" in shown
    assert "jenny@example.com" not in shown
    assert "Use another address" not in shown
    assert post(client, "/p/login/resend").location == "/p/login/code?new"
    assert post(client, "/p/login/code", code=digits()).status_code == 303


def test_the_pages_of_signing_in_have_the_links_of_the_merchant(
    api: Api, client: FlaskClient, page: str, writing: Any, scope: Scope
) -> None:
    configuration = api.get("billing_portal/configurations")["data"][0]["id"]
    links = {"privacy_policy_url": "https://rides.example/privacy", "terms_of_service_url": "https://rides.example/t"}
    api.post(
        f"billing_portal/configurations/{configuration}",
        business_profile=links,
        default_return_url="https://rides.example/account",
    )
    api.post("account", business_profile={"support_email": "help@rides.example"})
    first = client.get(page, base_url=SECURE).text
    ask(client, page, "jenny@example.com")
    for shown in (first, client.get("/p/login/code", base_url=SECURE).text):
        for link in (*links.values(), "https://rides.example/account", "mailto:help@rides.example"):
            assert f'href="{link}"' in shown
