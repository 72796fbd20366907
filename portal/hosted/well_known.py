"""What programs look for on every host: which pages to index, an icon, and whom to tell of security holes."""

from datetime import timedelta

from flask import Blueprint, Response, redirect

from portal import clock
from portal.hosted.assets import asset
from portal.web.policies import declare_policy
from portal.web.services import services

blueprint = Blueprint("well_known", __name__)

#: RFC 9116 wants the contact to be looked at again within a year.
_CONTACT_VALID_FOR = timedelta(days=180)


@blueprint.get("/robots.txt")
def robots() -> Response:
    """No page here is for a search engine."""
    return _text_response("User-agent: *\nDisallow: /\n")


@blueprint.get("/favicon.ico")
def icon() -> Response:
    """The icon of pages that name none, such as JSON in a browser's tab."""
    return redirect(asset("mark.svg"), 302)  # type: ignore[return-value]


@blueprint.get("/.well-known/security.txt")
def security() -> Response:
    """Whom to tell of security holes, as RFC 9116 writes it; 404 where the operator has named nobody."""
    contact = services().settings.security_contact
    if contact is None:
        return _text_response("Not found\n", 404)
    until = clock.utc_datetime(clock.now()) + _CONTACT_VALID_FOR
    expires = until.strftime("%Y-%m-%dT%H:%M:%SZ")
    return _text_response(f"Contact: {contact}\nExpires: {expires}\nPreferred-Languages: en\n")


def _text_response(text: str, status: int = 200) -> Response:
    return Response(text, status, mimetype="text/plain")


for _name in ("robots", "icon", "security"):
    declare_policy(f"well_known.{_name}", "public")
