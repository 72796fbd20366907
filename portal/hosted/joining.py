"""The page behind an invitation: who invites, and the code that proves the address of the one who comes."""

from flask import Blueprint, abort, make_response, render_template, request
from flask_babel import gettext as _

from portal import clock
from portal.billing.customer_portal import codes
from portal.billing.customers import invitations
from portal.billing.customers.invitations import Invitation
from portal.db import Scope
from portal.hosted import languages, login_codes
from portal.hosted.login import answer_with_secret
from portal.hosted.login_frames import use_login_frame
from portal.hosted.page import PageResponse
from portal.models import Tenant
from portal.web.policies import declare_policy
from portal.web.services import services

blueprint = Blueprint("joining", __name__)


@blueprint.route("/join/<token>", methods=["GET", "POST"])
def join(token: str) -> PageResponse:
    """Show who invites; a click sends a code, which joins. Opening it uses nothing up, as scanners open it."""
    scope, found = _find(token)
    ways = use_login_frame(scope, found.configuration_id)
    languages.use_language_of(found.customer, [found.contact.locale, *found.customer.preferred_locales])
    if not found.is_open(now=clock.now()):
        over = render_template("hosted/join_gone.html", start=ways.start, joined=found.contact.joined_at is not None)
        return make_response(over, 410)
    failure = None
    if request.method == "POST":
        try:
            return answer_with_secret(login_codes.request_and_queue(scope, found.configuration_id, found.contact.email))
        except codes.TooManyCodes:
            failure = _("Too many codes were asked for. Please try again later.")
    page = render_template("hosted/join.html", contact=found.contact, customer=found.customer, failure=failure)
    return make_response(page, 429 if failure else 200)


def _find(token: str) -> tuple[Scope, Invitation]:
    """The invitation of a link; answers 404 for one that is none any more."""
    link = services().links.read(token, "invitation") or abort(404)
    invited_at, _colon, id = link.id.partition(":")
    with services().database.reading() as db:
        tenant = db.get(Tenant, link.tenant_id) or abort(404)
    scope = Scope.of_tenant(tenant)
    with services().database.reading(scope) as db:
        return scope, invitations.find(db, id, invited_at) or abort(404)


declare_policy("joining.join", "link")
