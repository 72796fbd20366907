"""Coming, staying and going: the exchange of a link for a cookie, a sign of life, and signing out."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, Response, render_template, request

from portal import clock
from portal.billing.customer_portal import sessions
from portal.hosted import brand, flows, visits
from portal.hosted.expired import expired
from portal.hosted.page import Answer, page
from portal.hosted.visits import Visit
from portal.web import declare, origin, services

blueprint = Blueprint("arrival", __name__, url_prefix="/p")


@blueprint.get("/session/<link_secret>")
def exchange(link_secret: str) -> Answer:
    """Open the session once, set its cookie, and go to its home page.

    A reload in the browser that already holds the cookie goes through; a look ahead by a mail
    scanner or a prefetching browser uses nothing up.
    """
    if request.method == "HEAD" or "prefetch" in request.headers.get("Sec-Purpose", request.headers.get("Purpose", "")):
        return _private(Response(status=204))
    with services().database.writing(origin=origin("customer")) as db:
        exchanged = sessions.exchange(db, link_secret, now=clock.now())
    if exchanged is None:
        return _again(link_secret)
    response = _go(exchanged.session_id)
    visits.set_cookie(response, exchanged.session_id, exchanged.cookie_secret)
    return _private(response)


@page(blueprint, "/sign-out", flows=flows.EVERY, methods=("POST",))
def sign_out(visit: Visit) -> Answer:
    """End this visit, and only this one."""
    with visit.writing() as db:
        row = sessions.of(db, visit.id)
        sessions.expire(db, row, sessions.ExpireSession(), now=clock.now())
    brand.use(replace(brand.current(), path=None, left=None))
    response = Response(
        render_template("hosted/signed_out.html", return_url=visit.return_url, merchant=visit.merchant),
        mimetype="text/html",
    )
    visits.delete_cookie(response, visits.cookie_name(visit.id))
    # only the cache: the cookies directive would end the other sessions of this browser
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@page(blueprint, "/stay", flows=flows.EVERY)
def stay(visit: Visit) -> Answer:
    """Activity without a page: the seconds that the visit has from now on."""
    return Response(str(visit.ends_at - clock.now()), mimetype="text/plain")


def _again(link_secret: str) -> Response:
    with services().database.reading() as db:
        id = sessions.of_link(db, link_secret)
    secret = visits.held(id, request) if id else None
    if id and secret and visits.find(id, secret):
        return _private(_go(id))
    return _private(expired(id))


def _go(session_id: str) -> Response:
    return Response(status=303, headers={"Location": f"/p/{session_id}/"})


def _private(response: Response) -> Response:
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


declare("arrival.exchange", "link")
