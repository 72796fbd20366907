"""Host names of merchants: who gets one, where links lead, and that no merchant's pages are at another one's name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask

from portal import clock
from portal.billing.accounts import new_accounts
from portal.billing.accounts.new_accounts import CreateAccount
from portal.db import Database, Scope
from tests.clients import Api
from tests.examples import EXAMPLES, Scene, path_types
from tests.factories import Factories
from tests.mailing import mails_to

_NUMBERS = count(1)
HISTORY = {"invoice_history": {"enabled": True}}
#: What links lead to, by the first part of their paths.
LINKED = {"c", "cancel", "checkout", "e", "files", "i", "m", "n", "p", "pay", "r"}


@pytest.fixture
def name() -> str:
    """A host name that nobody has."""
    return f"shop-{next(_NUMBERS)}.shop.example"


@pytest.fixture
def rival(app: Flask, database: Database) -> Api:
    """Another merchant."""
    with database.writing() as db:
        made = new_accounts.create(db, CreateAccount("Rival"), now=clock.now())
    return Api(app.test_client(), made.test_key)


def set_host(api: Api, name: str) -> Any:
    return api.post("account", settings={"portal": {"host": name}})


def addresses(value: Any) -> Iterator[str]:
    """Each address of the portal within an object."""
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from addresses(each)
    elif isinstance(value, str) and value.startswith("http"):
        yield value


def begin_checkout(scene: Scene) -> Any:
    """A checkout, as the call that makes it answers: with its address."""
    sold = [{"price": scene.make.price().id}]
    return scene.api.post("checkout/sessions", mode="subscription", customer=scene.customer.id, line_items=sold)


@pytest.fixture
def make(database: Database, api: Api, scope: Scope, name: str) -> Factories:
    """Rows of the merchant, who has a host."""
    assert set_host(api, name)["settings"]["portal"]["host"] == name
    return Factories(database, replace(scope, host=name))


def test_every_link_of_an_account_leads_to_its_host(make: Factories, api: Api, name: str) -> None:
    scene = Scene(make, api, make.customer(email="jenny@example.com"), "word")
    shown = {type: example(scene) for type, example in EXAMPLES.items()}
    seen = {
        each
        for path, type in path_types().items()
        if "<" not in path and type in shown
        for each in addresses(api.get(f"{path.removeprefix('/')}/{shown[type]}"))
    }
    seen |= set(addresses(api.get("events", limit=100)))
    configuration = api.post(
        "billing_portal/configurations", features=HISTORY, login_page={"enabled": True}, cancel_page={"enabled": True}
    )
    seen |= set(addresses(configuration))
    seen |= set(addresses(api.post("billing_portal/sessions", customer=scene.customer.id)))
    seen |= set(addresses(begin_checkout(scene)))
    assert {urlsplit(each).path.split("/")[1] for each in seen if name in each} >= LINKED
    assert not {each for each in seen if each.startswith("http://localhost/") and "/v1/files/" not in each}


def test_what_is_stored_as_json_leads_there_too(make: Factories, api: Api, name: str) -> None:
    """Lists of finalized invoices are kept by the process: a new host is seen in them at once."""
    make.paid_invoice(make.customer(), 5000)
    assert name in api.get("invoices")["data"][0]["hosted_invoice_url"]
    set_host(api, "")
    assert api.get("invoices")["data"][0]["hosted_invoice_url"].startswith("http://localhost/i/")


def test_mails_lead_there(app: Flask, make: Factories, api: Api, name: str) -> None:
    customer = make.customer(email=f"jenny@{name}")
    api.post(f"customers/{customer.id}/contacts", email=f"lea@{name}", role="owner")
    invoice = make.invoice(customer, 5000)
    api.post(f"invoices/{invoice.id}/send")
    for address in (f"jenny@{name}", f"lea@{name}"):
        words = "".join(each.as_string() for each in mails_to(app.extensions["portal"], address)).replace("=\n", "")
        assert f"http://{name}/" in words
        assert "http://localhost/" not in words


def test_a_configuration_has_pages_at_a_host_of_its_own(make: Factories, api: Api, name: str) -> None:
    own = name.replace("shop", "own", 1)
    page = {"enabled": True}
    made = api.post(
        "billing_portal/configurations", features=HISTORY, host=own.upper(), login_page=page, cancel_page=page
    )
    assert made["host"] == own
    assert made["login_page"]["url"].startswith(f"http://{own}/p/login/")
    assert made["cancel_page"]["url"].startswith(f"http://{own}/cancel/")
    customer = make.customer().id
    session = api.post("billing_portal/sessions", customer=customer, configuration=made["id"])
    assert session["url"].startswith(f"http://{own}/p/session/")
    assert api.post("billing_portal/sessions", customer=customer)["url"].startswith(f"http://{name}/")
    cleared = api.post(f"billing_portal/configurations/{made['id']}", host="")
    assert cleared["login_page"]["url"].startswith(f"http://{name}/p/login/")


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "shop.example",
        "a.b.shop.example",
        "evil.example",
        "https://a.shop.example",
        "a.shop.example:8",
        "127.0.0.1",
        "a.shop.example.",
        "ä.shop.example/",
    ],
)
def test_a_host_that_nobody_vouches_for_is_refused(api: Api, host: str) -> None:
    for path, sent in (
        ("account", {"settings": {"portal": {"host": host}}}),
        ("billing_portal/configurations", {"features": HISTORY, "host": host}),
    ):
        assert api.error("POST", path, **sent)["param"].endswith("host" if path != "account" else "[host]")
    assert api.get("account")["settings"]["portal"]["host"] is None


def test_a_host_has_one_account_until_that_one_gives_it_back(make: Factories, api: Api, rival: Api, name: str) -> None:
    assert "another account" in rival.error("POST", "account", settings={"portal": {"host": name}})["message"]
    assert (
        "another account"
        in rival.error("POST", "billing_portal/configurations", features=HISTORY, host=name)["message"]
    )
    used = api.post("billing_portal/configurations", features=HISTORY, host=name)["id"]
    set_host(api, "")
    assert rival.error("POST", "account", settings={"portal": {"host": name}})
    api.post(f"billing_portal/configurations/{used}", host="")
    assert set_host(rival, name)["settings"]["portal"]["host"] == name


def test_pages_are_at_the_host_and_at_the_portals_own(app: Flask, make: Factories, api: Api, name: str) -> None:
    customer = make.customer(name="Jenny Rosen")
    for base in (f"https://{name}", "https://localhost"):
        url = api.post("billing_portal/sessions", customer=customer.id)["url"]
        client = app.test_client()
        answer = client.get(urlsplit(url).path, base_url=base)
        while answer.status_code == 303:
            (cookie,) = answer.headers.getlist("Set-Cookie") or [""]
            assert not cookie or (cookie.startswith("__Host-") and "Domain" not in cookie)
            answer = client.get(answer.location, base_url=base)
        assert "Jenny Rosen" in answer.get_data(as_text=True)
        assert f"'{base}" not in answer.get_data(as_text=True)


def test_the_api_is_at_the_portals_own_address_alone(app: Flask, make: Factories, api: Api, name: str) -> None:
    key = {"Authorization": f"Bearer {api.key}"}
    client = app.test_client()
    for path in ("/v1/customers", "/docs", "/v1/openapi.json", "/patterns", "/nothing"):
        assert client.get(path, base_url=f"https://{name}", headers=key).status_code == 404, path
    for path in ("/embed.js", "/static/embed.js"):
        with client.get(path, base_url=f"https://{name}") as answer:
            assert answer.status_code == 200, path


def test_a_name_of_nobody_is_answered_with_400(app: Flask, name: str) -> None:
    for path in ("/v1/customers", "/embed.js", "/p/bps_1/", "/i/token", "/nothing"):
        assert app.test_client().get(path, base_url=f"https://{name}").status_code == 400, path


def test_a_proxy_learns_which_names_are_known(app: Flask, make: Factories, api: Api, name: str) -> None:
    def ask(domain: str) -> tuple[int, bytes]:
        answer = app.test_client().get(f"/hosts/known?domain={domain}", base_url="http://10.0.0.1:8000")
        return answer.status_code, answer.get_data()

    assert ask(name) == ask(name.upper()) == ask("localhost") == (200, b"known\n")
    for unknown in ("unknown.shop.example", "", "%00", "x" * 999):
        assert ask(unknown) == (404, b"unknown\n")


def test_no_page_of_a_merchant_is_at_the_host_of_another(
    app: Flask, database: Database, make: Factories, api: Api, rival: Api, name: str
) -> None:
    theirs = name.replace("shop", "rival", 1)
    set_host(rival, theirs)
    customer = make.customer(name="Canary", email="jenny@example.com")
    page = {"enabled": True}
    configuration = api.post("billing_portal/configurations", features=HISTORY, login_page=page, cancel_page=page)
    scene = Scene(make, api, customer, "Canary")
    session = api.post("billing_portal/sessions", customer=customer.id)
    links = {session["url"], *addresses(configuration), *addresses(api.get(f"invoices/{scene.invoice.id}"))}
    for type in (
        "checkout.session",
        "credit_note",
        "file_link",
        "mandate",
        "payment_link",
        "billing_portal.cancellation",
    ):
        id = EXAMPLES[type](scene)
        path = next(path for path, each in path_types().items() if each == type and "<" not in path)
        links |= set(addresses(api.get(f"{path.removeprefix('/')}/{id}")))
    ours = {urlsplit(each).path for each in links if name in each}
    assert {path.split("/")[1] for path in ours} >= {"c", "cancel", "e", "files", "i", "m", "p", "pay"}
    for path in ours:
        answer = app.test_client().get(path, base_url=f"https://{theirs}")
        assert answer.status_code == 404, path
        assert "Canary" not in answer.get_data(as_text=True)
        assert "Rocket" not in answer.get_data(as_text=True)
    for path in ours:
        assert app.test_client().get(path, base_url=f"https://{name}").status_code in {200, 303}, path


def test_a_visit_is_not_open_at_the_host_of_another(
    app: Flask, make: Factories, api: Api, rival: Api, portal: Any, name: str
) -> None:
    theirs = name.replace("shop", "rival", 1)
    set_host(rival, theirs)
    visitor = portal(make.customer(name="Canary"), make.configuration())
    cookies = {cookie.key: cookie.value for cookie in visitor.client._cookies.values()}
    header = {"Cookie": "; ".join(f"{key}={value}" for key, value in cookies.items())}
    path = f"/p/{visitor.session_id}/"
    for base, status in ((name, 200), (theirs, 404), ("localhost", 200)):
        answer = app.test_client(use_cookies=False).get(path, base_url=f"https://{base}", headers=header)
        assert answer.status_code == status
        assert ("Canary" in answer.get_data(as_text=True)) is (status == 200)
    for rest in ("invoices", "details", "stay"):
        answer = app.test_client().get(f"{path}{rest}", base_url=f"https://{theirs}")
        assert answer.status_code in {404, 410}
        assert "Rocket" not in answer.get_data(as_text=True)
