"""The queue of mails: filled in the transaction of their cause (`recording.notices`), sent here, tried for two days."""

import logging
import time

from sqlalchemy.orm import Session

from portal.assembly import Services
from portal.db import find_row
from portal.errors import Conflict, PortalError, Unavailable
from portal.leases import Lease
from portal.models import Mail
from portal.outbox import bounces, claims, mail_contents, mail_copies, mails
from portal.outbox.claims import ClaimedMail

log = logging.getLogger("portal")

#: Seconds until the next try, after the first, second, … one that failed; after the last one it is given up.
RETRY_PAUSES = (60, 300, 900, 3600, 2 * 3600, 4 * 3600, 8 * 3600, 12 * 3600, 24 * 3600)
#: Seconds in which one connection takes mails; short, so that a worker that is to stop has soon done what it began.
CONNECTION_SECONDS = 5.0
#: Seconds for which recording a result is tried: longer than a database takes to fail over, shorter than the lease.
RECORDED_WITHIN = 60.0


def send_urgent(services: Services, now: int) -> int:
    """Send codes that are due on one connection; returns how many were claimed."""
    return _send_due(services, claims.URGENT, now)


def send_ordinary(services: Services, now: int) -> int:
    """Send mails that are due, codes apart, on one connection; returns how many were claimed."""
    return _send_due(services, claims.ORDINARY, now)


def _send_due(services: Services, lease: Lease, now: int) -> int:
    until, count = time.monotonic() + CONNECTION_SECONDS, 0
    with mails.open_carrier(services.settings) as carrier:
        while time.monotonic() < until and (claimed := claims.claim(services.database, lease, now)):
            _send_claimed(services, carrier, claimed, now)
            count += 1
    return count


def _send_claimed(services: Services, carrier: mails.Carrier, claimed: ClaimedMail, now: int) -> None:
    to = None
    try:
        (status, to), failure = _try_sending(services, carrier, claimed, now), None
    except Unavailable as error:
        status, failure = "queued", error.message
    except PortalError as error:
        # the address takes no mail, or what the mail was about is gone
        status, failure = "failed", error.message
    except Exception:
        log.exception("the mail %s could not be made", claimed.id)
        status, failure = "queued", "The mail could not be made."
    _record_when_possible(services, claimed, status, failure, now, to)


def _record_when_possible(
    services: Services, claimed: ClaimedMail, status: str, failure: str | None, now: int, to: str | None
) -> None:
    """Record the result even if the database is away for a moment: what is not recorded as sent is sent once more."""
    give_up = time.monotonic() + RECORDED_WITHIN
    while True:
        try:
            with services.database.writing(claimed.scope) as db:
                return _record_result(db, claimed.id, status, failure, now, to)
        except (Conflict, Unavailable):
            if time.monotonic() > give_up:
                raise
        time.sleep(1)


def _try_sending(services: Services, carrier: mails.Carrier, claimed: ClaimedMail, now: int) -> tuple[str, str | None]:
    """Send the mail; returns its new status, and the address that it went to."""
    with services.database.reading(claimed.scope) as db:
        mail = find_row(db, Mail, claimed.id, noun="mail")
        if mail.expires_at is not None and mail.expires_at <= now:
            return "expired", None
        copies = mail_copies.list_copies(db, mail)
        content = mail_contents.build_mail(services, db, mail)
    if copies:
        with services.database.writing(claimed.scope) as db:
            mail_copies.queue_copies(db, claimed.id, copies)
    if content is None:
        return "dropped", None
    id = bounces.message_id(services.settings, mail.tenant_id, mail.id)
    carrier.send(mail.name, content, message_id=id)
    return "sent", content.to


def _record_result(db: Session, id: str, status: str, failure: str | None, now: int, to: str | None) -> None:
    mail = find_row(db, Mail, id, noun="mail")
    mail.tries += 1
    if status == "queued" and mail.tries > len(RETRY_PAUSES):
        status = "failed"
    mail.status, mail.failure = status, failure
    if status == "queued":
        mail.next_try_at = now + RETRY_PAUSES[mail.tries - 1]
        return
    mail.sealed = None
    if status == "sent":
        mail.sent_at, mail.address = now, to
    if status in {"sent", "failed"}:
        mail_copies.note_delivery(db, mail, failure if status == "failed" else None, now)
