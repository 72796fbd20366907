"""The page that lists the languages: every page has it, by `?lang` behind its own address, and so its language there.

A choice is kept by a cookie alone, so a link can make it. It comes before the page's view: nothing of that is shown.
"""

from collections.abc import Collection

from flask import Flask, Response, make_response, redirect, render_template, request, session

from portal import i18n
from portal.hosted.language_cookies import keep_language
from portal.hosted.languages import LANGUAGE_CHOICES


def init_app(app: Flask, pages: Collection[str]) -> None:
    """Answer `?lang` with the list, and `?lang=de` with the page in German, on the pages of these blueprints."""

    def answer() -> Response | None:
        # most requests have no query, and end here
        if not request.query_string or "lang" not in request.args or request.method != "GET":
            return None
        return _answer(request.args["lang"].replace("-", "_")) if request.blueprint in pages else None

    app.before_request(answer)


def _answer(chosen: str) -> Response:
    if chosen not in i18n.LANGUAGES:
        return make_response(render_template("hosted/language.html", languages=LANGUAGE_CHOICES))
    visit = getattr(session, "visit", None)
    # a path with two slashes in front would lead to another host
    response = make_response(redirect("/" + request.path.lstrip("/"), 303))
    keep_language(response, chosen, embedded=bool(visit and visit.embed))
    return response
