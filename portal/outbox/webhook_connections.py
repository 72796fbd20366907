"""Connections to receivers of webhooks: pinned to a checked address, kept for the next request, with a deadline.

The standard library's client, as it is three times as fast as requests; requests-hardened still judges addresses.
"""

import io
import socket
import ssl
import threading
import time
import weakref
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPResponse
from select import POLLIN, poll
from typing import Any
from urllib.parse import urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH
from requests_hardened.ip_filter import filter_host  # type: ignore[import-untyped]

#: Seconds for making a connection.
CONNECT_LIMIT = 5.0


@dataclass(frozen=True)
class Target:
    """Where a URL leads, with the one address that may be connected to; None for any address of the host."""

    scheme: str
    host: str
    port: int
    address: str | None

    @classmethod
    def of(cls, url: str, *, filtered: bool) -> "Target":
        """Look the host up. Raises `InvalidIPAddress` where it is filtered and its address is not a public one."""
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        address = filter_host(host, port, allow_loopback=False).strip("[]") if filtered else None
        return cls(parts.scheme, host, port, address)


class Connection(HTTPConnection):
    """One connection to a target; each request on it has a moment, in monotonic seconds, at which it is cut off."""

    sock: Any

    def __init__(self, target: Target) -> None:
        super().__init__(target.host, target.port)
        self.target = target
        self.ends = 0.0
        self.response_class = self._build_response  # type: ignore[assignment]
        if target.scheme == "https":
            self.default_port = 443

    def connect(self) -> None:
        """Connect to the target's address; a certificate has to be of its host."""
        target, limit = self.target, min(CONNECT_LIMIT, self._seconds_left())
        self.sock = socket.create_connection((target.address or target.host, target.port), limit)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if target.scheme == "https":
            self.sock.settimeout(self._seconds_left())
            self.sock = _tls_context().wrap_socket(self.sock, server_hostname=target.host)
        self.sock.settimeout(self._seconds_left())

    def post(self, path: str, body: bytes, headers: dict[str, str], ends: float) -> HTTPResponse:
        """Send a request, and read the headers of its response. Raises `OSError` or `HTTPException`."""
        self.ends = ends
        if self.sock:
            self.sock.settimeout(self._seconds_left())
            try:
                return self._exchange(path, body, headers)
            except (ConnectionError, ssl.SSLEOFError):
                # the receiver closed it at the moment at which it was used again
                self.close()
        return self._exchange(path, body, headers)

    def _exchange(self, path: str, body: bytes, headers: dict[str, str]) -> HTTPResponse:
        self.request("POST", path, body, headers)
        return self.getresponse()

    def _build_response(self, sock: socket.socket, method: str | None = None) -> HTTPResponse:
        return HTTPResponse(_TimedSocket(sock, self.ends), method=method)  # type: ignore[arg-type]

    def is_dropped(self) -> bool:
        """Whether the receiver has closed it, or has sent what nobody has asked for."""
        waiting = poll()
        waiting.register(self.sock, POLLIN)
        return bool(waiting.poll(0))

    def _seconds_left(self) -> float:
        return _seconds_until(self.ends)


class IdleConnections:
    """Connections that wait for the next request to their target: at most `most`, the newest first."""

    def __init__(self, most: int) -> None:
        self._most, self._count = most, 0
        self._by_target: dict[Target, list[Connection]] = {}
        self._lock = threading.Lock()
        weakref.finalize(self, _close_all, self._by_target)

    def take(self, target: Target) -> Connection:
        """A connection to the target: one that waits, or a new one that is not connected yet."""
        while (kept := self._pop(target)) is not None:
            if not kept.is_dropped():
                return kept
            kept.close()
        return Connection(target)

    def keep(self, connection: Connection) -> None:
        """Keep a connection whose response was read to its end; the one that waits for longest makes room."""
        with self._lock:
            self._by_target.setdefault(connection.target, []).append(connection)
            self._count += 1
            target = next(iter(self._by_target)) if self._count > self._most else None
        if target and (oldest := self._pop(target, at=0)):
            oldest.close()

    def _pop(self, target: Target, at: int = -1) -> Connection | None:
        with self._lock:
            waiting = self._by_target.get(target)
            if not waiting:
                return None
            self._count -= 1
            found = waiting.pop(at)
            if not waiting:
                del self._by_target[target]
            return found


def _close_all(by_target: dict[Target, list[Connection]]) -> None:
    for waiting in by_target.values():
        for each in waiting:
            each.close()


class _TimedSocket:
    """What a response reads from: each read has the seconds that are left of the whole request."""

    def __init__(self, sock: socket.socket, ends: float) -> None:
        self._sock, self._ends = sock, ends

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self._sock, self._ends))


class _TimedReader(io.RawIOBase):
    def __init__(self, sock: socket.socket, ends: float) -> None:
        self._sock, self._ends, self._file = sock, ends, sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(_seconds_until(self._ends))
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()


def _seconds_until(ends: float) -> float:
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left


@cache
def _tls_context() -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
    context.set_alpn_protocols(["http/1.1"])
    return context
