"""The portal within a page of the merchant: who may show it, and the script that does.

A visit is shown within the pages of the one origin that its session names and its configuration allows. They can
neither read nor click in it; the visit tells them by messages what they need, to that origin alone (static/frame.js,
static/embed.js).
"""

from flask import Blueprint, Response, current_app

from portal import clock
from portal.web.headers import CONTENT_SECURITY_POLICY
from portal.web.policies import declare_policy

blueprint = Blueprint("embedding", __name__)

_NOBODY = "frame-ancestors 'none'"


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
