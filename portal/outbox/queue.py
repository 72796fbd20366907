"""The queue of mails: put in within the transaction of their cause, sent by the worker, tried again for two days."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, delete, select
from sqlalchemy.orm import Session

from portal import clock, ids
from portal.assembly import Services
from portal.db import Database, Scope, find, forget
from portal.errors import PortalError, Unavailable
from portal.leases import Lease
from portal.models import Customer, Mail
from portal.outbox import bounces, letters, mails

log = logging.getLogger("portal")

#: Seconds until the next try, after the first, second, … one that failed; after the last one it is given up.
PAUSES = (60, 300, 900, 3600, 2 * 3600, 4 * 3600, 8 * 3600, 12 * 3600, 24 * 3600)
#: Few, so that a worker that is to stop has soon handed over what it holds.
AT_ONCE = 1
KEPT_FOR = 90 * clock.DAY

_T = cast(Table, Mail.__table__)
LEASE = Lease(_T.c.next_try_at, seconds=3 * clock.MINUTE, where=[_T.c.status == "queued"])


@dataclass(frozen=True)
class Claimed:
    """A mail that this worker sends, and whose it is."""

    scope: Scope
    id: str


def put(
    db: Session,
    name: str,
    key: str,
    *,
    now: int,
    customer_id: str | None = None,
    address: str | None = None,
    sealed: bytes | None = None,
    expires_at: int | None = None,
    **data: Any,
) -> bool:
    """Queue the mail `name`; False where its cause, the `key`, has had one already."""
    if db.scalar(select(Mail.id).where(Mail.key == key)):
        return False
    db.add(
        Mail(
            id=ids.new("mail"),
            created=now,
            name=name,
            key=key,
            customer_id=customer_id,
            address=address,
            data=data,
            sealed=sealed,
            status="queued",
            tries=0,
            next_try_at=now,
            expires_at=expires_at,
        )
    )
    return True


def step(services: Services, now: int) -> int:
    """Send some of the mails that are due; answers how many were claimed."""
    claimed = _claimed(services.database, now)
    for each in claimed:
        _send(services, each, now)
    return len(claimed)


def prune(db: Session, *, now: int) -> int:
    """Forget mails of long ago; answers how many."""
    old = delete(_T).where(_T.c.created < now - KEPT_FOR, _T.c.status != "queued")
    return forget(db, old)


def _claimed(database: Database, now: int) -> list[Claimed]:
    with database.writing() as db:
        return [Claimed(Scope.of(row), row.id) for row in LEASE.claim(db, now=now, most=AT_ONCE)]


def _send(services: Services, claimed: Claimed, now: int) -> None:
    to = None
    try:
        (status, to), failure = _tried(services, claimed, now), None
    except Unavailable as error:
        status, failure = "queued", error.message
    except PortalError as error:
        # the address takes no mail, or what the mail was about is gone
        status, failure = "failed", error.message
    except Exception:
        log.exception("the mail %s could not be made", claimed.id)
        status, failure = "queued", "The mail could not be made."
    with services.database.writing(claimed.scope) as db:
        _note(db, claimed.id, status, failure, now, to)


def _tried(services: Services, claimed: Claimed, now: int) -> tuple[str, str | None]:
    """What has become of the mail, and to which address it went."""
    with services.database.reading(claimed.scope) as db:
        mail = find(db, Mail, claimed.id, noun="mail")
        if mail.expires_at is not None and mail.expires_at <= now:
            return "expired", None
        letter = letters.worded(services, db, mail)
    if letter is None:
        return "dropped", None
    id = bounces.message_id(services.settings, mail.tenant_id, mail.id)
    mails.send(services.settings, mail.name, letter, message_id=id)
    return "sent", letter.to


def _note(db: Session, id: str, status: str, failure: str | None, now: int, to: str | None) -> None:
    mail = find(db, Mail, id, noun="mail")
    mail.tries += 1
    if status == "queued" and mail.tries > len(PAUSES):
        status = "failed"
    mail.status, mail.failure = status, failure
    if status == "queued":
        mail.next_try_at = now + PAUSES[mail.tries - 1]
        return
    mail.sealed = None
    if status == "sent":
        mail.sent_at, mail.address = now, to
    if mail.customer_id is not None and status in {"sent", "failed"}:
        _tell_customer(find(db, Customer, mail.customer_id, noun="customer"), mail, now)


def _tell_customer(customer: Customer, mail: Mail, now: int) -> None:
    """What failed last stays on the customer until a mail arrives again."""
    if mail.status == "failed":
        customer.mail_failure = {"at": now, "mail": mail.name, "message": mail.failure}
    elif customer.mail_failure is not None:
        customer.mail_failure = None
