"""Reads by a replica: a real one that streams, lags behind, and goes away."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, event, select, text

from portal import clock, create_app, replicas, schema
from portal.billing.accounts import new_accounts
from portal.billing.accounts.new_accounts import CreateAccount
from portal.db import Database, Scope
from portal.models import Journal
from portal.settings import InvalidSetting, Settings, from_environment
from tests.api.test_samples import play_day
from tests.clients import Api
from tests.factories import Factories
from tests.postgresql import Cluster, Replica, new_database

#: Calls that change nothing.
PREVIEWS = {"POST /invoices/create_preview"}


@dataclass(frozen=True)
class Copied:
    """An application whose calls may read from a replica."""

    api: Api
    replica: Replica
    engine: Engine
    read: list[str]

    def replay(self, word: str) -> None:
        """`pause` or `resume` what the replica does with what it hears."""
        with self.engine.connect() as connection:
            connection.execute(text(f"SELECT pg_wal_replay_{word}()"))
            while word == "pause" and connection.scalar(text("SELECT pg_get_wal_replay_pause_state()")) != "paused":
                time.sleep(0.02)

    def reads(self) -> bool:
        """Whether a list of customers was read from the replica."""
        self.read.clear()
        self.api.get("customers")
        return any("FROM customers" in each for each in self.read)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    cluster = Cluster()
    yield cluster
    cluster.stop()


@pytest.fixture
def copied(cluster: Cluster, tmp_path: Path) -> Iterator[Copied]:
    url = new_database(cluster.url, "copied")
    database = Database(url)
    schema.upgrade(database)
    with database.writing() as db:
        merchant = new_accounts.create(db, CreateAccount("Rocket Rides"), now=clock.now())
    database.dispose()
    replica = cluster.add_replica()
    here = replica.url_of(url)
    variables = {"PORTAL_INSTANCE": str(tmp_path), "PORTAL_DATABASE_URL": url, "PORTAL_DATABASE_REPLICA_URL": here}
    app = create_app(replace(from_environment(variables), base_url="http://localhost"))
    app.testing = True
    copying: Database = app.extensions["portal"].database
    read: list[str] = []
    engine = create_engine(here, isolation_level="AUTOCOMMIT")
    _note_statements(copying, read)
    yield Copied(Api(app.test_client(), merchant.test_key), replica, engine, read)
    copying.dispose()
    engine.dispose()
    replica.halt()
    replica.remove()


def _note_statements(database: Database, read: list[str]) -> None:
    assert database.replica is not None
    event.listen(database.replica.engine, "before_cursor_execute", lambda *said: read.append(said[2]))


def _wait_until(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.05)


@pytest.mark.postgresql
def test_reads_go_to_a_replica_that_has_every_change_of_their_reader(copied: Copied) -> None:
    api = copied.api
    made = api.post("customers", name="Jenny Rosen")
    _wait_until(copied.reads)
    assert api.get(f"customers/{made['id']}")["name"] == "Jenny Rosen"
    copied.replay("pause")
    # nothing has changed since, so the replica knows all
    assert copied.reads()
    for turn in range(5):
        # what was written is read at once, by the primary
        api.post(f"customers/{made['id']}", name=f"Jenny {turn}")
        assert api.get(f"customers/{made['id']}")["name"] == f"Jenny {turn}"
        assert not copied.reads()
    copied.replay("resume")
    _wait_until(copied.reads)
    assert api.get(f"customers/{made['id']}")["name"] == "Jenny 4"


@pytest.mark.postgresql
def test_a_replica_that_is_away_stops_no_read(copied: Copied, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replicas, "REST_AFTER_FAILURE", 0.2)
    copied.api.post("customers", name="Jenny Rosen")
    _wait_until(copied.reads)
    copied.replica.halt()
    assert [copied.reads() for _ in range(3)] == [False] * 3
    assert copied.api.get("customers")["data"][0]["name"] == "Jenny Rosen"
    copied.replica.start()
    _wait_until(copied.reads)


def test_every_call_that_changes_something_is_numbered(
    app: Flask, api: Api, make: Factories, database: Database, scope: Scope
) -> None:
    """By that number a reader knows whether a replica has what it has written."""
    numbers, unnumbered = [0], set()

    def compare(call: Any, sample: Any, answer: Any) -> None:
        with database.reading() as db:
            numbers.append(db.scalar(select(Journal.last).where(Journal.tenant_id == scope.tenant_id)) or 0)
        if not str(call).startswith("GET") and numbers[-1] == numbers[-2]:
            unnumbered.add(str(call))

    play_day(api, make, compare)
    assert unnumbered == PREVIEWS


def test_a_replica_needs_postgresql(settings: Settings) -> None:
    for database_url in ("sqlite:////nowhere/portal.db", ""):
        variables = {
            "PORTAL_SECRET_KEY": "0123456789abcdef" * 3,
            "PORTAL_DATABASE_URL": database_url,
            "PORTAL_DATABASE_REPLICA_URL": "postgresql://nobody@127.0.0.1/portal",
        }
        with pytest.raises(InvalidSetting, match="needs a PORTAL_DATABASE_URL of PostgreSQL"):
            from_environment(variables)
    with pytest.raises(InvalidSetting, match="must start with postgresql"):
        from_environment({"PORTAL_DATABASE_REPLICA_URL": "mysql://nobody@127.0.0.1/portal"})
