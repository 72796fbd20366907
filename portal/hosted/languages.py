"""The language of a page, and the only ways in which money, dates and countries become text on it."""

from __future__ import annotations

from flask import Flask, g, request, session
from flask_babel import Babel

from portal import i18n


def init_app(app: Flask, catalogues: str) -> None:
    """Give templates their filters, and Flask-Babel the language of each page."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = catalogues
    Babel(app, locale_selector=lambda: i18n.language(locale()))
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


def locale() -> str:
    """The CLDR locale of this answer: the visit's, else the browser's."""
    if "locale" not in g:
        visit = getattr(session, "visit", None)
        g.locale = visit.locale if visit else i18n.best(tag for tag, _ in request.accept_languages)
    found: str = g.locale
    return found
