"""Visits of payment links: each opens a session of its own, and one network opens so many and no more."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import clock
from portal.billing.checkout import completion, link_contents, new_sessions
from portal.billing.checkout.new_sessions import NewCheckoutSession
from portal.billing.checkout.params import CreateCheckoutSession
from portal.billing.customer_portal import session_secrets
from portal.db import Scope, find_row, select_with_owner
from portal.errors import PortalError
from portal.models import CheckoutSession, PaymentLink
from portal.rules.networks import network_of
from portal.wire.commands import parse_command

#: (seconds, most sessions in them) that one network may open by the links of a merchant, and all networks together.
NETWORK_LIMIT = (5 * clock.MINUTE, 20)
MERCHANT_LIMIT = (clock.HOUR, 2000)
#: Settings of the link itself, which its sessions do not have.
_OWN = {"after_completion", "inactive_message", "restrictions"}


class TooManyVisits(PortalError):
    """More sessions were opened by payment links than is allowed in this time."""

    status = 429


def find_by_token(db: Session, token: str) -> tuple[Scope, str] | None:
    """Whose the link of a public address is, and its id; needs no scope."""
    table: Any = PaymentLink.__table__
    row = db.execute(select_with_owner(table, table.c.id).where(table.c.token == token)).first()
    return (Scope.of(row), row.id) if row else None


def is_open(link: PaymentLink) -> bool:
    """Whether a link sells to the next visitor."""
    limit = completion.limit_of(link)
    return link.active and (limit is None or link.completed < limit)


def open_session(db: Session, link: PaymentLink, address: str, sent: dict[str, Any], *, now: int) -> NewCheckoutSession:
    """A session of a link that is open; `address` is the visitor's, `sent` are parameters. Raises `TooManyVisits`."""
    refuse_over_limit(db, address, now=now)
    settings = {name: value for name, value in link.settings.items() if name not in _OWN}
    after = link.settings.get("after_completion") or {}
    own: dict[str, Any] = {"success_url": after["redirect"]["url"]} if after.get("redirect") else {}
    values = {
        **settings,
        **own,
        **sent,
        "mode": link.mode,
        "metadata": link.metadata_,
        **link_contents.session_params(db, link),
    }
    new = new_sessions.create(db, parse_command(CreateCheckoutSession, values), now=now)
    session = new.session
    session.payment_link_id, session.network_hash = link.id, _network_hash(address)
    if after.get("type") == "hosted_confirmation":
        session.settings = {**session.settings, "after_completion": after}
    return new


def refuse_over_limit(db: Session, address: str, *, now: int) -> None:
    """Raises `TooManyVisits` where one more session would be too many."""
    by_link = CheckoutSession.payment_link_id.is_not(None)
    mine = CheckoutSession.network_hash == _network_hash(address)
    for condition, (seconds, most) in ((mine, NETWORK_LIMIT), (by_link, MERCHANT_LIMIT)):
        opened = select(func.count(CheckoutSession.id)).where(condition, CheckoutSession.created > now - seconds)
        if (db.scalar(opened) or 0) >= most:
            raise TooManyVisits("Too many sessions were opened. Please try again later.")


def find(db: Session, id: str) -> PaymentLink:
    """The link of this id. Raises `ResourceMissing`."""
    return find_row(db, PaymentLink, id, noun="payment link")


def _network_hash(address: str) -> str:
    network = network_of(address)
    return session_secrets.hash_secret(network.wide or network.near)
