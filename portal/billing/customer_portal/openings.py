"""The opening of a portal session by its link, once."""

import secrets
from dataclasses import dataclass
from typing import cast

from sqlalchemy import ColumnElement, Table, select, update
from sqlalchemy.orm import Session

from portal.billing.customer_portal import session_secrets
from portal.db import identify_customer, select_with_owner
from portal.models import Configuration, PortalSession
from portal.recording import record_change

_SESSIONS, _CONFIGURATIONS = (cast(Table, model.__table__) for model in (PortalSession, Configuration))


@dataclass(frozen=True)
class OpenedSession:
    """A session that was just opened, and the secret for the browser's cookie, which is not stored."""

    session_id: str
    cookie_secret: str


def exchange(db: Session, link_secret: str, *, device: dict[str, str] | None = None, now: int) -> OpenedSession | None:
    """Open the session of an unused link, once; None when it is unknown, used, expired or ended.

    One conditional update decides, so of any number of parallel visits exactly one wins.
    """
    secret = secrets.token_urlsafe(32)
    opened = db.execute(
        update(_SESSIONS)
        .where(*_unused(link_secret, now))
        .values(
            secret_hash=session_secrets.hash_secret(secret),
            opened_at=now,
            device=device,
            last_seen_at=now,
            expires_at=now + _SESSIONS.c.expires_at - _SESSIONS.c.link_expires_at,
        )
        .returning(_SESSIONS.c.id, _SESSIONS.c.tenant_id, _SESSIONS.c.customer_id)
        .execution_options(every_tenant=True)
    ).first()
    if opened is None:
        return None
    record_change(db, opened.tenant_id, "billing_portal.session", opened.id)
    # only now is known who is at the other end
    identify_customer(db, opened.customer_id, opened.id)
    return OpenedSession(opened.id, secret)


def is_unused(db: Session, link_secret: str, *, now: int) -> bool:
    """Whether a link can open its session now; needs no scope."""
    own = select(_SESSIONS.c.id).where(*_unused(link_secret, now))
    return db.execute(own, execution_options={"every_tenant": True}).first() is not None


def find_account(db: Session, link_secret: str) -> str | None:
    """The account that a link's session belongs to; needs no scope."""
    own = select_with_owner(_SESSIONS).where(_SESSIONS.c.link_hash == session_secrets.hash_secret(link_secret))
    found = db.execute(own).first()
    return found.account_id if found else None


def find_embedder(db: Session, link_secret: str) -> str | None:
    """The origin of the page that may show a link's session within it, if any; needs no scope."""
    its = (_CONFIGURATIONS.c.tenant_id == _SESSIONS.c.tenant_id) & (
        _CONFIGURATIONS.c.id == _SESSIONS.c.configuration_id
    )
    own = select(_SESSIONS.c.embed, _CONFIGURATIONS.c.embedding).join(_CONFIGURATIONS, its)
    mine = own.where(_SESSIONS.c.link_hash == session_secrets.hash_secret(link_secret))
    found = db.execute(mine, execution_options={"every_tenant": True}).first()
    origin: str | None = found.embed["origin"] if found and found.embed else None
    return origin if found and origin in found.embedding["origins"] else None


def _unused(link_secret: str, now: int) -> tuple[ColumnElement[bool], ...]:
    return (
        _SESSIONS.c.link_hash == session_secrets.hash_secret(link_secret),
        _SESSIONS.c.secret_hash.is_(None),
        _SESSIONS.c.link_expires_at > now,
        _SESSIONS.c.ended_at.is_(None),
    )


def find_id_by_link(db: Session, link_secret: str) -> str | None:
    """The id of the session that a link belongs to, also once it is used; needs no scope."""
    own = select(_SESSIONS.c.id).where(_SESSIONS.c.link_hash == session_secrets.hash_secret(link_secret))
    return db.execute(own, execution_options={"every_tenant": True}).scalar()
