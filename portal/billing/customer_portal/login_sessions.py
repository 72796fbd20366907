"""The portal session that a proven code opens: for the customer who has the address, or for the contact."""

import secrets

from sqlalchemy import update
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.customer_portal import entrances, session_secrets
from portal.billing.customer_portal.entrances import Entrance
from portal.billing.customer_portal.logins import CHOICE_LIFETIME
from portal.billing.customer_portal.openings import OpenedSession
from portal.db import count_changed, find_row, rows_by_id
from portal.errors import ResourceMissing
from portal.models import Configuration, LoginCode, PortalSession


def list_choices(db: Session, id: str, *, now: int) -> list[Entrance]:
    """The accounts that a verified code may open a session for."""
    return entrances.list_entrances(db, find_row(db, LoginCode, id, noun="login code"), now=now)


def open_portal_session(
    db: Session, id: str, key: str, *, device: dict[str, str] | None = None, now: int
) -> OpenedSession:
    """Open a portal session for one of the accounts behind a verified code, once; a contact has joined with it.

    Raises `ResourceMissing` where the code was used, is not verified or belongs to other accounts.
    """
    code = find_row(db, LoginCode, id, noun="login code")
    entrance = next((each for each in entrances.list_entrances(db, code, now=now) if each.key == key), None)
    if entrance is None:
        raise ResourceMissing("customer", key)
    used = update(LoginCode).where(
        LoginCode.id == id, LoginCode.used_at.is_(None), LoginCode.verified_at > now - CHOICE_LIFETIME
    )
    if count_changed(db, used.values(used_at=now)) != 1:
        raise ResourceMissing("login code", id)
    if entrance.contact is not None and entrance.contact.joined_at is None:
        entrance.contact.joined_at, entrance.contact.expires_at = now, None
    return _create_session(db, code, entrance, device, now)


def _create_session(
    db: Session, code: LoginCode, entrance: Entrance, device: dict[str, str] | None, now: int
) -> OpenedSession:
    """A session like the ended one, with its configuration, flow and return URL, or a plain one from the login page."""
    ended = rows_by_id(db, PortalSession, [code.session_id]).get(code.session_id) if code.session_id else None
    configuration = find_row(db, Configuration, code.configuration_id, noun="configuration")
    secret = secrets.token_urlsafe(32)
    session = PortalSession(
        id=ids.new("billing_portal.session"),
        created=now,
        customer_id=entrance.customer.id,
        contact_id=entrance.contact.id if entrance.contact else None,
        device=device,
        configuration_id=configuration.id,
        return_url=ended.return_url if ended else configuration.default_return_url,
        locale=ended.locale if ended else None,
        on_behalf_of=ended.on_behalf_of if ended else None,
        after_expiration=ended.after_expiration if ended else None,
        features=ended.features if ended else None,
        flow=ended.flow if ended and ended.flow_completed_at is None else None,
        origin="login",
        link_hash=session_secrets.hash_secret(secrets.token_urlsafe(32)),
        link_expires_at=now,
        secret_hash=session_secrets.hash_secret(secret),
        opened_at=now,
        last_seen_at=now,
        expires_at=now + configuration.session_limits["absolute"],
        data={},
    )
    db.add(session)
    return OpenedSession(session.id, secret)
