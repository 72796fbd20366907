"""What a page shows of the merchant: the frame's words and links, the brand's stylesheet and its mark."""

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
from portal.billing.accounts import files
from portal.billing.customer_portal.sessions import digest
from portal.hosted import languages, visits
from portal.hosted.visits import Visit
from portal.models import Account, PortalSession, Tenant
from portal.rules import colours, permissions
from portal.web import declare, reader, services

blueprint = Blueprint("brand", __name__)

_FOR_EVER = f"public, max-age={365 * clock.DAY}, immutable"
_STATIC = Path(__file__).resolve().parents[2] / "static"


@dataclass(frozen=True)
class Page:
    """An entry of the navigation: its path below the visit's, and its name."""

    path: str
    name: str

    def current(self, below: str) -> str | None:
        """`aria-current` where `below` is the path of the page shown: this one, or one inside it."""
        if below == self.path:
            return "page"
        return "true" if self.path and below.startswith(self.path + "/") else None


@dataclass(frozen=True)
class Frame:
    """What is around the content; without a merchant it is neutral, without a path nobody is visiting.

    `path` is where the visit's pages start, `below` the rest of the path of the page shown, `left` the seconds until
    the visit ends where nothing more happens.
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
    pages: tuple[Page, ...] = ()
    livemode: bool = True


def of_visit(visit: Visit) -> Frame:
    """The frame of a customer's page; in a flow there is no way to other pages."""
    profile = visit.business_profile
    return Frame(
        merchant=visit.merchant,
        brand=address(visit.scope.account_id, visit.brand_revision),
        **pictures(visit.branding, address(visit.scope.account_id, visit.brand_revision)),
        headline=profile.get("headline"),
        return_url=visit.return_url,
        privacy_url=profile.get("privacy_policy_url"),
        terms_url=profile.get("terms_of_service_url"),
        path=visit.path,
        below=request.path.removeprefix(visit.path),
        left=visit.ends_at - clock.now(),
        customer_name=visit.customer_name,
        customer_email=visit.masked_email,
        pages=() if visit.in_flow else _pages(languages.locale(), **_shown(visit.features)),
        livemode=visit.scope.livemode,
    )


def of_account(account: Account, *, livemode: bool) -> Frame:
    """The frame of a page that anyone with its link may see."""
    name = account.business_profile.get("name") or ""
    brand = address(account.id, account.revision)
    shown = pictures(account.settings.get("branding", {}), brand)
    return Frame(merchant=name, brand=brand, livemode=livemode, **shown)


def of_ended_visit() -> Frame:
    """The frame for a link or session that is over: its merchant's, where the browser can prove it had one."""
    parts = request.path.split("/")
    if len(parts) < 4 or parts[1] != "p":
        return Frame()
    secret = parts[3] if parts[2] == "session" else visits.held(parts[2], request)
    row = reader().execute(_BY_SECRET, {"hash": digest(secret)}).first() if secret else None
    if row is None:
        return Frame()
    merchant = row.business_profile.get("name") or ""
    brand = address(row.account_id, row.revision)
    return Frame(merchant, brand, return_url=row.return_url, **pictures(row.settings.get("branding", {}), brand))


def address(account_id: str, revision: int) -> str:
    """Where the brand's stylesheet (`.css`) and mark (`.svg`) are; it changes with every change of the account."""
    return f"/brand/{account_id}-{revision}"


def pictures(branding: Mapping[str, Any], brand: str) -> dict[str, Any]:
    """Where the brand's icon and logo are, of those that it has."""
    return {name: f"{brand}/{name}" for name in ("icon", "logo") if branding.get(name)}


def use(frame: Frame) -> None:
    """Show this frame in the answer, an error page included."""
    g.frame = frame


def current() -> Frame:
    """The frame of this answer: the one chosen, else the visit's, else the neutral one."""
    if "frame" not in g:
        visit = getattr(session, "visit", None)
        g.frame = of_visit(visit) if visit else Frame()
    frame: Frame = g.frame
    return frame


def asset(name: str) -> str:
    """The address of a file in `static/`; it changes with the file's content."""
    return f"/static/{name}?{_version(name)}"


def initial(name: str) -> str:
    """The first letter or digit of a name."""
    return next((character.upper() for character in name if character.isalnum()), "·")


@blueprint.get("/brand/<account_id>-<int:revision>.css")
def stylesheet(account_id: str, revision: int) -> Response:
    """The brand's colours as custom properties of both schemes."""
    account = _account(account_id)
    chosen = account.settings.get("branding", {})
    pair = (chosen.get("primary_color"), chosen.get("secondary_color"))
    light, dark = _properties(colours.light(*pair)), _properties(colours.dark(*pair))
    sheet = f":root{{{light}}}\n@media (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"
    return _kept(sheet, "text/css", account.revision == revision)


@blueprint.get("/brand/<account_id>-<int:revision>.svg")
def mark(account_id: str, revision: int) -> Response:
    """The merchant's initial on the brand's colour, for the browser's tab."""
    account = _account(account_id)
    scheme = colours.light(account.settings.get("branding", {}).get("primary_color"), None)
    letter = escape(initial(account.business_profile.get("name") or ""))
    return _kept(_MARK.format(scheme=scheme, letter=letter), "image/svg+xml", account.revision == revision)


@blueprint.get("/brand/<account_id>-<int:revision>/<any(icon,logo):name>")
def picture(account_id: str, revision: int, name: str) -> Response:
    """The brand's icon or logo, from our own address."""
    account = _account(account_id)
    id = account.settings.get("branding", {}).get(name) or abort(404)
    with services().database.reading() as db:
        found = files.picture(db, account_id, id) or abort(404)
    response = _kept(found.content, found.media_type, account.revision == revision)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _account(account_id: str) -> Account:
    with services().database.reading() as db:
        return db.get(Account, account_id) or abort(404)


def _kept(text: str | bytes, mimetype: str, is_current: bool) -> Response:
    # the address of another revision must not be kept under today's colours
    return Response(text, mimetype=mimetype, headers={"Cache-Control": _FOR_EVER if is_current else "no-store"})


def _properties(scheme: colours.Scheme) -> str:
    return ";".join(f"--{name.replace('_', '-')}:{colour}" for name, colour in asdict(scheme).items())


def _shown(features: Mapping[str, Any]) -> dict[str, bool]:
    return {"invoices": permissions.may_see_invoices(features), "details": features["customer_update"]["enabled"]}


@lru_cache(maxsize=1024)
def _pages(locale: str, invoices: bool, details: bool) -> tuple[Page, ...]:
    """The navigation in the language of this answer, which `locale` stands for."""
    pages = (Page("", _("Home")), Page("invoices", _("Invoices")), Page("details", _("Billing information")))
    return tuple(page for page, shows in zip(pages, (True, invoices, details), strict=True) if shows)


@lru_cache(maxsize=64)
def _version(name: str) -> str:
    return hashlib.sha256((_STATIC / name).read_bytes()).hexdigest()[:12]


def _set_up(state: BlueprintSetupState) -> None:
    # every static file is linked with its version, so a browser may keep it
    state.app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 365 * clock.DAY
    state.app.jinja_env.globals.update(asset=asset, initial=initial, frame_of_ended_visit=of_ended_visit)


blueprint.record_once(_set_up)
blueprint.app_context_processor(lambda: {"frame": current()})
declare("brand.stylesheet", "public")
declare("brand.mark", "public")
declare("brand.picture", "public")

_MARK = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<rect width="32" height="32" rx="8" fill="{scheme.panel}"/>'
    '<text x="16" y="22" text-anchor="middle" font-family="system-ui,sans-serif" font-size="18" font-weight="600"'
    ' fill="{scheme.on_panel}">{letter}</text></svg>\n'
)

_S = PortalSession.__table__
#: The merchant of a session by the secret of its link or cookie, whether or not it has ended.
_BY_SECRET = (
    select(
        _S.c.return_url, Account.id.label("account_id"), Account.revision, Account.business_profile, Account.settings
    )
    .select_from(_S)
    .join(Tenant, Tenant.id == _S.c.tenant_id)
    .join(Account, Account.id == Tenant.account_id)
    .where(or_(_S.c.link_hash == bindparam("hash"), _S.c.secret_hash == bindparam("hash")))
    .execution_options(every_tenant=True)
)
