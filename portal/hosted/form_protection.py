"""Protects forms from posts of other sites, by the browser's headers and by a token that each form of a visit holds."""

import hashlib
import hmac
from functools import lru_cache

from flask import Flask, request, session
from flask_wtf import CSRFProtect
from flask_wtf.csrf import generate_csrf

from portal.errors import InvalidRequest
from portal.web.requests import is_api_request
from portal.web.services import services


def init_app(app: Flask) -> None:
    """Give templates the token, and check every post."""
    app.config.update(WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_SSL_STRICT=False, WTF_CSRF_CHECK_DEFAULT=False)
    csrf = CSRFProtect(app)
    # macros see the globals, pages what context processors give them: Flask-WTF has set its own for both
    app.jinja_env.globals["csrf_token"] = csrf_token
    app.context_processor(lambda: {"csrf_token": csrf_token})
    app.before_request(lambda: _refuse_cross_site_post(csrf))


def csrf_secret(secret_hash: str) -> str:
    """What the tokens of a visit are made from; it follows from the visit's secret and is never stored."""
    key = services().settings.secret_key.encode()
    return hmac.new(key, b"csrf:" + secret_hash.encode(), hashlib.sha256).hexdigest()


def csrf_token() -> str:
    """The form token of this visit: signed once in a process, as it is the same on every page."""
    if (visit := getattr(session, "visit", None)) is None:
        return str(generate_csrf())
    return _signed_csrf_token(visit.secret_hash)


@lru_cache(maxsize=8192)
def _signed_csrf_token(secret_hash: str) -> str:
    return str(generate_csrf())


_READING = frozenset({"GET", "HEAD", "OPTIONS"})
#: What is posted without a form.
_OF_PROGRAMS = frozenset({"csp_report", "provider_webhooks.receive"})


def _refuse_cross_site_post(csrf: CSRFProtect) -> None:
    """Raises `InvalidRequest` for a post that another site sent."""
    if request.method in _READING or is_api_request() or request.endpoint in _OF_PROGRAMS:
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site not in {None, "same-origin"} or (site is None and origin and origin != request.host_url.rstrip("/")):
        raise InvalidRequest("This form was sent from another site.")
    if getattr(session, "visit", None):
        csrf.protect()
