"""The language that a reader has chosen: a cookie keeps it for all pages until the browser is closed."""

from flask import Request, Response

from portal import i18n
from portal.hosted.visit_cookies import cookie_attributes

_NAME = "__Host-language"


def chosen_language(request: Request) -> str | None:
    """The catalogue (`de`) that the reader has chosen, None for none."""
    chosen = request.cookies.get(_NAME)
    return chosen if chosen in i18n.LANGUAGES else None


def chosen_locale(locale: str, request: Request) -> str:
    """The CLDR locale of the chosen language; `locale`, which has a region, where that is the language already."""
    chosen = chosen_language(request)
    is_other = chosen and chosen != i18n.catalogue_language(locale)
    return i18n.best_locale([chosen]) if is_other else locale


def keep_language(response: Response, language: str, *, embedded: bool) -> None:
    """Let the browser keep the choice of a catalogue."""
    response.set_cookie(_NAME, language, **cookie_attributes(embedded=embedded))
