"""The way back to an old email address: a link in the notice to it, a page, and a button."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, request

from portal import clock
from portal.billing.customers import email_changes
from portal.hosted import brand
from portal.hosted.page import Answer
from portal.hosted.visits import masked
from portal.models import Account
from portal.web import declare, origin, services

blueprint = Blueprint("email_undo", __name__)


@blueprint.route("/undo/<token>", methods=["GET", "POST"])
def undo(token: str) -> Answer:
    """Show what the link does, and do it once when asked to; looking ahead uses nothing up."""
    database, now = services().database, clock.now()
    with database.reading() as db:
        change = email_changes.undoable(db, token, now=now)
        account = db.get(Account, change.scope.account_id) if change else None
    if change is None or account is None:
        return make_response(render_template("hosted/email_undo.html", state="gone"), 410)
    if request.method == "POST":
        if not change.undone:
            with database.writing(change.scope, origin("customer", change.customer_id)) as db:
                email_changes.undo(db, change.id, now=now)
        return redirect(request.path, 303)
    brand.use(brand.of_account(account, livemode=change.scope.livemode))
    state = "done" if change.undone else "open"
    return render_template("hosted/email_undo.html", state=state, email=masked(change.old_email))


declare("email_undo.undo", "link")
