"""Connections: who waits for a writer and for how long, poolers, several hosts, and servers that only read."""

from __future__ import annotations

import fcntl
import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import literal, make_url, select, text
from sqlalchemy.exc import DBAPIError

from portal import clock, create_app, schema, writer_queue
from portal.billing.accounts import new_accounts
from portal.billing.accounts.new_accounts import CreateAccount
from portal.db import Database
from portal.engines import JOURNAL_BYTES, parse_url
from portal.errors import Unavailable
from portal.hot_reads import HotStatement
from portal.settings import Settings
from portal.writer_queue import WriterQueue
from tests import pgbouncer
from tests.clients import Api
from tests.databases import URL
from tests.postgresql import new_database


@pytest.fixture
def held_elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A lock file that somebody holds and does not give back."""
    path = tmp_path / "portal.db.lock"
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(file, fcntl.LOCK_EX)
    yield path
    os.close(file)


def test_a_writer_gives_up_where_another_stands_still(held_elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_queue, "PATIENCE", 0.2)
    with pytest.raises(Unavailable), WriterQueue(held_elsewhere).take_turn():
        raise AssertionError("nobody gave the turn back")


def test_a_thread_gives_up_where_another_stands_still(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_queue, "PATIENCE", 0.2)
    queue, taken, done = WriterQueue(tmp_path / "lock"), threading.Event(), threading.Event()

    def stand_still() -> None:
        with queue.take_turn():
            taken.set()
            done.wait(10)

    with ThreadPoolExecutor(1) as other:
        other.submit(stand_still)
        taken.wait(10)
        with pytest.raises(Unavailable), queue.take_turn():
            raise AssertionError("two have the turn")
        done.set()
    with queue.take_turn():
        """The turn is free again."""


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    queues, inside, most = [WriterQueue(tmp_path / "lock") for _ in range(3)], [0], [0]

    def write(queue: WriterQueue) -> None:
        for _ in range(50):
            with queue.take_turn():
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                inside[0] -= 1

    with ThreadPoolExecutor(9) as pool:
        list(pool.map(write, queues * 3))
    assert most == [1]


@pytest.mark.parametrize(
    ("sent", "hosts", "rest"),
    [
        ("postgresql+psycopg://u:p%40@a:1,b:2/db?target_session_attrs=any", ("a:1", "b:2"), "any"),
        ("postgresql+psycopg://a,b/db", ("a", "b"), None),
    ],
)
def test_several_hosts_are_taken(sent: str, hosts: tuple[str, ...], rest: str | None) -> None:
    url = parse_url(sent)
    assert (url.database, url.query["host"], url.query.get("target_session_attrs")) == ("db", hosts, rest)


def test_one_host_stays_as_it_is() -> None:
    assert parse_url("postgresql+psycopg://u@a:1/db").host == "a"


def test_errors_hold_no_values(database: Database) -> None:
    with database.reader.connect() as connection, pytest.raises(DBAPIError) as raised:
        connection.execute(text("SELECT * FROM missing WHERE name = :name"), {"name": "Jane Diaz"})
    assert "missing" in str(raised.value)
    assert "Jane" not in str(raised.value)


@pytest.mark.postgresql
def test_a_server_that_only_reads_is_left(app: Flask, settings: Settings) -> None:
    database = Database(settings.database_url)
    with database.writer.connect() as connection:
        connection.exec_driver_sql("SET default_transaction_read_only = on")
        connection.commit()
    with pytest.raises(Unavailable), database.writing() as db:
        new_accounts.create(db, CreateAccount("Nobody"), now=clock.now())
    with database.writing() as db:
        new_accounts.create(db, CreateAccount("Rocket Rides"), now=clock.now())
    database.dispose()


@pytest.fixture
def restarted(settings: Settings, request: pytest.FixtureRequest) -> Iterator[tuple[Database, Api]]:
    """A portal with connections of every kind, for tests that end these."""
    number = request.node.name.count("_")
    url = new_database(os.environ[URL], f"portal_restarted_{os.getpid()}_{number}")
    app = create_app(replace(settings, database_url=url))
    database: Database = app.extensions["portal"].database
    schema.upgrade(database)
    with database.writing() as db:
        merchant = new_accounts.create(db, CreateAccount("Rocket Rides"), now=clock.now())
    api = Api(app.test_client(), merchant.test_key)
    api.post("customers")
    api.get("customers")
    yield database, api
    database.dispose()


@pytest.mark.postgresql
def test_connections_that_a_restart_has_ended_cost_no_write(restarted: tuple[Database, Api]) -> None:
    database, api = restarted
    _end_connections(database, "true")
    assert api.post("customers")["object"] == "customer"
    assert len(api.get("customers")["data"]) == 2


@pytest.mark.postgresql
def test_a_connection_that_is_lost_amid_a_write_is_not_used_again(restarted: tuple[Database, Api]) -> None:
    """The one that reads what was committed before: nothing asks it whether it is still there."""
    database, api = restarted
    id = api.get("customers")["data"][0]["id"]
    api.post(f"customers/{id}", name="Jenny")
    with database._beside.connect() as connection:
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
    _end_connections(database, f"pid = {pid}")
    assert api.request("POST", f"customers/{id}", name="Rosen").status_code == 503
    assert api.post(f"customers/{id}", name="Rosen")["name"] == "Rosen"


def _end_connections(database: Database, which: str) -> None:
    beside = Database(database.url.render_as_string(hide_password=False))
    ended = f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {which}"  # noqa: S608 - our own words
    with beside.reader.connect() as connection:
        connection.execute(text(f"{ended} AND datname = current_database() AND pid <> pg_backend_pid()"))
    beside.dispose()


@pytest.mark.postgresql
def test_a_server_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        database = Database(f"postgresql+psycopg://portal@127.0.0.1:{port},127.0.0.1:{port}/portal")
        began = time.monotonic()
        with pytest.raises(Unavailable), database.reading():
            database.hot.all(HotStatement(select(literal(1))), {})
        assert time.monotonic() - began < 8


@pytest.mark.postgresql
def test_limits_of_the_network_can_be_set(settings: Settings) -> None:
    for said, seconds in (({}, "4000"), ({"tcp_user_timeout": "9000"}, "9000")):
        url = make_url(settings.database_url).update_query_dict(said)
        database = Database(url.render_as_string(hide_password=False))
        with database.reader.connect() as connection:
            info = connection.connection.driver_connection.info  # type: ignore[union-attr]
            assert info.get_parameters()["tcp_user_timeout"] == seconds
        database.dispose()


@pytest.mark.postgresql
def test_a_pooler_by_transaction_may_stand_between(settings: Settings) -> None:
    url = new_database(os.environ[URL], f"portal_pooled_{os.getpid()}")
    with pgbouncer.pooled(url) as through:
        app = create_app(replace(settings, database_url=through))
        database: Database = app.extensions["portal"].database
        schema.upgrade(database)
        with database.writing() as db:
            merchant = new_accounts.create(db, CreateAccount("Rocket Rides"), now=clock.now())
            limits = [db.execute(text(f"SHOW {name}")).scalar() for name in ("statement_timeout", "lock_timeout")]
        assert limits == ["5s", "4s"]
        with ThreadPoolExecutor(12) as pool:
            calls = [pool.submit(Api(app.test_client(), merchant.test_key).post, "customers") for _ in range(60)]
            assert len({each.result()["id"] for each in calls}) == 60
        assert len(Api(app.test_client(), merchant.test_key).get("customers", limit=100)["data"]) == 60
        database.dispose()


def test_the_log_of_sqlite_is_cut_back_after_a_long_reader(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/portal.db")
    log = tmp_path / "portal.db-wal"
    with database.writer.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE things (content BLOB)")
    with database.reader.connect() as reader:
        reader.exec_driver_sql("BEGIN")
        reader.exec_driver_sql("SELECT * FROM things").all()
        for _ in range(3):
            with database.writer.begin() as connection:
                connection.exec_driver_sql("INSERT INTO things VALUES (zeroblob(8000000))")
        assert log.stat().st_size > JOURNAL_BYTES
        reader.exec_driver_sql("ROLLBACK")
    for _ in range(2):
        with database.writer.begin() as connection:
            connection.exec_driver_sql("INSERT INTO things VALUES (1)")
    assert log.stat().st_size <= JOURNAL_BYTES
    database.dispose()
