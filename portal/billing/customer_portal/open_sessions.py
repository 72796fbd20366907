"""The visits of a customer that are open now: listed and ended by the customer."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal.db import find_row
from portal.errors import ResourceMissing
from portal.models import Configuration, Contact, PortalSession

MOST_SHOWN = 100


@dataclass(frozen=True)
class Whose:
    """Whose visits are meant: all of a customer, or those of one contact."""

    customer_id: str
    contact_id: str | None

    def select(self) -> Select[Any]:
        """Their sessions that were opened and not ended, the one used last first."""
        own = select(PortalSession).where(
            PortalSession.customer_id == self.customer_id,
            PortalSession.secret_hash.is_not(None),
            PortalSession.ended_at.is_(None),
        )
        if self.contact_id is not None:
            own = own.where(PortalSession.contact_id == self.contact_id)
        return own.order_by(PortalSession.last_seen_at.desc(), PortalSession.id)


@dataclass(frozen=True)
class OpenSession:
    """An open visit, and the address of the contact who has it; None for the customer's own."""

    session: PortalSession
    email: str | None


def list_open(db: Session, whose: Whose, *, now: int) -> list[OpenSession]:
    """Those that are open still, the one used last first; at most a hundred."""
    with_limits = (
        whose.select()
        .add_columns(Configuration.session_limits, Contact.email)
        .join(
            Configuration,
            (Configuration.tenant_id == PortalSession.tenant_id) & (Configuration.id == PortalSession.configuration_id),
        )
        .outerjoin(Contact, (Contact.tenant_id == PortalSession.tenant_id) & (Contact.id == PortalSession.contact_id))
        .where(PortalSession.expires_at > now)
    )
    return [
        OpenSession(session, email)
        for session, limits, email in db.execute(with_limits)
        if now < (session.last_seen_at or 0) + limits["idle"]
    ][:MOST_SHOWN]


def end(db: Session, whose: Whose, id: str, *, now: int) -> None:
    """End one. Raises `ResourceMissing` for one of anybody else; one that has ended stays as it is."""
    session = find_row(db, PortalSession, id, noun="portal session")
    is_own = session.customer_id == whose.customer_id and whose.contact_id in {None, session.contact_id}
    if not is_own or session.secret_hash is None:
        raise ResourceMissing("portal session", id)
    if session.ended_at is None:
        session.ended_at = now


def end_others(db: Session, whose: Whose, kept_id: str, *, now: int) -> None:
    """End all but one."""
    for session in db.scalars(whose.select().with_for_update()):
        if session.id != kept_id:
            session.ended_at = now
