"""Contacts in the portal: they come in by their own address, see what their role allows, and owners manage them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.db import Database, Scope
from portal.models import AuditEntry, Configuration, Contact, Customer, Mail, PortalSession
from tests.clients import Api, Portal
from tests.factories import Factories
from tests.mailing import send_due_mails

SECURE = "https://localhost"
ON = {"contacts": {"enabled": True}, "visits": {"enabled": True}}
LEA = "lea@example.org"


@pytest.fixture
def rosen(make: Factories) -> Customer:
    return make.customer(name="Rosen GmbH", email="jenny@example.org")


@pytest.fixture
def shop(make: Factories) -> Configuration:
    return make.configuration(**ON)


@pytest.fixture
def owner(portal: Any, rosen: Customer, shop: Configuration) -> Portal:
    visit: Portal = portal(rosen, shop)
    return visit


@pytest.fixture
def add(api: Api, rosen: Customer) -> Callable[..., dict[str, Any]]:
    """Adds a contact by the API."""

    def post(role: str, email: str = LEA, **sent: Any) -> dict[str, Any]:
        return api.post(f"customers/{rosen.id}/contacts", email=email, role=role, **sent)

    return post


@pytest.fixture
def enter(portal: Any, rosen: Customer, shop: Configuration, add: Any) -> Callable[..., Portal]:
    """A visit of a new contact with this role."""

    def open_visit(role: str, **sent: Any) -> Portal:
        visit: Portal = portal(rosen, shop, contact=add(role, **sent)["id"])
        return visit

    return open_visit


@pytest.fixture
def newest(app: Flask, database: Database, scope: Scope) -> Callable[..., str]:
    """The text of the newest mail of a name that says something; mails of one moment go out in any order."""

    def read(name: str, saying: str = "") -> str:
        send_due_mails(app.extensions["portal"])
        folder = app.extensions["portal"].settings.instance / "mail"
        files = sorted(folder.glob(f"*{name}*"), key=lambda file: file.stat().st_mtime_ns)
        texts = [file.read_text().replace("=\n", "") for file in files]
        return next((text for text in reversed(texts) if saying in text), "")

    return read


@pytest.fixture
def digits(app: Flask, database: Database, scope: Scope) -> Callable[[], str]:
    def read() -> str:
        with database.reading(scope) as db:
            codes = select(Mail).where(Mail.name == "login_code").order_by(Mail.created.desc(), Mail.id.desc())
            return str(app.extensions["portal"].seal.decrypt(db.scalars(codes).first().sealed).decode())

    return read


def _invitation(app: Flask, database: Database, scope: Scope) -> str:
    with database.reading(scope) as db:
        contact = db.scalars(select(Contact)).one()
    links = app.extensions["portal"].links
    path: str = links.invitation(scope.tenant_id, contact.id, contact.invited_at).removeprefix("http://localhost")
    return path


def test_an_owner_invites_and_the_invited_one_joins(
    app: Flask, owner: Portal, api: Api, rosen: Customer, newest: Any, digits: Any, database: Database, scope: Scope
) -> None:
    assert "Nobody else has access" in owner.get("contacts").text
    sent = {"email": LEA, "name": "Lea", "role": "accountant", "locale": "de"}
    assert owner.post("contacts/invite", **sent).location.endswith("/contacts")
    page = owner.get("contacts").text
    assert ("Lea" in page, "Invited, until" in page, "Accounting" in page) == (True, True, True)
    link = _invitation(app, database, scope)
    mail = newest("contact_invited", link)
    assert (f"To: Lea <{LEA}>" in mail or f"To: {LEA}" in mail, "Einladung annehmen" in mail) == (True, True)
    browser = app.test_client()
    assert "Rosen GmbH" in browser.get(link, base_url=SECURE).text
    asked = browser.post(link, base_url=SECURE)
    assert (asked.status_code, asked.location) == (303, "/p/login/code")
    entered = browser.post("/p/login/code", data={"code": digits()}, base_url=SECURE)
    assert entered.status_code == 303
    seen = browser.get(entered.location, base_url=SECURE, follow_redirects=True)
    assert (seen.status_code, LEA in seen.text) == (200, True)
    assert api.get(f"customers/{rosen.id}/contacts")["data"][0]["status"] == "active"
    assert browser.get(link, base_url=SECURE).status_code == 410


def test_an_invitation_expires_and_another_one_ends_it(
    app: Flask, add: Any, api: Api, client: FlaskClient, database: Database, scope: Scope
) -> None:
    made = add("owner")
    link = _invitation(app, database, scope)
    with clock.hold_at(made["expires_at"]):
        assert client.get(link, base_url=SECURE).status_code == 410
        assert client.post(link, base_url=SECURE).status_code == 410
    assert client.get(link, base_url=SECURE).status_code == 200
    api.post(f"customers/{made['customer']}/contacts/{made['id']}/invite")
    assert client.get(link, base_url=SECURE).status_code == 404
    assert client.get(f"{link}x", base_url=SECURE).status_code == 404


def _login_page(api: Api, shop: Configuration) -> str:
    url: str = api.post(f"billing_portal/configurations/{shop.id}", login_page={"enabled": True})["login_page"]["url"]
    return url.removeprefix("http://localhost")


def test_a_contact_signs_in_by_the_login_page_and_chooses(
    api: Api, shop: Configuration, add: Any, client: FlaskClient, make: Factories, digits: Any
) -> None:
    add("owner")
    own = make.customer(name="Lea herself", email=LEA)
    client.post(_login_page(api, shop), data={"email": LEA.upper()}, base_url=SECURE)
    entered = client.post("/p/login/code", data={"code": digits()}, base_url=SECURE)
    choice = client.get("/p/login/choose", base_url=SECURE).text
    assert (entered.location, "Rosen GmbH" in choice, "Lea herself" in choice, own.id in choice) == (
        "choose",
        True,
        True,
        True,
    )
    key = re.findall(r'value="(ccon_[^"]+)"', choice)[0]
    opened = client.post("/p/login/choose", data={"customer": key}, base_url=SECURE)
    assert "Rosen GmbH" in client.get(opened.location, base_url=SECURE).text


@pytest.mark.parametrize("kind", ["recipient", "expired", "removed"])
def test_who_is_not_let_in_gets_no_code(
    app: Flask, api: Api, shop: Configuration, add: Any, client: FlaskClient, database: Any, scope: Scope, kind: str
) -> None:
    made = add("recipient" if kind == "recipient" else "owner")
    if kind == "removed":
        api.delete(f"customers/{made['customer']}/contacts/{made['id']}")
    page = _login_page(api, shop)
    with clock.hold_at(clock.now() + (8 * clock.DAY if kind == "expired" else 0)):
        assert client.post(page, data={"email": LEA}, base_url=SECURE).status_code == 303
        send_due_mails(app.extensions["portal"])
    with database.reading(scope) as db:
        mail = db.scalars(select(Mail).where(Mail.name == "login_code")).one()
    assert mail.status != "sent"


def test_a_code_restores_the_visit_of_a_contact(
    api: Api, rosen: Customer, shop: Configuration, add: Any, portal: Any, digits: Any, newest: Any
) -> None:
    contact = add("accountant")["id"]
    visit: Portal = portal(rosen, shop, contact=contact, after_expiration={"type": "customer_login"})
    api.post(f"billing_portal/sessions/{visit.session_id}/expire")
    assert "l•••@example.org" in visit.get("invoices").text
    visit.client.post(f"/p/login/again/{visit.session_id}", base_url=SECURE)
    code = digits()
    assert newest("login_code", f"To: {LEA}")
    entered = visit.client.post("/p/login/code", data={"code": code}, base_url=SECURE)
    again = Portal(visit.client, entered.location.split("/")[2])
    assert (again.get("details").status_code, again.get("invoices").status_code) == (404, 200)
    assert api.get(f"billing_portal/sessions/{again.session_id}")["contact"] == contact


def test_roles_see_what_they_may(enter: Any, api: Api) -> None:
    manager = enter("billing_manager", email="m@example.org")
    assert [manager.get(each).status_code for each in ("", "details", "details/name", "invoices")] == [200] * 4
    assert [manager.get(each).status_code for each in ("contacts", "details/email")] == [404] * 2
    accountant = enter("accountant")
    assert accountant.get().location.endswith("/invoices")
    assert [accountant.get(each).status_code for each in ("invoices", "statements", "downloads", "sessions")] == [
        200
    ] * 4
    assert [accountant.get(each).status_code for each in ("contacts", "details", "details/recipients")] == [404] * 3
    assert "Billing information" not in accountant.get("invoices").text
    owner = enter("owner", email="o@example.org")
    assert [owner.get(each).status_code for each in ("contacts", "details/email", "sessions")] == [200] * 3


def test_another_role_or_a_removal_counts_at_the_next_request(enter: Any, api: Api, rosen: Customer) -> None:
    visit = enter("owner")
    path = f"customers/{rosen.id}/contacts/{api.get(f'customers/{rosen.id}/contacts')['data'][0]['id']}"
    assert visit.get("details/name").status_code == 200
    api.post(path, role="accountant")
    assert (visit.get("details/name").status_code, visit.get("invoices").status_code) == (404, 200)
    api.post(path, role="recipient")
    assert visit.get("invoices").status_code == 410
    api.post(path, role="owner")
    assert visit.get("invoices").status_code == 410
    api.delete(path)
    assert visit.get("").status_code == 410


def test_the_log_names_the_person(enter: Any, database: Database, scope: Scope) -> None:
    visit = enter("owner")
    visit.post("details/name", name="Rosen AG")
    with database.reading(scope) as db:
        entries = select(AuditEntry).where(AuditEntry.action == "customer.updated")
        actor = db.scalars(entries.order_by(AuditEntry.sequence.desc())).first().actor
    assert (actor["type"], actor["contact"]["email"], actor["contact"]["id"][:5]) == ("customer", LEA, "ccon_")


def test_a_session_names_only_contacts_who_can_come_in(api: Api, add: Any, make: Factories, rosen: Customer) -> None:
    path, recipient = "billing_portal/sessions", add("recipient")["id"]
    assert api.error("POST", path, customer=rosen.id, contact=recipient)["param"] == "contact"
    contact = add("accountant", email="b@example.org")["id"]
    assert api.error("POST", path, customer=make.customer().id, contact=contact)["param"] == "contact"
    assert api.error("POST", path, customer=rosen.id, contact="ccon_1")["code"] == "resource_missing"
    flow = {"type": "customer_update"}
    refused = api.error("POST", path, customer=rosen.id, contact=contact, flow_data=flow)
    assert refused["param"] == "flow_data[type]"
    assert api.post(path, customer=rosen.id)["contact"] is None


def test_an_owner_gives_roles_and_removes(owner: Portal, add: Any, api: Api, newest: Any, rosen: Customer) -> None:
    id = add("accountant")["id"]
    assert owner.post(f"contacts/{id}", role="billing_manager").status_code == 303
    assert "Billing manager" in owner.get("contacts").text
    assert owner.post(f"contacts/{id}", role="king").status_code == 400
    assert owner.post(f"contacts/{id}/invite").status_code == 303
    assert LEA in owner.get(f"contacts/{id}/remove").text
    assert owner.post(f"contacts/{id}/remove").status_code == 303
    assert newest("contact_changed", "no access to your billing any more")
    assert api.get(f"customers/{rosen.id}/contacts")["data"] == []
    assert owner.get(f"contacts/{id}").status_code == 404


def test_what_can_not_be_invited_is_said(owner: Portal, add: Any) -> None:
    add("accountant")
    for sent, words in (
        ({"email": LEA.upper(), "role": "owner"}, "This address has access or gets mails already."),
        ({"email": "jenny@example.org", "role": "owner"}, "This address has access or gets mails already."),
        ({"email": "nobody", "role": "owner"}, "Write the address like"),
        ({"email": "", "role": "owner"}, "Enter the email address."),
    ):
        answer = owner.post("contacts/invite", locale="en", **sent)
        assert (answer.status_code, words in answer.text) == (400, True)


def test_the_last_owner_is_told_why(make: Factories, api: Api, portal: Any, shop: Configuration, writing: Any) -> None:
    customer = make.customer(email="")
    id = api.post(f"customers/{customer.id}/contacts", email=LEA, role="owner")["id"]
    with writing() as db:
        db.get_one(Contact, (make.scope.tenant_id, id)).joined_at = 1
    visit = portal(customer, shop, contact=id)
    assert visit.post(f"contacts/{id}/remove").status_code == 303
    assert "This is the last owner" in visit.get("contacts").text
    assert "This is the last owner" in visit.post(f"contacts/{id}", role="accountant").text


def test_where_the_switches_are_off_nothing_is_there(portal: Any, make: Factories, rosen: Customer, add: Any) -> None:
    visit, id = portal(rosen, make.configuration()), add("accountant")["id"]
    token = visit.token()
    assert not {"People", "Devices"} & set(re.findall(r">(\w+)</a>", visit.get("").text))
    for path in ("contacts", "contacts/invite", f"contacts/{id}", f"contacts/{id}/remove", "sessions"):
        assert visit.get(path).status_code == 404
    for path in ("contacts/invite", f"contacts/{id}", f"contacts/{id}/invite", "sessions/end-others"):
        data = {"csrf_token": token, "email": "x@example.org", "role": "owner"}
        url = f"/p/{visit.session_id}/{path}"
        assert visit.client.post(url, base_url=SECURE, data=data).status_code == 404


AGENTS = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0": "Firefox on Windows",
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/142.0 Safari/537.36 Edg/142.0": "Edge on Windows",
    "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36": "Chrome on Android",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile Safari/604.1": "Safari on iPhone",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/19.0 Safari/605.1.15": "Safari on Mac",
    "curl/8": "Unknown device",
}


@pytest.mark.parametrize("agent", AGENTS)
def test_a_device_is_named_coarsely(
    app: Flask, make: Factories, rosen: Customer, shop: Configuration, database: Any, scope: Scope, agent: str
) -> None:
    browser = app.test_client()
    browser.environ_base["HTTP_USER_AGENT"] = agent
    link, headers = make.portal_link(rosen, shop), {"User-Agent": agent}
    first = browser.get(link, base_url=SECURE, headers=headers)
    opened = browser.get(first.location, base_url=SECURE, headers=headers)
    page = Portal(browser, opened.location.split("/")[2]).get("sessions").text
    assert AGENTS[agent] in page
    with database.reading(scope) as db:
        stored = db.scalars(select(PortalSession)).one().device
    assert "14" not in str(stored)


def test_an_owner_ends_visits_and_others_only_their_own(
    owner: Portal, enter: Any, portal: Any, rosen: Customer, shop: Configuration
) -> None:
    accountant, second = enter("accountant"), portal(rosen, shop)
    page = owner.get("sessions").text
    assert (page.count("Signed in "), LEA in page, page.count("This device")) == (3, True, 1)
    assert accountant.get("sessions").text.count("Signed in ") == 1
    assert accountant.post(f"sessions/{second.session_id}/end").status_code == 404
    assert owner.post(f"sessions/{accountant.session_id}/end").status_code == 303
    assert accountant.get("invoices").status_code == 410
    assert second.get().status_code == 200
    assert owner.post("sessions/end-others").status_code == 303
    assert (second.get().status_code, owner.get().status_code) == (410, 200)
    assert owner.post(f"sessions/{owner.session_id}/end").status_code == 303
    assert owner.get().status_code == 410
