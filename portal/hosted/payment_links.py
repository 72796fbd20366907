"""The public address of a payment link, which opens a checkout session for each visitor."""

import re

from flask import Blueprint, Response, make_response, redirect, render_template, request
from flask_babel import gettext as _

from portal import clock
from portal.billing.checkout import link_visits
from portal.db import Scope
from portal.errors import InvalidRequest, ResourceMissing
from portal.hosted import checkout_offers
from portal.hosted.arrival import only_looks
from portal.hosted.page import PageResponse
from portal.web.policies import declare_policy
from portal.web.requests import request_origin
from portal.web.services import services
from portal.wire.texts import email_address

blueprint = Blueprint("payment_links", __name__)

_REFERENCE = re.compile(r"[A-Za-z0-9_-]{1,200}")


@blueprint.get("/pay/<token>")
def pay(token: str) -> PageResponse:
    """Open a session of a payment link, for this visitor alone."""
    if only_looks():
        return Response(status=204)
    with services().database.reading() as db:
        scope, id = link_visits.find_by_token(db, token) or (None, "")
    if scope is None:
        return make_response(render_template("hosted/checkout_closed.html", message=None, contact=None), 404)
    try:
        with services().database.writing(scope, request_origin("customer")) as db:
            link = link_visits.find(db, id)
            if not link_visits.is_open(link):
                return closed_page(scope, link.settings.get("inactive_message"))
            new = link_visits.open_session(db, link, request.remote_addr or "", _read_prefill(), now=clock.now())
            if email := _read_email():
                new.session.settings = {**new.session.settings, "prefilled_email": email}
    except link_visits.TooManyVisits as error:
        return closed_page(scope, _("Too many people are here at the moment. Please try again later."), error.status)
    except (InvalidRequest, ResourceMissing):
        # a price that is not sold any more, or an account that nobody can pay any more
        return closed_page(scope, None)
    return redirect(f"/checkout/{new.link_secret}", 303)


def closed_page(scope: Scope, message: str | None, status: int = 410) -> Response:
    """Say that nothing is sold by a link any more, or at the moment."""
    contact = checkout_offers.use_link_frame(scope)
    return make_response(render_template("hosted/checkout_closed.html", message=message, contact=contact), status)


def _read_prefill() -> dict[str, str]:
    """What the address of a payment link says of the visitor, as far as it makes sense."""
    reference = request.args.get("client_reference_id", "")
    return {"client_reference_id": reference} if _REFERENCE.fullmatch(reference) else {}


def _read_email() -> str | None:
    try:
        return email_address(request.args["prefilled_email"][:254])
    except (KeyError, ValueError):
        return None


declare_policy("payment_links.pay", "link")
