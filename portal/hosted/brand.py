"""The files of a merchant's brand: its colours as a stylesheet, its mark, icon and logo."""

from dataclasses import asdict

from flask import Blueprint, Response, abort, request
from markupsafe import escape

from portal.billing.accounts import pictures
from portal.hosted.assets import CACHE_FOREVER, initial
from portal.hosted.schemes import fix_scheme
from portal.models import Account
from portal.rules import colours
from portal.web import hosts
from portal.web.policies import declare_policy
from portal.web.services import services

blueprint = Blueprint("brand", __name__)

_MARK_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<rect width="32" height="32" rx="8" fill="{scheme.panel}"/>'
    '<text x="16" y="22" text-anchor="middle" font-family="system-ui,sans-serif" font-size="18" font-weight="600"'
    ' fill="{scheme.on_panel}">{letter}</text></svg>\n'
)


@blueprint.get("/brand/<account_id>-<int:revision>.css")
def stylesheet(account_id: str, revision: int) -> Response:
    """The brand's colours as CSS custom properties, for the light and the dark scheme."""
    account = _find_account(account_id)
    chosen = account.settings.get("branding", {})
    pair = (chosen.get("primary_color"), chosen.get("secondary_color"))
    light, dark = _css_properties(colours.light_scheme(*pair)), _css_properties(colours.dark_scheme(*pair))
    sheet = f":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"
    sheet = fix_scheme(sheet, request.args.get("scheme"))
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
        hosts.refuse_account(account_id)
        return db.get(Account, account_id) or abort(404)


def _cacheable_response(text: str | bytes, mimetype: str, is_current: bool) -> Response:
    # the address of another revision must not be kept under today's colours
    return Response(text, mimetype=mimetype, headers={"Cache-Control": CACHE_FOREVER if is_current else "no-store"})


def _css_properties(scheme: colours.Scheme) -> str:
    return ";".join(f"--{name.replace('_', '-')}:{colour}" for name, colour in asdict(scheme).items())


for _name in ("stylesheet", "mark", "picture"):
    declare_policy(f"brand.{_name}", "public")
