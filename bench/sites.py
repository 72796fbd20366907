"""Portals of a tree, each with a folder and a database of its own, made by the tree's own commands."""

from __future__ import annotations

import http.client
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import qs_codec
from sqlalchemy import Engine, create_engine, inspect

from bench.servers import Server, answering, serving
from bench.trees import Tree

SECRET = "bench-" * 8


@dataclass(frozen=True)
class Merchant:
    """An account in test mode: its id, its API key, and the number that all its rows begin with."""

    account: str
    key: str
    tenant: int


@dataclass(frozen=True)
class Site:
    """A portal whose schema is made. `url` is the address of its database, as SQLAlchemy writes it."""

    tree: Tree
    folder: Path
    url: str

    @property
    def settings(self) -> dict[str, str]:
        """The settings of all its processes."""
        return {
            "PORTAL_INSTANCE": str(self.folder),
            "PORTAL_DATABASE_URL": self.url,
            "PORTAL_SECRET_KEY": SECRET,
            "PORTAL_LOG_FORMAT": "json",
        }

    @cached_property
    def engine(self) -> Engine:
        """The database, past the portal's code."""
        return create_engine(self.url)

    def run(self, *arguments: str) -> str:
        """What a `portal` command prints."""
        environment = self.tree.environment(self.settings)
        done = subprocess.run(
            self.tree.portal(*arguments), cwd=self.tree.folder, env=environment, capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"portal {' '.join(arguments)} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A `portal` command that the caller ends."""
        command, environment = self.tree.portal(*arguments), self.tree.environment(self.settings)
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(command, cwd=self.tree.folder, env=environment, **quiet)

    @contextmanager
    def serving(self, *, workers: int = 1) -> Iterator[Server]:
        """Its server until the end of the block."""
        with serving(self.tree, self.settings, workers=workers) as server:
            yield server

    @contextmanager
    def answering(self) -> Iterator[Server]:
        """Its application alone, without the worker that the server starts on SQLite."""
        environment = self.tree.environment(self.settings)
        with answering(self.tree.python, "wsgi:app", self.tree.folder, environment) as server:
            yield server

    @contextmanager
    def working(self) -> Iterator[subprocess.Popen[bytes]]:
        """One `portal worker` until the end of the block."""
        worker = self.start("worker")
        try:
            yield worker
        finally:
            worker.terminate()
            worker.wait(timeout=60)

    def add_merchant(self) -> Merchant:
        """A new merchant in Germany."""
        said = ("--country", "DE", "--currency", "eur", "--json")
        made = json.loads(self.run("account", "create", "Bench", *said))
        tenant = self.scalar(f"SELECT id FROM tenants WHERE account_id = '{made['account']}' AND NOT livemode")  # noqa: S608
        return Merchant(made["account"], made["test_key"], tenant)

    def scalar(self, statement: str) -> Any:
        """The one value that a statement finds."""
        with self.engine.connect() as connection:
            return connection.exec_driver_sql(statement).scalar()

    def columns(self, table: str) -> set[str]:
        """The columns that a table has in this tree."""
        return {column["name"] for column in inspect(self.engine).get_columns(table)}


class Client:
    """A merchant's program or a customer's browser on one connection that is kept."""

    def __init__(self, server: Server, headers: dict[str, str]) -> None:
        parts = urlsplit(server.url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80)
        self.headers = headers

    @classmethod
    def of_merchant(cls, server: Server, merchant: Merchant) -> Client:
        """A program with the merchant's key."""
        form = "application/x-www-form-urlencoded"
        return cls(server, {"Authorization": f"Bearer {merchant.key}", "Content-Type": form})

    def get(self, path: str) -> bytes:
        """What a path answers with."""
        return self._ask("GET", path)

    def post(self, path: str, form: dict[str, Any]) -> Any:
        """The object that a call answers with."""
        return json.loads(self._ask("POST", path, qs_codec.encode(form)))

    def _ask(self, method: str, path: str, body: str | None = None) -> bytes:
        try:
            answer = self._send(method, path, body)
        except (ConnectionError, http.client.RemoteDisconnected):
            # the server closes a connection on which nothing was asked for long
            self._connection.close()
            answer = self._send(method, path, body)
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path} answered {answer.status}: {content[:500]!r}")
        return content

    def _send(self, method: str, path: str, body: str | None) -> http.client.HTTPResponse:
        self._connection.request(method, path, body, self.headers)
        return self._connection.getresponse()

    def follow(self, path: str) -> str:
        """The path that a link leads to at last, with all cookies taken on the way as a browser takes them."""
        jar: dict[str, str] = {}
        for _ in range(5):
            self._connection.request("GET", path, headers={**self.headers, **_cookie(jar)})
            answer = self._connection.getresponse()
            answer.read()
            given = [value.partition(";")[0].partition("=") for value in answer.headers.get_all("Set-Cookie", [])]
            jar |= {name: value for name, _, value in given}
            if answer.status == 200:
                break
            path = urlsplit(answer.headers["Location"]).path
        self.headers = {**self.headers, **_cookie(jar)}
        return path


def _cookie(jar: dict[str, str]) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())} if jar else {}


def open_visit(server: Server, merchant: Merchant, customer: str) -> tuple[str, Client]:
    """The path of a portal session of a customer, such as `/p/bps_…`, and a browser with its cookie."""
    form = {"customer": customer, "return_url": "https://example.com"}
    link = Client.of_merchant(server, merchant).post("/v1/billing_portal/sessions", form)["url"]
    browser = Client(server, {})
    return browser.follow(urlsplit(link).path).rstrip("/"), browser
