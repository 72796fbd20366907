"""The start of a visit, and its going on: exchange a link for a cookie, keep a session alive."""

from flask import Blueprint, Response, render_template, request

from portal import clock
from portal.billing.customer_portal import openings
from portal.hosted import devices, embedding, flows, open_visits, visit_cookies
from portal.hosted.expired import expired_page
from portal.hosted.page import PageResponse, page
from portal.hosted.visits import Visit
from portal.web.policies import declare_policy
from portal.web.requests import request_origin
from portal.web.services import services

#: In the query of a link that a browser has been sent back to with a cookie.
CAME_BACK = "again"

blueprint = Blueprint("arrival", __name__, url_prefix="/p")


@blueprint.get("/session/<link_secret>")
def exchange(link_secret: str) -> PageResponse:
    """Open the session once, set its cookie, and redirect to its home page.

    A reload in the browser that already holds the cookie passes. Nothing is used up by what only looks: a prefetching
    browser, or a scanner, which brings no cookies back. So the first answer to a browser is a cookie and the same link.
    """
    embedding.refuse_elsewhere(link_secret)
    embedder = embedding.find_embedder(link_secret) if request.headers.get("Sec-Fetch-Dest") == "iframe" else None
    if only_looks("iframe" if embedder else "document"):
        return _without_referrer(Response(status=204))
    return _without_referrer(embedding.allow(_answer_link(link_secret, embedded=embedder is not None), embedder))


def _answer_link(link_secret: str, *, embedded: bool) -> Response:
    if not visit_cookies.takes_cookies(request) and _is_unused(link_secret):
        return _ask_for_cookie(embedded=embedded)
    with services().database.writing(origin=request_origin("customer")) as db:
        exchanged = openings.exchange(db, link_secret, device=devices.of_request(), now=clock.now())
    if exchanged is None:
        return _answer_used_link(link_secret)
    response = _redirect_to_session(exchanged.session_id)
    visit_cookies.set_cookie(response, exchanged.session_id, exchanged.cookie_secret, embedded=embedded)
    return response


@page(blueprint, "/stay", flows=flows.EVERY)
def stay(visit: Visit) -> PageResponse:
    """Count as activity without a page: the seconds for which the visit lasts from now on."""
    return Response(str(visit.ends_at - clock.now()), mimetype="text/plain")


def only_looks(place: str = "document") -> bool:
    """Whether a program looks ahead for somebody, or wants something else than a page in this place."""
    headers = request.headers
    purpose = " ".join(headers.get(name, "") for name in ("Purpose", "Sec-Purpose", "X-Moz", "X-Purpose")).lower()
    looks_ahead = "prefetch" in purpose or "preview" in purpose
    return request.method == "HEAD" or looks_ahead or headers.get("Sec-Fetch-Dest", place) != place


def _is_unused(link_secret: str) -> bool:
    with services().database.reading() as db:
        return openings.is_unused(db, link_secret, now=clock.now())


def _ask_for_cookie(*, embedded: bool) -> Response:
    """Give the browser a cookie to bring back; where it has come back without, say what is missing."""
    if CAME_BACK in request.args:
        response = Response(render_template("hosted/cookies.html"), 400, mimetype="text/html")
    else:
        response = Response(status=303, headers={"Location": f"{request.path}?{CAME_BACK}"})
    # also with the refusal: who allows cookies then, gets in by loading the page again
    visit_cookies.ask_for_cookies(response, embedded=embedded)
    return response


def _answer_used_link(link_secret: str) -> Response:
    with services().database.reading() as db:
        id = openings.find_id_by_link(db, link_secret)
    secret = visit_cookies.cookie_secret(id, request) if id else None
    if id and secret and open_visits.find_open(id, secret):
        return _redirect_to_session(id)
    return expired_page(id)


def _redirect_to_session(session_id: str) -> Response:
    return Response(status=303, headers={"Location": f"/p/{session_id}/"})


def _without_referrer(response: Response) -> Response:
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


declare_policy("arrival.exchange", "link")
