"""The end of a visit by its customer: sign out."""

from dataclasses import replace

from flask import Blueprint, Response, render_template

from portal import clock
from portal.billing.customer_portal import sessions
from portal.billing.customer_portal.params import ExpireSession
from portal.hosted import flows, frames, visit_cookies
from portal.hosted.page import PageResponse, page
from portal.hosted.visits import Visit

blueprint = Blueprint("departure", __name__, url_prefix="/p")


@page(blueprint, "/sign-out", flows=flows.EVERY, methods=("POST",))
def sign_out(visit: Visit) -> PageResponse:
    """End this visit, and only this one."""
    with visit.writing() as db:
        row = sessions.find_session(db, visit.id)
        sessions.expire(db, row, ExpireSession(), now=clock.now())
    shown = frames.current_frame()
    frames.use_frame(replace(shown, path=None, left=None, return_url=shown.return_url or visit.support.get("url")))
    response = Response(render_template("hosted/signed_out.html", merchant=visit.merchant), mimetype="text/html")
    visit_cookies.delete_cookie(response, visit_cookies.cookie_name(visit.id), embedded=visit.embed is not None)
    # only the cache: the cookies directive would end the other sessions of this browser
    response.headers["Clear-Site-Data"] = '"cache"'
    return response
