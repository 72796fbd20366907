"""How many codes for signing in may be asked for: by address, by network, by merchant, and by a browser that is known.

A browser is known for an address once it has signed in with it. It has a limit of its own, so that strangers can't keep
its customer out: neither those who ask for codes for the same address, nor those who use up the merchant's ceiling.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from portal import clock
from portal.billing.customer_portal import codes, session_secrets
from portal.models import LoginCode
from portal.rules.networks import ClientNetwork

Limits = tuple[tuple[int, int], ...]
#: (seconds, most codes in them) for one network, for the wider network around it, and for one merchant.
NETWORK_LIMITS: Limits = ((5 * clock.MINUTE, 10),)
WIDE_NETWORK_LIMITS: Limits = ((5 * clock.MINUTE, 40),)
MERCHANT_LIMITS: Limits = ((clock.HOUR, 600),)


@dataclass(frozen=True)
class LoginAsker:
    """Who asks for a code: the folded address, the network, and the id of a browser that is known for the address."""

    email: str
    network: ClientNetwork
    known_browser: str | None = None

    @property
    def columns(self) -> dict[str, Any]:
        """What the row of a code says of them."""
        wide, known = self.network.wide, self.known_browser
        return {
            "email": self.email,
            "network_hash": session_secrets.hash_secret(self.network.near),
            "wide_network_hash": session_secrets.hash_secret(wide) if wide else None,
            "known_browser_hash": session_secrets.hash_secret(known) if known else None,
        }

    @property
    def is_same_browser(self) -> ColumnElement[bool]:
        """Codes of the same known browser; for an unknown one, those of all unknown ones."""
        return LoginCode.known_browser_hash.is_not_distinct_from(self.columns["known_browser_hash"])


def refuse_over_limit(db: Session, asker: LoginAsker, *, now: int) -> None:
    """Raise `TooManyCodes` where one more code would be too many."""
    for own, limits in _limits_of(asker):
        for seconds, most in limits:
            asked = select(func.count(LoginCode.id)).where(
                own, asker.is_same_browser, LoginCode.created > now - seconds
            )
            if (db.scalar(asked) or 0) >= most:
                raise codes.TooManyCodes("Too many codes were asked for. Please try again later.")


def _limits_of(asker: LoginAsker) -> list[tuple[ColumnElement[bool], Limits]]:
    columns = asker.columns
    limits: list[tuple[ColumnElement[bool], Limits]] = [(LoginCode.email == asker.email, codes.LIMITS)]
    if asker.known_browser is None:
        limits += [
            (LoginCode.network_hash == columns["network_hash"], NETWORK_LIMITS),
            (LoginCode.id.is_not(None), MERCHANT_LIMITS),
        ]
        if asker.network.wide is not None:
            limits.append((LoginCode.wide_network_hash == columns["wide_network_hash"], WIDE_NETWORK_LIMITS))
    return limits
