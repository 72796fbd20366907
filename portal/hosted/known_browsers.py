"""The cookie of a browser that has signed in by a code: for which addresses, sealed, so that nobody can make one up."""

import secrets
from dataclasses import dataclass

import orjson
from flask import Response, request

from portal import clock
from portal.billing.customer_portal.session_secrets import hash_secret
from portal.db import Scope
from portal.seal import BrokenSeal
from portal.web.services import services

COOKIE = "__Host-known-browser"
LIFETIME = 365 * clock.DAY
MOST_ADDRESSES = 8


@dataclass(frozen=True)
class _KnownBrowser:
    """The browser's own id, and the addresses that it has proven, hashed, newest last."""

    id: str
    addresses: list[str]


def find_known_id(scope: Scope, email: str) -> str | None:
    """The id of this browser, if it has signed in to this merchant with the address before."""
    known = _read_cookie()
    return known.id if known and _hash_address(scope, email) in known.addresses else None


def remember(response: Response, scope: Scope, email: str) -> None:
    """Note in the browser that it has signed in with the address."""
    known, address = _read_cookie() or _KnownBrowser(secrets.token_urlsafe(16), []), _hash_address(scope, email)
    addresses = [*(each for each in known.addresses if each != address), address][-MOST_ADDRESSES:]
    sealed = services().seal.encrypt(orjson.dumps({"id": known.id, "addresses": addresses}))
    response.set_cookie(COOKIE, sealed.decode(), max_age=LIFETIME, secure=True, httponly=True, samesite="Lax", path="/")


def _read_cookie() -> _KnownBrowser | None:
    try:
        return _KnownBrowser(**orjson.loads(services().seal.decrypt(request.cookies.get(COOKIE, "").encode())))
    except BrokenSeal:
        return None


def _hash_address(scope: Scope, email: str) -> str:
    return hash_secret(f"{scope.tenant_id}:{email.casefold()}")[:32]
