"""The page for a link or visit that has ended: why, the way back to the merchant, and a new code where allowed."""

from dataclasses import dataclass

from flask import Response, render_template, request

from portal import clock
from portal.billing.customer_portal import entrances, logins
from portal.db import Scope
from portal.hosted import embedding, frames, typed_words
from portal.hosted.ended_visits import find_ended_visit
from portal.hosted.open_visits import scope_of_session
from portal.hosted.visits import mask_email
from portal.models import PortalSession
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
    """The answer to a link or session that is expired, used or unknown.

    What a form has brought that came too late is shown again, so that it need not be typed once more.
    """
    ended = find_ended_visit()
    if ended is not None:
        frames.use_frame(ended.frame)
    restore = find_restorable_visit(session_id) if session_id else None
    page = render_template(
        "hosted/expired.html",
        ended=ended,
        restore=restore,
        too_many=too_many,
        typed=typed_words.list_typed(request.form),
    )
    response = Response(page, 429 if too_many else 410, mimetype="text/html")
    return embedding.allow(response, ended.frame.embedder if ended else None)


def find_restorable_visit(session_id: str) -> RestorableVisit | None:
    """The ended visit, if its merchant lets customers restore it and the customer has an email address."""
    scope = scope_of_session(session_id)
    if scope is None:
        return None
    with services().database.reading(scope) as db:
        session = logins.find_restorable_session(db, session_id, now=clock.now())
        email = entrances.address_of_session(db, session, now=clock.now()) if session else None
    if session is None or email is None:
        return None
    return RestorableVisit(scope, session, email)
