"""Sends one HTTP request to a webhook endpoint: only to public addresses, within a time limit, without redirects.

The host is resolved, checked and pinned for each request; connections are reused.
"""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPResponse, IncompleteRead
from typing import Any
from urllib.parse import SplitResult, urlsplit

from requests import RequestException
from requests_hardened.ip_filter import InvalidIPAddress  # type: ignore[import-untyped]

from portal.outbox.webhook_connections import IdleConnections, Target

#: Seconds for a whole request.
LIMIT = 15.0
#: How much of an answer is kept.
BODY_LIMIT = 1024
#: What every request says beside its own headers; nothing comes from the environment, and no cookie from a receiver.
_HEADERS = {"User-Agent": "Billing-Portal-Webhooks/1.0", "Accept": "*/*", "Accept-Encoding": "identity"}


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
        self._idle = IdleConnections(connections)

    def post(self, url: str, body: bytes, headers: Mapping[str, str], now: int) -> ReceiverResponse:
        """Send `body`; failures are in the response too. `now` is what a date in `Retry-After` is measured by."""
        began = time.monotonic()
        try:
            answer = self._exchange(url, body, {**_HEADERS, **headers}, now, began + LIMIT)
        except (RequestException, HTTPException, OSError, ValueError) as error:
            return ReceiverResponse(
                _elapsed_milliseconds(began), failure=_failure_text(error, time.monotonic() - began)
            )
        return ReceiverResponse(_elapsed_milliseconds(began), **answer)

    def _exchange(self, url: str, body: bytes, headers: dict[str, str], now: int, ends: float) -> dict[str, Any]:
        parts = urlsplit(url)
        connection = self._idle.take(Target.of(url, filtered=parts.hostname not in self._private_hosts))
        try:
            response = connection.post(_path_of(parts), body, headers, ends)
            answer = _read_response(response, now)
        except BaseException:
            connection.close()
            raise
        if connection.sock and response.isclosed():
            self._idle.keep(connection)
        else:
            response.close()
            connection.close()
        return answer


def _path_of(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _read_response(response: HTTPResponse, now: int) -> dict[str, Any]:
    content = response.read(BODY_LIMIT + 1)
    if len(content) <= BODY_LIMIT and response.length:
        raise IncompleteRead(content, response.length)
    body = content[:BODY_LIMIT].decode(errors="replace").replace("\0", "")
    told: dict[str, Any] = {"status": response.status, "body": body}
    if 300 <= response.status < 400:
        told["failure"] = "The receiver redirects elsewhere, which is not followed."
    return told | {"retry_after": _parse_retry_after(response.getheader("Retry-After"), now)}


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
