"""How many notices of cancellation are taken: by address, by network and by merchant, as codes for signing in are."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from portal.billing.customer_portal import codes, session_secrets
from portal.billing.customer_portal.login_limits import (
    MERCHANT_LIMITS,
    NETWORK_LIMITS,
    WIDE_NETWORK_LIMITS,
    Limits,
)
from portal.models import CancellationNotice
from portal.rules.networks import ClientNetwork


@dataclass(frozen=True)
class NoticeSender:
    """Who sends a notice: the folded address, the network, and the language of the page."""

    email: str
    network: ClientNetwork
    locale: str

    @property
    def columns(self) -> dict[str, Any]:
        """What the row of a notice says of them."""
        wide = self.network.wide
        return {
            "email": self.email,
            "network_hash": session_secrets.hash_secret(self.network.near),
            "wide_network_hash": session_secrets.hash_secret(wide) if wide else None,
        }


def refuse_over_limit(db: Session, sender: NoticeSender, *, now: int) -> None:
    """Raise `TooManyCodes` where one more notice would be too many."""
    for own, limits in _limits_of(sender):
        for seconds, most in limits:
            sent = select(func.count(CancellationNotice.id)).where(own, CancellationNotice.created > now - seconds)
            if (db.scalar(sent) or 0) >= most:
                raise codes.TooManyCodes("Too many cancellations were sent. Please try again later.")


def _limits_of(sender: NoticeSender) -> list[tuple[ColumnElement[bool], Limits]]:
    columns = sender.columns
    limits: list[tuple[ColumnElement[bool], Limits]] = [
        (CancellationNotice.email == sender.email, codes.LIMITS),
        (CancellationNotice.network_hash == columns["network_hash"], NETWORK_LIMITS),
        (CancellationNotice.id.is_not(None), MERCHANT_LIMITS),
    ]
    if columns["wide_network_hash"] is not None:
        wide = CancellationNotice.wide_network_hash == columns["wide_network_hash"]
        limits.append((wide, WIDE_NETWORK_LIMITS))
    return limits
