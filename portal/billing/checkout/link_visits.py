"""Visits of payment links: each opens a session of its own, and one network opens so many and no more."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import clock
from portal.billing.checkout import completion, line_items, new_sessions, shipping
from portal.billing.checkout.new_sessions import NewCheckoutSession
from portal.billing.checkout.params import CreateCheckoutSession
from portal.billing.customer_portal import session_secrets
from portal.db import Scope, find_row, rows_by_id, select_with_owner
from portal.errors import PortalError
from portal.models import CheckoutSession, PaymentLink, Price, ShippingRate
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
        "line_items": [_line_params(line) for line in link.lines if not line_items.is_optional(line)],
        "shipping_options": [{"shipping_rate": id} for id in _list_rates(db, link)],
        "optional_items": [_line_params(line) for line in _list_optional(db, link)],
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


def _list_rates(db: Session, link: PaymentLink) -> list[str]:
    """The rates that shipping is still offered at; all of them where none is, as it can't be sent for nothing then."""
    named = [each["shipping_rate"] for each in shipping.list_options(link.settings)]
    found = rows_by_id(db, ShippingRate, named)
    return [id for id in named if id in found and found[id].active] or named


def _list_optional(db: Session, link: PaymentLink) -> list[dict[str, Any]]:
    """The lines that may be added, of prices that are still sold."""
    optional = [line for line in link.lines if line_items.is_optional(line)]
    found = rows_by_id(db, Price, [line["price_id"] for line in optional])
    return [line for line in optional if line["price_id"] in found and found[line["price_id"]].active]


def _line_params(line: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a line of a link, for its sessions."""
    quantity = line.get("optional", line["quantity"])
    sent = {"price": line["price_id"], "quantity": quantity, "adjustable_quantity": line["adjustable_quantity"]}
    return {name: value for name, value in sent.items() if value is not None}


def _network_hash(address: str) -> str:
    network = network_of(address)
    return session_secrets.hash_secret(network.wide or network.near)
