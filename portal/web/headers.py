"""The headers of every answer: request id and security headers, also on errors of any layer."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from portal.settings import Settings
from portal.web import csp_reports
from portal.web.access_log import log_request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'; report-uri /csp-report"
)
_DEFAULT_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cache-Control": "no-store",
    "X-Frame-Options": "DENY",
}


def init_app(app: Flask, settings: Settings) -> None:
    """Wrap `app` in the headers, behind as many proxies as the settings trust."""
    if hops := settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.wsgi_app = _HeaderMiddleware(app.wsgi_app, secure=settings.base_url.startswith("https://"))  # type: ignore[method-assign]
    csp_reports.init_app(app)


class _HeaderMiddleware:
    """Adds the request id and the missing default headers to every answer, and logs the request.

    It wraps the application: inside Flask each header costs a search through the others.
    """

    def __init__(self, application: WSGIApplication, *, secure: bool) -> None:
        self._application = application
        transport = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"} if secure else {}
        self._headers = [(name.lower(), (name, value)) for name, value in {**_DEFAULT_HEADERS, **transport}.items()]
        #: The missing headers by the names of those that an answer has.
        self._missing = lru_cache(maxsize=256)(self._find_missing)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["portal.request_id"] = request_id = f"req_{os.urandom(12).hex()}"
        began = time.perf_counter()

        def start_with_headers(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            missing = self._missing(*[name for name, _ in headers])
            log_request(environ, status[:3], time.perf_counter() - began)
            return start_response(status, [*headers, *missing, ("Request-Id", request_id)], *rest)

        return self._application(environ, start_with_headers)

    def _find_missing(self, *names: str) -> list[tuple[str, str]]:
        own = {name.lower() for name in names}
        return [pair for name, pair in self._headers if name not in own]
