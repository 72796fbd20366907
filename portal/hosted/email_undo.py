"""The undo of an email change: the page behind the link in the notice to the old address."""

from flask import Blueprint, make_response, redirect, render_template, request

from portal import clock
from portal.billing.customers import email_undo
from portal.hosted import frames
from portal.hosted.page import PageResponse
from portal.hosted.visits import mask_email
from portal.models import Account
from portal.web.policies import declare_policy
from portal.web.requests import request_origin
from portal.web.services import services

blueprint = Blueprint("email_undo", __name__)


@blueprint.route("/undo/<token>", methods=["GET", "POST"])
def undo(token: str) -> PageResponse:
    """Show what the link does, and do it once on a post; opening the page changes nothing."""
    database, now = services().database, clock.now()
    with database.reading() as db:
        change = email_undo.find_undoable(db, token, now=now)
        account = db.get(Account, change.scope.account_id) if change else None
    if change is None or account is None:
        return make_response(render_template("hosted/email_undo.html", state="gone"), 410)
    if request.method == "POST":
        if not change.undone:
            with database.writing(change.scope, request_origin("customer", change.customer_id)) as db:
                email_undo.undo(db, change.id, now=now)
        return redirect(request.path, 303)
    frames.use_frame(frames.frame_of_account(account, livemode=change.scope.livemode))
    state = "done" if change.undone else "open"
    return render_template("hosted/email_undo.html", state=state, email=mask_email(change.old_email))


declare_policy("email_undo.undo", "link")
