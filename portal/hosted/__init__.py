"""The customer's pages. Every page is declared with its policy (`page`), every action is a form post."""

from __future__ import annotations

from typing import Any

from flask import Flask, g, request, session
from flask_babel import Babel
from flask_login import LoginManager
from flask_wtf import CSRFProtect
from werkzeug.wrappers import Response

from portal import i18n
from portal.errors import InvalidRequest
from portal.hosted import visits
from portal.web import is_api


def init_app(app: Flask, *exempt: Any) -> None:
    """Register pages, visits, forms and languages; `exempt` blueprints take no form tokens."""
    from portal.hosted import arrival

    app.session_interface = visits.VisitInterface()
    app.config.update(WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_SSL_STRICT=False, WTF_CSRF_CHECK_DEFAULT=False)
    app.config.update(BABEL_TRANSLATION_DIRECTORIES=f"{app.root_path}/../translations")
    Babel(app, locale_selector=lambda: i18n.language(locale()))
    login = LoginManager(app)
    login.session_protection = None
    login.request_loader(visits.load)
    csrf = CSRFProtect(app)
    app.before_request(lambda: _refuse_foreign(csrf))
    _add_filters(app)
    for group in (arrival,):
        app.register_blueprint(group.blueprint)


def locale() -> str:
    """The CLDR locale of this answer: the visit's, else the browser's."""
    if "locale" not in g:
        visit = getattr(session, "visit", None)
        g.locale = visit.locale if visit else i18n.best(tag for tag, _ in request.accept_languages)
    found: str = g.locale
    return found


def _refuse_foreign(csrf: CSRFProtect) -> Response | None:
    """A post must come from our own page: by the browser's word, and by the session's token."""
    if request.method in {"GET", "HEAD", "OPTIONS"} or is_api() or request.endpoint == "csp_report":
        return None
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site not in {None, "same-origin"} or (site is None and origin and origin != request.host_url.rstrip("/")):
        raise InvalidRequest("This form was sent from another site.")
    if getattr(session, "visit", None):
        csrf.protect()
    return None


def _add_filters(app: Flask) -> None:
    """The only ways in which money, dates and countries become text on a page."""
    app.jinja_env.filters.update(
        money=lambda amount, currency: i18n.money(amount, currency, locale()),
        day=lambda moment, form="long": i18n.day(moment, locale(), form),
        number=lambda value: i18n.number(value, locale()),
        country=lambda code: i18n.country(code, locale()),
    )
    app.jinja_env.globals.update(
        locale=locale,
        html_lang=lambda: i18n.html_lang(i18n.language(locale())),
        direction=lambda: i18n.direction(i18n.language(locale())),
    )
