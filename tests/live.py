"""A portal as it runs in production, beside the tests: its server, its database and its mail server.

The server is a process of its own with two workers; tests reach it by its address, and make rows in
its database by the use cases.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope, Session

from portal import clock
from portal.billing.accounts import new_accounts
from portal.billing.accounts.new_accounts import CreateAccount, NewAccount
from portal.db import Database, Scope
from portal.settings import Settings, from_environment
from tests import databases
from tests.factories import Factories

TOP = Path(__file__).parent.parent
PATIENCE = 120.0


class Mailbox:
    """Every mail that the server sent, as a mail server gets it."""

    def __init__(self) -> None:
        self._mails: list[EmailMessage] = []
        self._arrived = threading.Condition()

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        with self._arrived:
            self._mails.append(mail)
            self._arrived.notify_all()
        return "250 OK"

    def to(self, address: str, *, saying: str = "") -> str:
        """The words of the newest mail to an address that says something; waits for the first."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: self._sent(address, saying), PATIENCE), f"no mail to {address}"
            return self._sent(address, saying)[-1]

    def _sent(self, address: str, saying: str) -> list[str]:
        words = [_plain_words(mail) for mail in self._mails if address in str(mail["To"])]
        return [each for each in words if saying in each]


def _plain_words(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert isinstance(body, EmailMessage)
    words: str = body.get_content()
    return words


@dataclass(frozen=True)
class Shop:
    """A merchant of the live portal: its keys, and a factory of its rows in test mode."""

    keys: NewAccount
    make: Factories


@dataclass(frozen=True)
class Live:
    """A running portal. `log` is what the server said so far."""

    settings: Settings
    database: Database
    mailbox: Mailbox
    log_file: Path

    def shop(self, name: str = "Rocket Rides") -> Shop:
        """A new merchant in Germany."""
        with self.database.writing() as db:
            keys = new_accounts.create(db, CreateAccount(name, "DE", None, "eur"), now=clock.now())
        return Shop(keys, Factories(self.database, Scope(keys.test.id, keys.account.id, livemode=False)))

    @property
    def url(self) -> str:
        return self.settings.base_url

    @property
    def log(self) -> str:
        return self.log_file.read_text()


@pytest.fixture(scope="session")
def live_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A portal with a folder, a database of the chosen engine and a mail server of its own."""
    with databases.new_folder(tmp_path_factory, "live") as folder, _mail_server() as (mailbox, smtp_port):
        port = free_port()
        environment = {
            **databases.new_migrated(request.config, folder, f"portal_live_{os.getpid()}"),
            "PORTAL_BASE_URL": f"http://127.0.0.1:{port}",
            "PORTAL_SMTP_URL": f"smtp://127.0.0.1:{smtp_port}",
            "PORTAL_DEMO": "1",
            "PORTAL_HOSTS": "*.shop.localhost,*.example.com",
        }
        settings = from_environment(environment)
        database = Database(settings.database_url, pool_size=2)
        with _serving(settings, port, environment, folder / "server.log"):
            yield Live(settings, database, mailbox, folder / "server.log")
        database.dispose()


@pytest.fixture
def live(live_server: Live) -> Iterator[Live]:
    """The live portal; a test that fails shows what its server said meanwhile."""
    before = len(live_server.log)
    yield live_server
    print(live_server.log[before:])


@pytest.fixture
def served(live: Live) -> Iterator[Live]:
    """The live portal with a worker, which its server starts by itself only with the embedded database."""
    if live.database.dialect == "sqlite":
        yield live
        return
    url = live.database.url.render_as_string(hide_password=False)
    environment = {**os.environ, "PORTAL_INSTANCE": str(live.settings.instance), "PORTAL_DATABASE_URL": url}
    worker = subprocess.Popen([sys.executable, "-m", "portal.cli", "worker"], cwd=TOP, env=environment)
    yield live
    worker.terminate()
    worker.wait(PATIENCE)


@contextmanager
def _serving(settings: Settings, port: int, environment: dict[str, str], log_file: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "portal.cli", "serve", "--port", str(port), "--workers", "2"]
    with log_file.open("w") as log:
        server = subprocess.Popen(
            command, cwd=TOP, env={**os.environ, **environment}, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        _wait_until_ready(f"{settings.base_url}/health/ready", server, log_file)
        yield
    finally:
        server.terminate()
        server.wait(timeout=PATIENCE)


def _wait_until_ready(url: str, server: subprocess.Popen[bytes], log_file: Path) -> None:
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up and server.poll() is None:
        try:
            with urlopen(url, timeout=1):  # noqa: S310 - our own address
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"The portal did not start:\n{log_file.read_text()}")


class _Hasty(Controller):
    """Without the look-up of this machine's name, which takes a second."""

    def __init__(self, mailbox: Mailbox) -> None:
        super().__init__(mailbox, "127.0.0.1", free_port(), server_hostname="localhost")


@contextmanager
def _mail_server() -> Iterator[tuple[Mailbox, int]]:
    mailbox = Mailbox()
    server = _Hasty(mailbox)
    server.start()
    try:
        yield mailbox, server.port
    finally:
        server.stop()


def free_port() -> int:
    """A port of this machine that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
