"""The portal within a page of the merchant: who may show it, and the script that does.

A visit is shown within the pages of the one origin that its session names and its configuration allows. They can
neither read nor click in it; the visit tells them by messages what they need, to that origin alone (static/frame.js,
static/embed.js).
"""

from flask import Blueprint, Response, abort, current_app

from portal import clock
from portal.billing.customer_portal import openings
from portal.web import hosts
from portal.web.headers import CONTENT_SECURITY_POLICY
from portal.web.policies import declare_policy
from portal.web.services import services

blueprint = Blueprint("embedding", __name__)

_NOBODY = "frame-ancestors 'none'"


def refuse_elsewhere(link_secret: str) -> None:
    """Raises `NotHere` where the link of a session was opened at the host of another merchant; 404 for no such link."""
    if hosts.owner():
        with services().database.reading() as db:
            hosts.refuse_account(openings.find_account(db, link_secret) or abort(404))


def find_embedder(link_secret: str) -> str | None:
    """The origin of the page that may show a link's session within it, if any."""
    with services().database.reading() as db:
        return openings.find_embedder(db, link_secret)


def allow(response: Response, origin: str | None) -> Response:
    """Let pages of an origin show this answer within them. Browsers take this for more than `X-Frame-Options`."""
    if origin is not None and "Content-Security-Policy" not in response.headers:
        response.headers["Content-Security-Policy"] = policy_for(origin, CONTENT_SECURITY_POLICY)
    return response


def policy_for(origin: str, policy: str) -> str:
    """A policy of ours, with which pages of an origin may show the answer within them."""
    return policy.replace(_NOBODY, f"frame-ancestors {origin}")


@blueprint.get("/embed.js")
def script() -> Response:
    """The script that merchants put on their pages; at the same address for ever, so it is kept for an hour only."""
    response = current_app.send_static_file("embed.js")
    response.headers["Cache-Control"] = f"public, max-age={clock.HOUR}"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


declare_policy("embedding.script", "public")
