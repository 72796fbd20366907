"""S2: requests that nobody would send, to every call, page and link, and bytes that are hardly a request at all."""

from __future__ import annotations

import io
import random
import re
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPException
from typing import Any
from urllib.parse import quote, quote_plus

from flask import Flask
from werkzeug.routing import Rule

from portal import clock, create_app, schema
from portal.api.endpoint import CALLS
from portal.billing.accounts import new_accounts
from portal.billing.accounts.new_accounts import CreateAccount
from portal.db import Scope
from portal.settings import from_environment
from portal.web.policies import POLICIES
from tests.api.test_hostile_input import parameters
from tests.clients import Api, Portal
from tests.factories import Factories
from tests.long_look import answers
from tests.long_look.figures import Figure, Outcome, Run
from tests.long_look.sites import new_client, open_browser, serving
from tests.made_up import NAMED, Shop, stocked, type_behind

#: A merchant serves so many requests, as what was deleted or voided is no use any more.
EACH_SHOP = 400
RAW_SHARE = 20
HOST = "localhost"
ODD = [
    "", "x", "0", "-1", "1", "100", "1e9", "0.1", "NaN", "Infinity", str(2**31), str(2**63), str(-(2**63)), "9" * 400,
    "true", "false", "null", "None", "[]", "{}", "\0", "a\0b", "\x1b[0m", "\u202eabc", "\ufeff", "\U0001f680",
    "é" * 300, "x" * 6000, "%00", "%zz", "%ff%fe", "\ud800", "../../etc/passwd", "<script>alert(1)</script>",
    "' OR 1=1--", "{{7*7}}",
    "${7*7}", "javascript:alert(1)", "//evil.example", "https://evil.example\\@example.com", "\r\nSet-Cookie: a=b",
    "2026-02-30", "99999999999999", "=1+1", "DE136695976", "eur", "EUR", "usd", "month", "now", "auto",
    "ada@example.com",
    "a@b", "a" * 64 + "@" + "b" * 250 + ".com", "in", "1970-01-01T00:00:00Z", "💶", "\u0000\uffff", "ſ", "İ",
]  # fmt: skip


class Bulk:
    """The application within this process, with a merchant whose objects are named."""

    def __init__(self, app: Flask, dice: random.Random) -> None:
        self.app, self.dice = app, dice
        self.rules: list[tuple[str, Rule]] = [
            (method, rule)
            for rule in app.url_map.iter_rules()
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        ]
        self.names = {call: [*parameters(command)] for call, command in CALLS.items()}
        self.fields: set[str] = set()
        self.renew()

    def renew(self) -> None:
        """A merchant with one of everything, and a visit of one of its customers."""
        database = self.app.extensions["portal"].database
        with database.writing() as db:
            new = new_accounts.create(db, CreateAccount("Rocket Rides", "DE", None, "eur"), now=clock.now())
        api = Api(self.app.test_client(), new.test_key)
        self.shop: Shop = stocked(api)
        make = Factories(database, Scope(new.test.id, new.account.id, livemode=False))
        self.visit = Portal.opened(self.app, make, make.customer(), make.configuration())
        self.token = self.visit.token()
        cookie = self.visit.client.get_cookie
        name = next(each for each in self._cookie_names() if cookie(each, "localhost", "/"))
        self.cookie = f"{name}={cookie(name, 'localhost', '/').value}"  # type: ignore[union-attr]

    def _cookie_names(self) -> list[str]:
        return [key[2] for key in self.visit.client._cookies]

    def next(self) -> list[str]:
        """Send one more request; what is wrong with its answer."""
        method, rule = self.dice.choice(self.rules)
        sent = self._form(method, rule)
        path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", lambda found: self._part(rule.rule, found[1]), rule.rule)
        if self.dice.random() < 0.03:
            path += self.dice.choice(["/", "%00", "//", "/..", ";x", "?", "%ff", ".pdf"])
        status, headers, body = self._ask(method, path, sent)
        if method == "GET" and "html" in dict(headers).get("Content-Type", "") and len(self.fields) < 400:
            self.fields |= {each.decode() for each in re.findall(rb'name="([\w\[\]-]+)"', body)}
        return [f"{method} {path[:100]} {sent[:120]}: {each}" for each in self._judged(path, status, headers, body)]

    def _judged(self, path: str, status: int, headers: list[tuple[str, str]], body: bytes) -> list[str]:
        return answers.find_wrong(path.partition("?")[0], status, headers, body)

    def _part(self, rule: str, name: str) -> str:
        if name == "session_id":
            return self.visit.session_id if self.dice.random() < 0.95 else "bps_unknown"
        known = self.shop.ids.get(type_behind(rule.removeprefix("/v1"), name) if rule.startswith("/v1/") else name, [])
        if known and self.dice.random() < 0.85:
            return self.dice.choice(known)
        if self.dice.random() < 0.5:
            return self.dice.choice(self.dice.choice([*self.shop.ids.values()]))
        return quote(self._value(""), safe="", errors="replace")

    def _form(self, method: str, rule: Rule) -> str:
        names = self.names.get((method, rule.rule.removeprefix("/v1")), [])
        if not names and method == "POST":
            names = [*self.fields] or ["name"]
        chosen = self.dice.sample(names, min(len(names), self.dice.choice([0, 1, 1, 2, 3, 6])))
        pairs = [(self._spelled(name), self._value(name)) for name in chosen]
        if method == "POST" and POLICIES[rule.endpoint].who == "visit" and self.dice.random() < 0.95:
            pairs.append(("csrf_token", self.token))
        return "&".join(f"{quote_plus(name, errors='replace')}={_quoted(value)}" for name, value in pairs)

    def _spelled(self, name: str) -> str:
        return (
            name if self.dice.random() < 0.9 else name + self.dice.choice(["[a]", "[]", "[0]", "[", "]", "[[]]", "\0"])
        )

    def _value(self, name: str) -> str:
        word = re.split(r"[\[\]]+", name)[-2 if name.endswith("]") else -1] if name else ""
        known = self.shop.ids.get(NAMED.get(word, word), [])
        if known and self.dice.random() < 0.7:
            return self.dice.choice(known)
        if self.dice.random() < 0.2:
            return str(clock.now() + self.dice.randrange(-400, 400) * clock.DAY)
        return self.dice.choice(ODD)

    def _ask(self, method: str, path: str, sent: str) -> tuple[int, list[tuple[str, str]], bytes]:
        path, _, query = path.partition("?")
        body = b"" if method == "GET" else sent.encode()
        told: list[Any] = []
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": _unquoted(path),
            "QUERY_STRING": sent if method == "GET" else query,
            "SERVER_NAME": HOST, "SERVER_PORT": "443", "HTTP_HOST": HOST, "SERVER_PROTOCOL": "HTTP/1.1",
            "SCRIPT_NAME": "", "REMOTE_ADDR": "127.0.0.1", "HTTP_COOKIE": self.cookie,
            "HTTP_ACCEPT_LANGUAGE": self.dice.choice(["", "de", "ar,en;q=0.5", "x" * 200, "*;q=2"]),
            "wsgi.version": (1, 0), "wsgi.url_scheme": "https", "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(), "wsgi.multithread": False, "wsgi.multiprocess": False, "wsgi.run_once": False,
            "CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": "application/x-www-form-urlencoded",
        }  # fmt: skip
        if path.startswith("/v1/"):
            environ["HTTP_AUTHORIZATION"] = f"Bearer {self.shop.api.key}"
        content = self.app.wsgi_app(environ, lambda status, headers, *rest: told.append((status, headers)))
        try:
            answer = b"".join(content)
        finally:
            if hasattr(content, "close"):
                content.close()
        return int(told[0][0][:3]), told[0][1], answer


def _quoted(value: str) -> str:
    # a percent sequence goes as it is
    return (
        value if value.startswith("%") else quote_plus(value, errors="surrogatepass" if "\ud800" in value else "strict")
    )


def _unquoted(path: str) -> str:
    raw = re.sub(rb"%([0-9a-fA-F]{2})", lambda found: bytes([int(found[1], 16)]), path.encode())
    return raw.decode("latin-1")


def measure(run: Run) -> Outcome:
    """Most requests go to the application within this process, and some as raw bytes to a server."""
    app = create_app(from_environment({**run.new_database("bulk"), "PORTAL_BASE_URL": f"https://{HOST}"}))
    schema.upgrade(app.extensions["portal"].database)
    counts: Counter[str] = Counter()
    wrong = dict.fromkeys(_send_bulk(app, run, counts))
    app.extensions["portal"].database.dispose()
    with serving(run, "raw") as portal:
        told = [*_send_raw(portal, max(50, counts["requests"] // RAW_SHARE), counts)]
    return Outcome(dict(counts), (*wrong, *told))


def _send_bulk(app: Flask, run: Run, counts: Counter[str]) -> Iterator[str]:
    bulk = Bulk(app, random.Random())
    while run.goes_on(counts["requests"], 1_000_000):
        counts["requests"] += 1
        if counts["requests"] % EACH_SHOP == 0:
            bulk.renew()
        yield from bulk.next()


def _send_raw(portal: Any, count: int, counts: Counter[str]) -> Iterator[str]:
    """Bytes that were a request once. The server must answer others after each thousand."""
    dice = random.Random()
    customer = str(portal.post("customers", name="Jenny")["id"])
    visit, browser = open_browser(portal, customer)
    authorized = f"Authorization: Bearer {portal.key}\r\n"
    form = "Content-Type: application/x-www-form-urlencoded\r\n"
    samples = [
        f"GET {visit} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {browser.headers.get('Cookie', '')}\r\n\r\n",
        f"POST /v1/customers HTTP/1.1\r\nHost: 127.0.0.1\r\n{authorized}{form}Content-Length: 10\r\n\r\nname=Jenny",
        f"GET /v1/customers?limit=3 HTTP/1.1\r\nHost: 127.0.0.1\r\n{authorized}\r\n",
        f"POST /v1/customers HTTP/1.1\r\nHost: 127.0.0.1\r\n{authorized}Transfer-Encoding: chunked\r\n\r\n"
        "a\r\nname=Jenny\r\n0\r\n\r\n",
    ]
    for number in range(count):
        sent = _mutated(dice.choice(samples).encode(), dice)
        counts["raw requests"] += 1
        status = _send_bytes(portal.port, sent)
        if status >= 500:
            yield f"raw {status} after {sent[:200]!r}"
        if number % 1000 == 0 or number == count - 1:
            try:
                new_client(portal).get("/v1/customers?limit=1")
            except (OSError, HTTPException, RuntimeError) as error:
                yield f"the server answers no more: {error}"
                return


def _mutated(sent: bytes, dice: random.Random) -> bytes:
    for _ in range(dice.choice([1, 1, 2, 4, 9])):
        at, length = dice.randrange(len(sent) + 1), dice.choice([0, 1, 1, 4, 40])
        new = dice.choice([
            b"", bytes([dice.randrange(256)]), b"\r\n", b"\n", b"\0", b" " * 9, b":" * 3, b"%", b"a" * 9000,
            b"\xff\xfe",
            b"Content-Length: 5\r\n", b"Content-Length: -1\r\n", b"Transfer-Encoding: chunked\r\n", b"Host: evil\r\n",
            b"Expect: 100-continue\r\n", b"Upgrade: h2c\r\nConnection: Upgrade\r\n", b"HTTP/9.9",
            b"Content-Encoding: gzip\r\n",
        ])  # fmt: skip
        sent = sent[:at] + new + sent[at + length :]
    return sent


def _send_bytes(port: int, sent: bytes) -> int:
    """The status of what came back; 0 for nothing within a moment."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=5)) as connection:
        try:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(4096)
        except OSError:
            return 0
    found = re.match(rb"HTTP/1\.[01] (\d{3})", answer)
    return int(found[1]) if found else 0


FIGURES = [
    Figure(
        "S2",
        "No request, however odd, is answered with a status of 500 or more, a trace, SQL or an error of another form;"
        " no server dies of one.",
        {"requests": 1_000_000, "raw requests": 50_000},
        measure,
        adds_up=True,
        in_memory=True,
        tests=(
            "tests/api/test_made_up_requests.py",
            "tests/api/test_hostile_input.py",
            "tests/hosted/test_odd_paths.py",
        ),
    )
]
