"""The cookies of visits: one for each portal session, so that two customers in two tabs never mix.

Within a page of a merchant a browser that blocks the cookies of others still takes one that is bound to the site of
that page (`Partitioned`): it is another one on each site, and none where the portal has a window of its own.
"""

from typing import Any

from flask import Request, Response, request

COOKIE_PREFIX = "__Host-portal-"
MOST_COOKIES = 8
#: The cookie of a browser that follows a link, and its seconds.
_TAKEN = "__Host-arrival"
_TAKEN_FOR = 300


def cookie_name(session_id: str) -> str:
    """The cookie of one portal session."""
    return COOKIE_PREFIX + session_id.rsplit("_", 1)[-1][-12:]


def set_cookie(response: Response, session_id: str, secret: str, *, embedded: bool = False) -> None:
    """Give the browser its secret, and drop the oldest ones beyond what a browser may hold."""
    response.set_cookie(cookie_name(session_id), f"{session_id}.{secret}", **cookie_attributes(embedded=embedded))
    held = sorted((value, name) for name, value in request.cookies.items() if name.startswith(COOKIE_PREFIX))
    for _, name in held[: max(0, len(held) - MOST_COOKIES + 1)]:
        delete_cookie(response, name, embedded=embedded)


def ask_for_cookies(response: Response, *, embedded: bool = False) -> None:
    """Give the browser a cookie that says nothing; it comes back from a browser, and not from a scanner."""
    response.set_cookie(_TAKEN, "1", max_age=_TAKEN_FOR, **cookie_attributes(embedded=embedded))


def takes_cookies(request: Request) -> bool:
    """Whether the browser has brought a cookie back."""
    return _TAKEN in request.cookies or any(name.startswith(COOKIE_PREFIX) for name in request.cookies)


def delete_cookie(response: Response, name: str, *, embedded: bool = False) -> None:
    """Delete a cookie, with the attributes that it was set with."""
    response.delete_cookie(name, **cookie_attributes(embedded=embedded))


def cookie_attributes(*, embedded: bool) -> dict[str, Any]:
    """How cookies are set: for the whole host and no other, out of the reach of scripts."""
    bound: dict[str, Any] = {"samesite": "None", "partitioned": True} if embedded else {"samesite": "Lax"}
    return {"secure": True, "httponly": True, "path": "/", **bound}


def cookie_secret(session_id: str, request: Request) -> str | None:
    """The secret of a session in the browser's cookie, if any."""
    named, _, secret = request.cookies.get(cookie_name(session_id), "").partition(".")
    return secret if named == session_id else None
