"""The open visits of a customer: in which browser, since when; end one, or all others."""

from flask import Blueprint, flash, redirect, render_template
from flask_babel import gettext as _

from portal import clock
from portal.billing.customer_portal import open_sessions
from portal.hosted import devices
from portal.hosted.page import PageResponse, page
from portal.hosted.visits import Visit
from portal.rules import permissions

blueprint = Blueprint("own_visits", __name__, url_prefix="/p")

_MAY = permissions.may_see_visits


@page(blueprint, "/sessions", allows=_MAY)
def visits(visit: Visit) -> PageResponse:
    """Where somebody is signed in: for an owner anywhere, for others with their own address."""
    with visit.reading() as db:
        found = open_sessions.list_open(db, _whose(visit), now=clock.now())
    found.sort(key=lambda each: each.session.id != visit.id)
    shown = [
        {"row": each.session, "email": each.email, "device": devices.describe(each.session.device)} for each in found
    ]
    return render_template("hosted/sessions.html", visit=visit, sessions=shown)


@page(blueprint, "/sessions/<id>/end", allows=_MAY, methods=("POST",))
def end(visit: Visit, id: str) -> PageResponse:
    """End one; a second click finds it ended."""
    with visit.writing() as db:
        open_sessions.end(db, _whose(visit), id, now=clock.now())
    if id == visit.id:
        return redirect(visit.path, 303)
    flash(_("That device is signed out."))
    return redirect(f"{visit.path}sessions", 303)


@page(blueprint, "/sessions/end-others", allows=_MAY, methods=("POST",))
def end_others(visit: Visit) -> PageResponse:
    """End all but this one."""
    with visit.writing() as db:
        open_sessions.end_others(db, _whose(visit), visit.id, now=clock.now())
    flash(_("All other devices are signed out."))
    return redirect(f"{visit.path}sessions", 303)


def _whose(visit: Visit) -> open_sessions.Whose:
    """Whose visits this one may see and end."""
    person = visit.person
    own_only = person is not None and person.role != "owner"
    return open_sessions.Whose(visit.customer_id, person.id if person and own_only else None)
