"""Where a link or a visit is over: what happened, the way back to the merchant, and the way back in."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, render_template

from portal import clock
from portal.billing.customer_portal import logins
from portal.db import Scope, find
from portal.hosted import visits
from portal.models import Customer, PortalSession
from portal.web import services


@dataclass(frozen=True)
class Restorable:
    """An ended visit that a code can take up again, and the address that the code goes to."""

    scope: Scope
    session: PortalSession
    email: str

    @property
    def masked_email(self) -> str | None:
        """Enough of the address for its owner."""
        return visits.masked(self.email)


def expired(session_id: str | None = None, *, too_many: bool = False) -> Response:
    """What an expired, used or unknown link or session shows."""
    restore = restorable(session_id) if session_id else None
    page = render_template("hosted/expired.html", restore=restore, too_many=too_many)
    return Response(page, 429 if too_many else 410, mimetype="text/html")


def restorable(session_id: str) -> Restorable | None:
    """The ended visit, where its merchant lets customers take it up again and there is an address to ask."""
    scope = visits.scope_of_session(session_id)
    if scope is None:
        return None
    with services().database.reading(scope) as db:
        session = logins.restorable(db, session_id, now=clock.now())
        customer = find(db, Customer, session.customer_id, noun="customer") if session else None
    if session is None or customer is None or customer.deleted_at is not None or not customer.email:
        return None
    return Restorable(scope, session, customer.email)
