"""Takes browsers' reports of what a page was not allowed to load; few and cut short, as strangers send some too."""

import logging
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import orjson
from flask import Flask, Response, request

from portal import clock
from portal.request_sizes import MAX_REPORT
from portal.rules.networks import network_of
from portal.web.policies import declare_policy

log = logging.getLogger("portal")

#: Reports that a process takes in a minute: from one network, and from all of them.
MOST_PER_NETWORK, MOST_PER_MINUTE = 10, 60
#: Reports of one request that are logged, and characters of each of their fields.
_MOST_LOGGED, _MOST_CHARACTERS = 3, 200
#: What of a report is logged, as browsers call it in the older form and in the newer one.
_FIELDS = (
    "blocked-uri",
    "blockedURL",
    "document-uri",
    "documentURL",
    "effective-directive",
    "effectiveDirective",
    "line-number",
    "lineNumber",
    "source-file",
    "sourceFile",
)


class MinuteLimit:
    """Counts by network within a minute; the next minute begins anew."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minute = 0
        self._counts: Counter[str] = Counter()

    def admits(self, network: str, now: int) -> bool:
        """Count one more; False where that is one too many."""
        with self._lock:
            if now // clock.MINUTE != self._minute:
                self._minute, self._counts = now // clock.MINUTE, Counter()
            if self._counts.total() >= MOST_PER_MINUTE or self._counts[network] >= MOST_PER_NETWORK:
                return False
            self._counts[network] += 1
            return True


def init_app(app: Flask) -> None:
    """Add the address that the pages' policy names."""
    limit = MinuteLimit()

    def csp_report() -> Response:
        if (request.content_length or 0) > MAX_REPORT:
            return Response(status=413)
        if not limit.admits(network_of(request.remote_addr or "").near, clock.now()):
            return Response(status=429, headers={"Retry-After": str(clock.MINUTE)})
        return _log_reports(request.get_data())

    app.add_url_rule("/csp-report", "csp_report", csp_report, methods=["POST"])
    declare_policy("csp_report", "public")


def _log_reports(body: bytes) -> Response:
    try:
        reports = list(_read_reports(orjson.loads(body)))
    except orjson.JSONDecodeError:
        return Response(status=400)
    for report in reports[:_MOST_LOGGED]:
        shown = {name: str(report[name])[:_MOST_CHARACTERS] for name in _FIELDS if name in report}
        log.warning("content security policy report: %s", shown)
    return Response(status=204)


def _read_reports(sent: Any) -> Iterator[dict[str, Any]]:
    for each in sent if isinstance(sent, list) else [sent]:
        report = each.get("csp-report", each.get("body")) if isinstance(each, dict) else None
        if isinstance(report, dict):
            yield report
