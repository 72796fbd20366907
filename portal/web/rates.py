"""Limits of how often somebody may ask within a second, over all processes and hosts (ADR 0053).

A process counts in memory, and adds what it has counted to the sum of all once it is a tenth of the limit. Whoever
stays below that never costs a statement. What is refused is not counted.
"""

import hashlib
import threading
from dataclasses import dataclass

from flask import Flask, current_app, request

from portal import clock, rate_counts
from portal.assembly import Services
from portal.db import Database
from portal.errors import Conflict, TooManyRequests, Unavailable
from portal.rules.networks import network_of
from portal.web.requests import is_api_request
from portal.web.services import services

#: Which part of a limit a process counts before it asks what the others have counted.
SHARE = 10
#: What is never counted: checks of health, files that browsers keep, and reports, which have a limit of their own.
_UNCOUNTED = ("/health/", "/static/", "/csp-report")


@dataclass(slots=True)
class _Window:
    """One subject in the present second: the sum of all processes when it was last heard, and what came since."""

    known: int = 0
    own: int = 0


class RateLimiter:
    """Counts by subject within each second of the clock. Safe for several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._second = 0
        self._windows: dict[str, _Window] = {}

    def admits(self, subject: str, limit: int, second: int) -> bool:
        """Count one more; False where that is one too many."""
        with self._lock:
            if second != self._second:
                self._second, self._windows = second, {}
            window = self._windows.setdefault(subject, _Window())
            if window.known + window.own >= limit:
                return False
            window.own += 1
            if window.own < max(1, limit // SHARE):
                return True
            own, window.own = window.own, 0
            window.known += own
        total = self._add(subject, second, own)
        with self._lock:
            window.known = max(window.known, total)
        return total <= limit

    def _add(self, subject: str, second: int, own: int) -> int:
        try:
            return rate_counts.add(self._database, subject, second, own)
        except (Conflict, Unavailable):
            # a database that takes no writes is no reason to refuse who only reads
            return 0


def init_app(app: Flask, parts: Services) -> None:
    """Give `app` its limiter, and count requests to pages by the network that they come from, if they are limited."""
    app.extensions["rates"] = RateLimiter(parts.database)
    if parts.settings.rate_limit_network:
        app.before_request(_count_network)


def count_request(subject: str, limit: int) -> None:
    """Count this request; `limit` is how many a second are let through, 0 any number. Raises `TooManyRequests`."""
    if limit and not current_app.extensions["rates"].admits(subject, limit, clock.now()):
        raise TooManyRequests("Too many requests at once. Try again soon.")


def _count_network() -> None:
    if not is_api_request() and not request.path.startswith(_UNCOUNTED):
        network = network_of(request.remote_addr or "").near
        # who has visited is told to nobody who reads the table
        count_request(f"network:{hashlib.sha256(network.encode()).hexdigest()}", services().settings.rate_limit_network)
