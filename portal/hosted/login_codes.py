"""Makes a code for signing in and queues its mail, within the limits."""

from flask import request

from portal import clock
from portal.billing.customer_portal import codes, login_limits, logins
from portal.billing.customer_portal.login_limits import LoginAsker
from portal.db import Scope
from portal.hosted import known_browsers
from portal.models import PortalSession
from portal.recording import notices
from portal.rules.networks import network_of
from portal.web.services import services


def request_and_queue(scope: Scope, configuration_id: str, email: str, *, session: PortalSession | None = None) -> str:
    """Store a code and queue its mail; returns the secret of the browser that asked. Raises `TooManyCodes`.

    The worker finds out who receives it. `session` is the ended one that is to be restored. The limits are asked
    twice: before the code, which is costly to make, and with the row that counts.
    """
    parts, now, email = services(), clock.now(), email.casefold()
    network = network_of(request.remote_addr or "")
    asker = LoginAsker(email, network, known_browsers.find_known_id(scope, email))
    with parts.database.reading(scope) as db:
        login_limits.refuse_over_limit(db, asker, now=now)
    fresh = codes.new_code(parts.settings.secret_key)
    asked = logins.LoginRequest(configuration_id, asker, session.id if session else None)
    with parts.database.writing(scope) as db:
        made = logins.request_code(db, asked, fresh.hash, now=now)
        notices.enqueue_without_event(
            db,
            "login_code",
            f"login:{made.code.id}",
            customer_id=session.customer_id if session else None,
            address=email,
            sealed=parts.seal.encrypt(fresh.digits.encode()),
            expires_at=made.code.expires_at,
        )
    return made.browser_secret
