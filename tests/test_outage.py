"""A database that is away: every answer says so, and when to ask again, in the merchant's look where it is known."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import DictLoader

from portal import clock, create_app, schema
from portal.billing.accounts import new_accounts
from portal.billing.accounts.new_accounts import CreateAccount
from portal.db import Database, Scope
from portal.hosted.visit_cookies import cookie_name
from portal.settings import Settings
from tests import pgbouncer
from tests.databases import URL
from tests.factories import Factories
from tests.postgresql import new_database


@contextmanager
def file_that_goes(folder: Path) -> Iterator[str]:
    """The address of a SQLite file, which is gone afterwards; new connections find a folder in its place."""
    file = folder / "portal.db"
    yield f"sqlite:///{file}"
    for part in folder.glob("portal.db*"):
        part.unlink()
    file.mkdir()


@contextmanager
def server_that_goes(folder: Path) -> Iterator[str]:
    """The address of a PostgreSQL database, whose way is shut afterwards."""
    with pgbouncer.pooled(new_database(os.environ[URL], f"portal_away_{os.getpid()}")) as url:
        yield url


class Outage:
    """A portal with one customer in a visit, whose database is away."""

    def __init__(self, app: Flask, client: FlaskClient, home: str, key: str) -> None:
        self.app, self.client, self.home, self.key = app, client, home, key


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def outage(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> Outage:
    way: Callable[[Path], Iterator[str]] = file_that_goes if request.param == "sqlite" else server_that_goes
    with way(tmp_path) as url:  # type: ignore[attr-defined]
        app = create_app(replace(settings, database_url=url))
        database: Database = app.extensions["portal"].database
        schema.upgrade(database)
        with database.writing() as db:
            merchant = new_accounts.create(db, CreateAccount("Rocket Rides"), now=clock.now())
            scope = Scope(merchant.test.id, merchant.account.id, livemode=False)
        make = Factories(database, scope)
        link = make.portal_link(make.customer(name="Jenny Rosen"), make.configuration())
        client = app.test_client()
        home = client.get(link, follow_redirects=True)
        assert "Jenny Rosen" in home.get_data(as_text=True)
        database.dispose()
    return Outage(app, client, home.request.path, merchant.test_key)


def test_a_customer_sees_the_merchants_page(outage: Outage) -> None:
    answer = outage.client.get(outage.home)
    page = answer.get_data(as_text=True)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert "Rocket Rides" in page
    assert "We can&#39;t answer right now" in page or "We can't answer right now" in page
    assert "Load the page again" in page
    assert "Jenny" not in page


def test_a_stranger_sees_a_page_too(outage: Outage) -> None:
    client = outage.app.test_client()
    client.set_cookie(cookie_name("bps_other"), "bps_other.secret", path="/p/bps_other/")
    for path in ("/p/session/bps_1", "/p/login/plogin_1", "/p/bps_other/", "/p/bps_1/details"):
        answer = client.get(path)
        assert (path, answer.status_code, answer.headers.get("Retry-After")) == (path, 503, "10")
        assert "Rocket Rides" not in answer.get_data(as_text=True)


def test_a_program_is_told_when_to_ask_again(outage: Outage, caplog: pytest.LogCaptureFixture) -> None:
    answer = outage.app.test_client().get("/v1/customers", headers={"Authorization": f"Bearer {outage.key}"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert answer.headers["Stripe-Should-Retry"] == "true"
    assert answer.get_json()["error"]["type"] == "api_error"
    (line,) = [each.getMessage() for each in caplog.records if each.levelname == "ERROR"]
    assert "503" in line
    assert "\n" not in line


def test_only_readiness_depends_on_it(outage: Outage) -> None:
    client = outage.app.test_client()
    assert [client.get(f"/health/{name}").status_code for name in ("live", "ready")] == [200, 503]


def test_a_page_that_fails_while_it_says_so_still_answers(outage: Outage) -> None:
    outage.app.jinja_env.cache.clear()  # type: ignore[union-attr]
    outage.app.jinja_loader = DictLoader({})  # type: ignore[misc]
    outage.app.jinja_env.loader = DictLoader({})
    answer = outage.client.get(outage.home)
    assert answer.status_code == 503
    assert answer.headers["Request-Id"] in answer.get_data(as_text=True)
