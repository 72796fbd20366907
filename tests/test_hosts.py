"""Several servers on one database: what ends on one has ended on all others at their next request."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from flask import Flask

from portal import clock, create_app
from portal.billing.accounts import keys, new_accounts
from portal.billing.accounts.new_accounts import CreateAccount, NewAccount
from portal.db import Database, Scope
from portal.settings import from_environment
from tests import databases
from tests.clients import follow_portal_link
from tests.factories import Factories
from tests.live import TOP, free_port
from tests.test_server import PATIENCE, status, wait_until

#: Requests to each server: its processes take them in turn, and none may be left out.
ROUNDS = 12


@dataclass(frozen=True)
class Hosts:
    """Two servers of two processes each, and the database of both."""

    app: Flask
    urls: tuple[str, str]
    database: Database
    merchant: NewAccount

    def ask(self, path: str, key: str | None = None, cookie: str | None = None) -> set[int]:
        """The statuses of an answer at all processes."""
        return {
            _ask(f"{url}{path}", {"Authorization": f"Bearer {key}"} if key else {"Cookie": cookie or ""})
            for url in self.urls
            for _ in range(ROUNDS)
        }


def _ask(url: str, headers: dict[str, str]) -> int:
    try:
        with urlopen(Request(url, headers=headers), timeout=10) as answer:  # noqa: S310 - our own address
            code: int = answer.status
            return code
    except HTTPError as error:
        with error:
            return error.code


@pytest.fixture(scope="module")
def hosts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    with databases.new_folder(tmp_path_factory, "hosts") as folder, ExitStack() as stack:
        variables = databases.new_migrated(request.config, folder, f"portal_hosts_{os.getpid()}")
        variables["PORTAL_RATE_LIMIT_LIVE"] = "20"
        settings = from_environment(variables)
        app = create_app(replace(settings, base_url="http://localhost"))
        database: Database = app.extensions["portal"].database
        stack.callback(database.dispose)
        with database.writing() as db:
            merchant = new_accounts.create(db, CreateAccount("Rocket Rides"), now=clock.now())
        ports = free_port(), free_port()
        for port in ports:
            stack.enter_context(_serving(port, variables, folder / f"{port}.log"))
        first, second = (f"http://127.0.0.1:{port}" for port in ports)
        wait_until(lambda: {status(f"{url}/health/live") for url in (first, second)} == {200})
        yield Hosts(app, (first, second), database, merchant)


@contextmanager
def _serving(port: int, variables: dict[str, str], log: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "portal.cli", "serve", "--port", str(port), "--workers", "2"]
    with log.open("w") as said:
        server = subprocess.Popen(
            command, cwd=TOP, env={**os.environ, **variables}, stdout=said, stderr=subprocess.STDOUT
        )
    yield
    server.terminate()
    server.wait(PATIENCE)


def test_a_revoked_key_is_dead_on_every_host(hosts: Hosts) -> None:
    scope = Scope(hosts.merchant.test.id, hosts.merchant.account.id, livemode=False)
    assert hosts.ask("/v1/customers", hosts.merchant.test_key) == {200}
    with hosts.database.writing(scope) as db:
        for key in keys.list_for_tenant(db, hosts.merchant.test):
            keys.revoke(db, key.id, now=clock.now())
    assert hosts.ask("/v1/customers", hosts.merchant.test_key) == {401}


def test_a_visit_that_ends_has_ended_on_every_host(hosts: Hosts) -> None:
    make = Factories(hosts.database, Scope(hosts.merchant.live.id, hosts.merchant.account.id, livemode=True))
    opened = follow_portal_link(hosts.app.test_client(), make.portal_link(make.customer(), make.configuration()))
    page, cookie = opened.location, opened.headers["Set-Cookie"].partition(";")[0]
    path = urlsplit(page).path
    assert hosts.ask(path, cookie=cookie) == {200}
    leave = Request(f"{hosts.urls[0]}/v1/billing_portal/sessions/{path.split('/')[2]}/expire", b"")  # noqa: S310
    leave.add_header("Authorization", f"Bearer {hosts.merchant.live_key}")
    with urlopen(leave, timeout=10) as answer:  # noqa: S310 - our own address
        assert answer.status == 200
    assert hosts.ask(path, cookie=cookie) == {410}


def test_a_limit_of_an_account_holds_on_every_host(hosts: Hosts) -> None:
    scope = Scope(hosts.merchant.live.id, hosts.merchant.account.id, livemode=True)
    for rate, found in ((0, {200}), (1, {200, 429}), (0, {200})):
        with hosts.database.writing(scope) as db:
            keys.limit_rate(db, rate)
        assert hosts.ask("/v1/customers", hosts.merchant.live_key) == found
