"""The merchant's look on a page: the frame's texts and links, the brand's stylesheet, icon and logo."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, g, request, session
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from markupsafe import escape
from sqlalchemy import bindparam, or_, select

from portal import clock
from portal.billing.accounts import pictures
from portal.billing.customer_portal import session_secrets
from portal.hosted import languages, visits
from portal.hosted.visits import Visit
from portal.models import Account, PortalSession, Tenant
from portal.rules import colours, permissions
from portal.web import declare_policy, read_connection, services

blueprint = Blueprint("brand", __name__)

_CACHE_FOREVER = f"public, max-age={365 * clock.DAY}, immutable"
_STATIC = Path(__file__).resolve().parents[2] / "static"


@dataclass(frozen=True)
class NavigationEntry:
    """An entry of the navigation: its path below the visit's path, and its name."""

    path: str
    name: str

    def current(self, below: str) -> str | None:
        """`aria-current` where `below` is the path of the page shown: this one, or one inside it."""
        if below == self.path:
            return "page"
        return "true" if self.path and below.startswith(self.path + "/") else None


@dataclass(frozen=True)
class Frame:
    """What surrounds the content. Without a merchant it is neutral; without a `path` there is no visit.

    `path` is where the visit's pages start, `below` the rest of the path of the page shown, `left` the seconds until
    the visit ends if nothing more happens.
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


def frame_of_visit(visit: Visit) -> Frame:
    """The frame of a customer's page; in a flow it has no links to other pages."""
    profile = visit.business_profile
    return Frame(
        merchant=visit.merchant,
        brand=brand_path(visit.scope.account_id, visit.brand_revision),
        **picture_paths(visit.branding, brand_path(visit.scope.account_id, visit.brand_revision)),
        headline=profile.get("headline"),
        return_url=visit.return_url,
        privacy_url=profile.get("privacy_policy_url"),
        terms_url=profile.get("terms_of_service_url"),
        path=visit.path,
        below=request.path.removeprefix(visit.path),
        left=visit.ends_at - clock.now(),
        customer_name=visit.customer_name,
        customer_email=visit.masked_email,
        pages=() if visit.in_flow else _navigation_entries(languages.locale(), **_visible_entries(visit.features)),
        livemode=visit.scope.livemode,
    )


def frame_of_account(account: Account, *, livemode: bool) -> Frame:
    """The frame of a page that anyone with its link may see."""
    name = account.business_profile.get("name") or ""
    brand = brand_path(account.id, account.revision)
    shown = picture_paths(account.settings.get("branding", {}), brand)
    return Frame(merchant=name, brand=brand, livemode=livemode, **shown)


def frame_of_ended_visit() -> Frame:
    """The frame for a link or session that has ended: its merchant's, if the browser can prove it had one."""
    parts = request.path.split("/")
    if len(parts) < 4 or parts[1] != "p":
        return Frame()
    secret = parts[3] if parts[2] == "session" else visits.cookie_secret(parts[2], request)
    row = (
        read_connection().execute(_MERCHANT_BY_SECRET, {"hash": session_secrets.hash_secret(secret)}).first()
        if secret
        else None
    )
    if row is None:
        return Frame()
    merchant = row.business_profile.get("name") or ""
    brand = brand_path(row.account_id, row.revision)
    return Frame(merchant, brand, return_url=row.return_url, **picture_paths(row.settings.get("branding", {}), brand))


def brand_path(account_id: str, revision: int) -> str:
    """The path of the brand's stylesheet (`.css`) and mark (`.svg`); it changes with every change of the account."""
    return f"/brand/{account_id}-{revision}"


def picture_paths(branding: Mapping[str, Any], brand: str) -> dict[str, Any]:
    """The paths of the brand's icon and logo, of those that it has."""
    return {name: f"{brand}/{name}" for name in ("icon", "logo") if branding.get(name)}


def use_frame(frame: Frame) -> None:
    """Show this frame in the answer, also on an error page."""
    g.frame = frame


def current_frame() -> Frame:
    """The frame of this answer: the one set by `use_frame`, else the visit's, else the neutral one."""
    if "frame" not in g:
        visit = getattr(session, "visit", None)
        g.frame = frame_of_visit(visit) if visit else Frame()
    frame: Frame = g.frame
    return frame


def asset(name: str) -> str:
    """The address of a file in `static/`; it changes with the file's content."""
    return f"/static/{name}?{_file_version(name)}"


def initial(name: str) -> str:
    """The first letter or digit of a name."""
    return next((character.upper() for character in name if character.isalnum()), "·")


@blueprint.get("/brand/<account_id>-<int:revision>.css")
def stylesheet(account_id: str, revision: int) -> Response:
    """The brand's colours as CSS custom properties, for the light and the dark scheme."""
    account = _find_account(account_id)
    chosen = account.settings.get("branding", {})
    pair = (chosen.get("primary_color"), chosen.get("secondary_color"))
    light, dark = _css_properties(colours.light_scheme(*pair)), _css_properties(colours.dark_scheme(*pair))
    sheet = f":root{{{light}}}\n@media (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"
    return _cacheable_response(sheet, "text/css", account.revision == revision)


@blueprint.get("/brand/<account_id>-<int:revision>.svg")
def mark(account_id: str, revision: int) -> Response:
    """The merchant's initial on the brand's colour, for the browser's tab."""
    account = _find_account(account_id)
    scheme = colours.light_scheme(account.settings.get("branding", {}).get("primary_color"), None)
    letter = escape(initial(account.business_profile.get("name") or ""))
    return _cacheable_response(
        _MARK_SVG.format(scheme=scheme, letter=letter), "image/svg+xml", account.revision == revision
    )


@blueprint.get("/brand/<account_id>-<int:revision>/<any(icon,logo):name>")
def picture(account_id: str, revision: int, name: str) -> Response:
    """The brand's icon or logo, from our own address."""
    account = _find_account(account_id)
    id = account.settings.get("branding", {}).get(name) or abort(404)
    with services().database.reading() as db:
        found = pictures.find_picture(db, account_id, id) or abort(404)
    response = _cacheable_response(found.content, found.media_type, account.revision == revision)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _find_account(account_id: str) -> Account:
    with services().database.reading() as db:
        return db.get(Account, account_id) or abort(404)


def _cacheable_response(text: str | bytes, mimetype: str, is_current: bool) -> Response:
    # the address of another revision must not be kept under today's colours
    return Response(text, mimetype=mimetype, headers={"Cache-Control": _CACHE_FOREVER if is_current else "no-store"})


def _css_properties(scheme: colours.Scheme) -> str:
    return ";".join(f"--{name.replace('_', '-')}:{colour}" for name, colour in asdict(scheme).items())


def _visible_entries(features: Mapping[str, Any]) -> dict[str, bool]:
    return {"invoices": permissions.may_see_invoices(features), "details": features["customer_update"]["enabled"]}


@lru_cache(maxsize=1024)
def _navigation_entries(locale: str, invoices: bool, details: bool) -> tuple[NavigationEntry, ...]:
    """The navigation in the language of this answer; `locale` is only a part of the cache's key."""
    pages = (
        NavigationEntry("", _("Home")),
        NavigationEntry("invoices", _("Invoices")),
        NavigationEntry("details", _("Billing information")),
    )
    return tuple(page for page, shows in zip(pages, (True, invoices, details), strict=True) if shows)


@lru_cache(maxsize=64)
def _file_version(name: str) -> str:
    return hashlib.sha256((_STATIC / name).read_bytes()).hexdigest()[:12]


def _configure_app(state: BlueprintSetupState) -> None:
    # every static file is linked with its version, so a browser may keep it
    state.app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 365 * clock.DAY
    state.app.jinja_env.globals.update(asset=asset, initial=initial, frame_of_ended_visit=frame_of_ended_visit)


blueprint.record_once(_configure_app)
blueprint.app_context_processor(lambda: {"frame": current_frame()})
declare_policy("brand.stylesheet", "public")
declare_policy("brand.mark", "public")
declare_policy("brand.picture", "public")

_MARK_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<rect width="32" height="32" rx="8" fill="{scheme.panel}"/>'
    '<text x="16" y="22" text-anchor="middle" font-family="system-ui,sans-serif" font-size="18" font-weight="600"'
    ' fill="{scheme.on_panel}">{letter}</text></svg>\n'
)

_SESSIONS = PortalSession.__table__
#: The merchant of a session by the secret of its link or cookie, whether or not it has ended.
_MERCHANT_BY_SECRET = (
    select(
        _SESSIONS.c.return_url,
        Account.id.label("account_id"),
        Account.revision,
        Account.business_profile,
        Account.settings,
    )
    .select_from(_SESSIONS)
    .join(Tenant, Tenant.id == _SESSIONS.c.tenant_id)
    .join(Account, Account.id == Tenant.account_id)
    .where(or_(_SESSIONS.c.link_hash == bindparam("hash"), _SESSIONS.c.secret_hash == bindparam("hash")))
    .execution_options(every_tenant=True)
)
