"""Sends one request to a receiver somewhere on the internet: to public addresses only, within a time, and no further.

The address is looked up, filtered and pinned for each request; redirects are not followed; connections are kept.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from socket import SHUT_RDWR
from typing import Any, cast
from urllib.parse import urlsplit

from requests import RequestException, Response
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from requests_hardened import Config, HTTPSession  # type: ignore[import-untyped]
from requests_hardened.ip_filter import InvalidIPAddress  # type: ignore[import-untyped]
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

#: Seconds for a whole request, and for making the connection.
LIMIT = 15.0
CONNECT_LIMIT = 5.0
#: How much of an answer is kept.
KEPT = 1024
AGENT = "Billing-Portal-Webhooks/1.0"


@dataclass(frozen=True)
class Answer:
    """What came of a request: `duration` in milliseconds; without a `status` there was no answer, and why."""

    duration: int
    status: int | None = None
    body: str | None = None
    failure: str | None = None
    retry_after: int | None = None

    @property
    def accepted(self) -> bool:
        """Whether the receiver has taken it."""
        return self.status is not None and 200 <= self.status < 300


class Client:
    """Requests by any number of threads; `private_hosts` are reached inside as well."""

    def __init__(self, private_hosts: Collection[str], *, connections: int) -> None:
        self._private_hosts = frozenset(private_hosts)
        self._outside = _session(connections, filtered=True)
        self._inside = _session(connections, filtered=False)

    def post(self, url: str, body: bytes, headers: Mapping[str, str], now: int) -> Answer:
        """Send `body`; whatever goes wrong is in the answer. `now` is what a date in it is measured by."""
        inside = urlsplit(url).hostname in self._private_hosts
        session = self._inside if inside else self._outside
        began = time.monotonic()
        try:
            with _limited():
                response = session.post(
                    url, data=body, headers=dict(headers), stream=True, timeout=(CONNECT_LIMIT, LIMIT)
                )
                answer = _answer(response, now)
        except (RequestException, HTTPError, OSError, UnicodeError) as error:
            return Answer(_since(began), failure=_words(error, time.monotonic() - began))
        if time.monotonic() - began >= LIMIT:
            # what was cut within its headers looks as if it had ended there
            return Answer(_since(began), failure=_words(TimeoutError(), LIMIT))
        return Answer(_since(began), **answer)


def _session(connections: int, *, filtered: bool) -> HTTPSession:
    config = Config(
        ip_filter_enable=filtered,
        ip_filter_allow_loopback_ips=False,
        never_redirect=True,
        default_timeout=(CONNECT_LIMIT, LIMIT),
        user_agent_override=AGENT,
    )
    session = HTTPSession(config)
    # neither proxies nor passwords from the environment, and no cookies from one merchant to another
    session.trust_env = False
    session.cookies = _NoCookies()
    for adapter in cast(Iterable[HTTPAdapter], session.adapters.values()):
        adapter.init_poolmanager(connections, connections)
        adapter.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
    return session


def _answer(response: Response, now: int) -> dict[str, Any]:
    content = response.raw.read(KEPT + 1, decode_content=False)
    if len(content) > KEPT:
        response.close()
    body = content[:KEPT].decode(errors="replace").replace("\0", "")
    told: dict[str, Any] = {"status": response.status_code, "body": body}
    if 300 <= response.status_code < 400:
        told["failure"] = "The receiver redirects elsewhere, which is not followed."
    return told | {"retry_after": _retry_after(response.headers.get("Retry-After"), now)}


def _retry_after(value: str | None, now: int) -> int | None:
    """Seconds, from a number or a date."""
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return int(value[:9])
    try:
        return max(0, int(parsedate_to_datetime(value).timestamp()) - now)
    except (ValueError, OverflowError):
        return None


def _words(error: Exception, seconds: float) -> str:
    if isinstance(error, InvalidIPAddress):
        return "The host's address is not a public one."
    if seconds >= LIMIT:
        return f"No whole answer within {LIMIT:.0f} seconds."
    return f"{type(error).__name__}: {error}"[:300]


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


class _NoCookies(RequestsCookieJar):
    def set_cookie(self, cookie: Any, *args: Any, **kwargs: Any) -> None:
        """Keep nothing."""


_running = threading.local()


@contextmanager
def _limited() -> Iterator[None]:
    """Cuts this thread's connections once the limit has passed: each byte may come in time, and the whole never."""
    sockets: list[Any] = []
    _running.sockets = sockets
    timer = threading.Timer(LIMIT, _cut, (sockets,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        _running.sockets = []


def _cut(sockets: list[Any]) -> None:
    for each in sockets:
        with suppress(OSError):  # closed already
            each.shutdown(SHUT_RDWR)


def _note(connection: Any) -> None:
    if connection.sock is not None:
        _running.sockets.append(connection.sock)


class _Connection(HTTPConnection):
    def getresponse(self) -> Any:
        _note(self)
        return super().getresponse()


class _SecureConnection(HTTPSConnection):
    def getresponse(self) -> Any:
        _note(self)
        return super().getresponse()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection
