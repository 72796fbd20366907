"""The frame around every page: the merchant's name, look and links, and the visit's navigation.

Templates read it as `frame`. It is the visit's by itself; a page behind a link sets its merchant's by `use_frame`.
"""

import threading
from dataclasses import dataclass
from typing import Any

from flask import Flask, g, request, session

from portal import clock
from portal.billing.customer_portal.session_secrets import hash_secret
from portal.db import Scope
from portal.hosted import navigation
from portal.hosted.navigation import NavigationEntry
from portal.hosted.visit_cookies import cookie_secret
from portal.hosted.visits import Embed, Visit
from portal.models import Account
from portal.rules import colours
from portal.web import hosts
from portal.web.services import services


def init_app(app: Flask) -> None:
    """Give every template the frame of its answer."""
    app.context_processor(lambda: {"frame": current_frame()})


@dataclass(frozen=True)
class Frame:
    """What surrounds the content. Without a merchant it is neutral; without a `path` there is no visit.

    `path` is where the visit's pages start, `below` the rest of the path of the page shown, `left` the seconds until
    the visit ends if nothing more happens. `theme` has the colours of the panel, by day and by night.
    `embedder` is the origin of the page that shows it within, which has a panel of its own, and `scheme` the colour
    scheme that this one wants, if any.
    """

    merchant: str = ""
    brand: str | None = None
    icon: str | None = None
    logo: str | None = None
    headline: str | None = None
    return_url: str | None = None
    privacy_url: str | None = None
    terms_url: str | None = None
    path: str | None = None
    below: str = ""
    left: int | None = None
    customer_name: str | None = None
    customer_email: str | None = None
    pages: tuple[NavigationEntry, ...] = ()
    livemode: bool = True
    embedder: str | None = None
    scheme: str | None = None
    theme: tuple[str, str] = colours.panel_pair(None)


def frame_of_visit(visit: Visit) -> Frame:
    """The frame of a customer's page; in a flow it has no links to other pages."""
    profile = visit.business_profile
    return Frame(
        merchant=visit.merchant,
        brand=brand_path(visit.scope.account_id, visit.brand_revision),
        **brand_look(visit.branding, brand_path(visit.scope.account_id, visit.brand_revision)),
        headline=profile.get("headline"),
        return_url=visit.return_url,
        privacy_url=profile.get("privacy_policy_url"),
        terms_url=profile.get("terms_of_service_url"),
        path=visit.path,
        below=request.path.removeprefix(visit.path),
        left=visit.ends_at - clock.now(),
        customer_name=visit.customer_name,
        customer_email=visit.person.email if visit.person else visit.customer_email,
        pages=navigation.entries_of_visit(visit),
        livemode=visit.scope.livemode,
        **embedded_look(visit.embed),
    )


def frame_of_account(account: Account, *, livemode: bool) -> Frame:
    """The frame of a page that anyone with its link may see. Raises `NotHere` at the host of another merchant."""
    hosts.refuse_account(account.id)
    name = account.business_profile.get("name") or ""
    brand = brand_path(account.id, account.revision)
    shown = brand_look(account.settings.get("branding", {}), brand)
    return Frame(merchant=name, brand=brand, livemode=livemode, **shown)


def refuse_elsewhere(tenant_id: int) -> None:
    """Raises `NotHere` for what has no frame, such as a file, at the host of another merchant than this mode's."""
    hosts.refuse_tenant(tenant_id)


def contact_of_account(account: Account) -> dict[str, str | None]:
    """Whom customers can ask: email, phone and url of the merchant's support, as far as they are known."""
    return {name: account.business_profile.get(f"support_{name}") for name in ("email", "phone", "url")}


def brand_path(account_id: str, revision: int) -> str:
    """The path of the brand's stylesheet (`.css`) and mark (`.svg`); it changes with every change of the account."""
    return f"/brand/{account_id}-{revision}"


def brand_look(branding: dict[str, Any], brand: str) -> dict[str, Any]:
    """The paths of the brand's icon and logo, of those that it has, and its theme."""
    pictures = {name: f"{brand}/{name}" for name in ("icon", "logo") if branding.get(name)}
    return {**pictures, "theme": colours.panel_pair(branding.get("primary_color"))}


def embedded_look(embed: Embed | None) -> dict[str, Any]:
    """Who shows a page within which colours; nothing for one with a window of its own."""
    return {"embedder": embed.origin, "scheme": embed.scheme} if embed else {}


def use_frame(frame: Frame) -> None:
    """Show this frame in the answer, also on an error page."""
    g.frame = frame


def use_account_frame(scope: Scope) -> None:
    """Show the frame of this scope's merchant in the answer."""
    with services().database.reading() as db:
        account = db.get_one(Account, scope.account_id)
    use_frame(frame_of_account(account, livemode=scope.livemode))


def current_frame() -> Frame:
    """The frame of this answer: the one set by `use_frame`, else the visit's, else the neutral one.

    Where the visit could not be opened, it is the merchant's as this process has last shown it to the same browser.
    """
    if "frame" not in g:
        visit = getattr(session, "visit", None)
        if visit:
            g.frame = frame_of_visit(visit)
            _remember_merchant(visit, g.frame)
        else:
            g.frame = _remembered_frame() if getattr(session, "failure", None) else Frame()
    frame: Frame = g.frame
    return frame


def _remember_merchant(visit: Visit, frame: Frame) -> None:
    if visit.secret_hash in _REMEMBERED:
        return
    with _REMEMBERING:
        while len(_REMEMBERED) >= _MOST_REMEMBERED:
            del _REMEMBERED[next(iter(_REMEMBERED))]
        _REMEMBERED[visit.secret_hash] = Frame(
            merchant=frame.merchant,
            brand=frame.brand,
            icon=frame.icon,
            logo=frame.logo,
            return_url=frame.return_url,
            livemode=frame.livemode,
            theme=frame.theme,
        )


def _remembered_frame() -> Frame:
    secret = cookie_secret(request.path.split("/", 3)[2], request)
    return _REMEMBERED.get(hash_secret(secret), Frame()) if secret else Frame()


#: The merchants' frames by the hash of the visit's secret, for error pages while the database is away.
_REMEMBERED: dict[str, Frame] = {}
_MOST_REMEMBERED = 1000
_REMEMBERING = threading.Lock()
