"""Coming payments: what they are, as a file, and the private link that calendar programs ask again and again."""

from flask import Blueprint, flash, redirect, render_template
from flask_babel import gettext as _

from portal.billing.customer_portal import calendar_keys, sessions
from portal.db import Scope
from portal.hosted import calendar_files
from portal.hosted.page import PageResponse, page
from portal.hosted.visits import Visit
from portal.rules import permissions
from portal.web.services import services

blueprint = Blueprint("payment_calendar", __name__, url_prefix="/p")

ALLOWS = permissions.may_have_calendar


@page(blueprint, "/calendar", allows=ALLOWS)
def overview(visit: Visit) -> PageResponse:
    """What comes, the file, and the link if there is one."""
    with visit.trying() as db:
        customer = visit.find_customer(db)
        link = _address(visit.scope, customer.id, customer.calendar["key"]) if customer.calendar else None
        coming = calendar_files.describe_coming(db, customer)
    return render_template("hosted/calendar.html", coming=coming, link=link, visit=visit)


@page(blueprint, "/calendar.ics", allows=ALLOWS)
def file(visit: Visit) -> PageResponse:
    """The file as it is now."""
    with visit.trying() as db:
        return calendar_files.calendar_response(db, visit.find_customer(db), visit.merchant, visit.now)


@page(blueprint, "/calendar/link", allows=ALLOWS, methods=("POST",))
def make_link(visit: Visit) -> PageResponse:
    """A new link; an older one ends."""
    with visit.writing() as db:
        configuration_id = sessions.find_session(db, visit.id).configuration_id
        calendar_keys.make_key(db, visit.find_customer(db), configuration_id)
    flash(_("The link is made. Give it to nobody else: who has it sees your coming payments."))
    return redirect(f"{visit.path}calendar", 303)


@page(blueprint, "/calendar/end", allows=ALLOWS, methods=("POST",))
def end_link(visit: Visit) -> PageResponse:
    """No link opens any more."""
    with visit.writing() as db:
        calendar_keys.end_key(db, visit.find_customer(db))
    flash(_("The link is ended. Calendars that used it get nothing any more."))
    return redirect(f"{visit.path}calendar", 303)


def _address(scope: Scope, customer_id: str, key: str) -> str:
    return services().links_of(scope).document("calendar", scope.tenant_id, f"{customer_id}:{key}")
