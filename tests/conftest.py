"""Fixtures: one database per test process, one fresh merchant per test.

Rows of different merchants never meet, so tests share a database without cleaning it, on either
engine, with real commits.
"""

from __future__ import annotations

import gc
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event

from portal import clock, create_app
from portal.billing.accounts import new_accounts
from portal.billing.accounts.new_accounts import CreateAccount, NewAccount
from portal.db import Database, Scope
from portal.settings import Settings, from_environment
from tests import databases, postgresql
from tests.clients import Api, Portal
from tests.databases import URL
from tests.factories import Factories

pytest_plugins = ["tests.live"]

#: 21 November 2026, 12:00 UTC: where tests that hold the clock hold it.
NOON = 1795262400


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite", help="which engine to test on")
    parser.addoption("--torture", action="store_true", help="only the tests of minutes, which kill what they test")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "torture: takes minutes, so it runs only with --torture")
    config.addinivalue_line("markers", "postgresql: about PostgreSQL alone")
    is_worker = hasattr(config, "workerinput")
    if databases.is_postgresql(config) and not is_worker and not os.environ.get(URL):
        config.stash[_CLUSTER] = cluster = postgresql.Cluster()
        os.environ[URL] = cluster.url


def pytest_unconfigure(config: pytest.Config) -> None:
    cluster = config.stash.get(_CLUSTER, None)
    if cluster:
        cluster.stop()


_CLUSTER = pytest.StashKey[postgresql.Cluster]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What never touches a database runs once, with SQLite."""
    if databases.is_postgresql(config):
        items[:] = [item for item in items if not _runs_once(item)]
    else:
        items[:] = [item for item in items if item.get_closest_marker("postgresql") is None]
    wanted = config.getoption("--torture")
    items[:] = [item for item in items if (item.get_closest_marker("torture") is not None) == wanted]
    for item in items:
        if "tests/browser/" in item.nodeid:
            # one worker holds the browser and its server, the others go on beside it
            item.add_marker(pytest.mark.xdist_group("browser"))


def pytest_collection_finish() -> None:
    """Leave all that was imported and collected out of the rounds of the garbage collector, which grow with it."""
    gc.collect()
    gc.freeze()


#: Every fixture that opens a database of the engine that was asked for.
_DATABASE_FIXTURES = frozenset({"settings", "live_server", "hooks", "apart", "empty", "hosts"})
_DATABASE_MARKERS = ("postgresql", "torture")


def _runs_once(item: pytest.Item) -> bool:
    if not _touches_database(item):
        return True
    if "tests/documents/" in item.nodeid and "app" in getattr(item, "fixturenames", ()):
        # hundreds of documents, each before every judge: what is drawn is no matter of the database
        return "test_e_invoices" in item.nodeid
    return any(
        part in item.nodeid
        for part in ("tests/rules/", "tests/wire/", "tests/documents/", "tests/browser/", "tests/frameworks/")
    )


def _touches_database(item: pytest.Item) -> bool:
    marked = any(item.get_closest_marker(name) for name in _DATABASE_MARKERS)
    return marked or not _DATABASE_FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def settings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a portal with its own folder and database."""
    worker = getattr(request.config, "workerinput", {}).get("workerid", "main")
    with databases.new_folder(tmp_path_factory, "instance") as folder:
        chosen = databases.new_migrated(request.config, folder, f"portal_test_{worker}")
        yield replace(from_environment(chosen), base_url="http://localhost", hosts=("*.shop.example",))


@pytest.fixture(scope="session")
def app(settings: Settings) -> Iterator[Flask]:
    """The application on a migrated database."""
    app = create_app(settings)
    app.testing = True
    yield app
    app.extensions["portal"].database.dispose()


@pytest.fixture
def database(app: Flask) -> Database:
    """The database below the application."""
    found: Database = app.extensions["portal"].database
    return found


@pytest.fixture
def merchant(database: Database) -> NewAccount:
    """A merchant of this test alone."""
    with database.writing() as db:
        return new_accounts.create(db, CreateAccount("Rocket Rides"), now=clock.now())


@pytest.fixture
def scope(merchant: NewAccount) -> Scope:
    """The merchant's test mode."""
    return Scope(merchant.test.id, merchant.account.id, livemode=False)


@pytest.fixture
def make(database: Database, scope: Scope) -> Factories:
    """Makes rows of the merchant, each in a transaction of its own."""
    return Factories(database, scope)


@pytest.fixture
def writing(database: Database, scope: Scope) -> Callable[[], Any]:
    """`with writing() as db:` a committed transaction of the merchant."""
    return lambda: database.writing(scope)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without any session."""
    return app.test_client()


@pytest.fixture
def api(app: Flask, merchant: NewAccount) -> Api:
    """The admin API with the merchant's test key."""
    return Api(app.test_client(), merchant.test_key)


@pytest.fixture
def portal(app: Flask, make: Factories) -> Callable[..., Portal]:
    """`portal(customer, configuration)` opens a session in a browser of its own."""
    return lambda *args, **options: Portal.opened(app, make, *args, **options)


@pytest.fixture
def held_clock() -> Iterator[int]:
    """The clock stands still at noon of 21 November 2026."""
    with clock.hold_at(NOON):
        yield NOON


@pytest.fixture
def count_queries(database: Database) -> Callable[[], Any]:
    """`with count_queries() as statements:` lists the SQL that runs inside."""

    @contextmanager
    def counting() -> Iterator[list[str]]:
        statements: list[str] = []

        def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
            statements.append(statement)

        engines: tuple[Engine, ...] = (database.reader, database.writer)
        for engine in engines:
            event.listen(engine, "before_cursor_execute", note)
        database.hot.listeners.append(statements.append)
        try:
            yield statements
        finally:
            database.hot.listeners.remove(statements.append)
            for engine in engines:
                event.remove(engine, "before_cursor_execute", note)

    return counting


@pytest.fixture
def listened_to(count_queries: Callable[[], Any]) -> None:
    """Brings the engine into the state in which other tests leave it: it goes on to look for those who listen."""
    with count_queries():
        pass


@pytest.fixture
def count_scrypt(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """An entry for each slow hash that is made, and how many are made at that moment."""
    calls: list[int] = []
    running = []
    real = hashlib.scrypt

    def counting(*args: Any, **options: Any) -> bytes:
        running.append(1)
        calls.append(len(running))
        try:
            return real(*args, **options)
        finally:
            running.pop()

    monkeypatch.setattr(hashlib, "scrypt", counting)
    return calls
