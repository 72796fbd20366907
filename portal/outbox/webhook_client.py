"""Sends one HTTP request to a webhook endpoint: only to public addresses, within a time limit, without redirects.

The host is resolved, checked and pinned for each request; connections are reused.
"""

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
BODY_LIMIT = 1024
USER_AGENT = "Billing-Portal-Webhooks/1.0"


@dataclass(frozen=True)
class ReceiverResponse:
    """The result of a request; `duration` in milliseconds. Without a `status` nobody answered: `failure` says why."""

    duration: int
    status: int | None = None
    body: str | None = None
    failure: str | None = None
    retry_after: int | None = None

    @property
    def is_accepted(self) -> bool:
        """Whether the receiver has accepted the event."""
        return self.status is not None and 200 <= self.status < 300


class WebhookClient:
    """Sends requests from any number of threads; hosts in `private_hosts` may have private addresses."""

    def __init__(self, private_hosts: Collection[str], *, connections: int) -> None:
        self._private_hosts = frozenset(private_hosts)
        self._outside = _open_session(connections, filtered=True)
        self._inside = _open_session(connections, filtered=False)

    def post(self, url: str, body: bytes, headers: Mapping[str, str], now: int) -> ReceiverResponse:
        """Send `body`; failures are in the response too. `now` is what a date in `Retry-After` is measured by."""
        inside = urlsplit(url).hostname in self._private_hosts
        session = self._inside if inside else self._outside
        began = time.monotonic()
        try:
            with _time_limit():
                response = session.post(
                    url, data=body, headers=dict(headers), stream=True, timeout=(CONNECT_LIMIT, LIMIT)
                )
                answer = _read_response(response, now)
        except (RequestException, HTTPError, OSError, UnicodeError) as error:
            return ReceiverResponse(
                _elapsed_milliseconds(began), failure=_failure_text(error, time.monotonic() - began)
            )
        if time.monotonic() - began >= LIMIT:
            # what was cut within its headers looks as if it had ended there
            return ReceiverResponse(_elapsed_milliseconds(began), failure=_failure_text(TimeoutError(), LIMIT))
        return ReceiverResponse(_elapsed_milliseconds(began), **answer)


def _open_session(connections: int, *, filtered: bool) -> HTTPSession:
    config = Config(
        ip_filter_enable=filtered,
        ip_filter_allow_loopback_ips=False,
        never_redirect=True,
        default_timeout=(CONNECT_LIMIT, LIMIT),
        user_agent_override=USER_AGENT,
    )
    session = HTTPSession(config)
    # neither proxies nor passwords from the environment, and no cookies from one merchant to another
    session.trust_env = False
    session.cookies = _NoCookies()
    for adapter in cast(Iterable[HTTPAdapter], session.adapters.values()):
        adapter.init_poolmanager(connections, connections)
        adapter.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
    return session


def _read_response(response: Response, now: int) -> dict[str, Any]:
    content = response.raw.read(BODY_LIMIT + 1, decode_content=False)
    if len(content) > BODY_LIMIT:
        response.close()
    body = content[:BODY_LIMIT].decode(errors="replace").replace("\0", "")
    told: dict[str, Any] = {"status": response.status_code, "body": body}
    if 300 <= response.status_code < 400:
        told["failure"] = "The receiver redirects elsewhere, which is not followed."
    return told | {"retry_after": _parse_retry_after(response.headers.get("Retry-After"), now)}


def _parse_retry_after(value: str | None, now: int) -> int | None:
    """The seconds of a `Retry-After` header, which is a number or a date; None when there is none."""
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return int(value[:9])
    try:
        return max(0, int(parsedate_to_datetime(value).timestamp()) - now)
    except (ValueError, OverflowError):
        return None


def _failure_text(error: Exception, seconds: float) -> str:
    if isinstance(error, InvalidIPAddress):
        return "The host's address is not a public one."
    if seconds >= LIMIT:
        return f"No whole answer within {LIMIT:.0f} seconds."
    return f"{type(error).__name__}: {error}"[:300]


def _elapsed_milliseconds(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


class _NoCookies(RequestsCookieJar):
    def set_cookie(self, cookie: Any, *args: Any, **kwargs: Any) -> None:
        """Keep nothing."""


_thread_state = threading.local()


@contextmanager
def _time_limit() -> Iterator[None]:
    """Closes this thread's connections after the limit, as a slow response may arrive in time byte by byte."""
    sockets: list[Any] = []
    _thread_state.sockets = sockets
    timer = threading.Timer(LIMIT, _close_sockets, (sockets,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        _thread_state.sockets = []


def _close_sockets(sockets: list[Any]) -> None:
    for each in sockets:
        with suppress(OSError):  # closed already
            each.shutdown(SHUT_RDWR)


def _track_socket(connection: Any) -> None:
    if connection.sock is not None:
        _thread_state.sockets.append(connection.sock)


class _Connection(HTTPConnection):
    def getresponse(self) -> Any:
        _track_socket(self)
        return super().getresponse()


class _SecureConnection(HTTPSConnection):
    def getresponse(self) -> Any:
        _track_socket(self)
        return super().getresponse()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection
