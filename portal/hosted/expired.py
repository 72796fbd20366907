"""The page for a link or visit that has expired: the way back to the merchant, and a new code where allowed."""

from dataclasses import dataclass

from flask import Response, render_template

from portal import clock
from portal.billing.customer_portal import logins
from portal.db import Scope, find_row
from portal.hosted.open_visits import scope_of_session
from portal.hosted.visits import mask_email
from portal.models import Customer, PortalSession
from portal.web.services import services


@dataclass(frozen=True)
class RestorableVisit:
    """An ended visit that a code can restore, and the address that the code is sent to."""

    scope: Scope
    session: PortalSession
    email: str

    @property
    def masked_email(self) -> str | None:
        """The address in part: enough for its owner to recognise it."""
        return mask_email(self.email)


def expired_page(session_id: str | None = None, *, too_many: bool = False) -> Response:
    """The answer to a link or session that is expired, used or unknown."""
    restore = find_restorable_visit(session_id) if session_id else None
    page = render_template("hosted/expired.html", restore=restore, too_many=too_many)
    return Response(page, 429 if too_many else 410, mimetype="text/html")


def find_restorable_visit(session_id: str) -> RestorableVisit | None:
    """The ended visit, if its merchant lets customers restore it and the customer has an email address."""
    scope = scope_of_session(session_id)
    if scope is None:
        return None
    with services().database.reading(scope) as db:
        session = logins.find_restorable_session(db, session_id, now=clock.now())
        customer = find_row(db, Customer, session.customer_id, noun="customer") if session else None
    if session is None or customer is None or customer.deleted_at is not None or not customer.email:
        return None
    return RestorableVisit(scope, session, customer.email)
