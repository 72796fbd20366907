"""The customer's pages. Each page is declared with its access policy (`page`); each action is a form post."""

from __future__ import annotations

from typing import Any

from flask import Flask, request, session
from flask_login import LoginManager
from flask_wtf import CSRFProtect
from werkzeug.wrappers import Response

from portal.errors import InvalidRequest
from portal.hosted import languages, visits
from portal.web import is_api_request


def init_app(app: Flask, *exempt: Any) -> None:
    """Register the pages, the sessions, form protection and languages; `exempt` blueprints need no form tokens."""
    from portal.hosted import (
        arrival,
        brand,
        details,
        document_links,
        documents,
        downloads,
        email_change,
        email_undo,
        file_links,
        flows,
        home,
        invoices,
        login,
        plan_changes,
        plan_choice,
        retention,
        sample_pages,
        statements,
        subscriptions,
        tax_ids,
        unsubscribing,
    )

    app.session_interface = visits.VisitSessionInterface()
    app.config.update(WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_SSL_STRICT=False, WTF_CSRF_CHECK_DEFAULT=False)
    languages.init_app(app, f"{app.root_path}/../translations")
    visitors = LoginManager(app)
    visitors.session_protection = None
    visitors.request_loader(visits.load)
    csrf = CSRFProtect(app)
    # macros see the globals, pages what context processors give them: Flask-WTF has set its own for both
    app.jinja_env.globals["csrf_token"] = visits.csrf_token
    app.context_processor(lambda: {"csrf_token": visits.csrf_token})
    app.before_request(lambda: _refuse_cross_site_posts(csrf))
    first = (arrival, brand, details, documents, downloads, email_change, email_undo, flows, home, invoices, login)
    second = (document_links, plan_changes, plan_choice, retention, statements, subscriptions, tax_ids, unsubscribing)
    third = (file_links, sample_pages)
    for group in (*first, *second, *third):
        app.register_blueprint(group.blueprint)


def _refuse_cross_site_posts(csrf: CSRFProtect) -> Response | None:
    """Refuse a post that another site sent, by the browser's headers and by the session's token."""
    if request.method in {"GET", "HEAD", "OPTIONS"} or is_api_request() or request.endpoint == "csp_report":
        return None
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site not in {None, "same-origin"} or (site is None and origin and origin != request.host_url.rstrip("/")):
        raise InvalidRequest("This form was sent from another site.")
    if getattr(session, "visit", None):
        csrf.protect()
    return None
