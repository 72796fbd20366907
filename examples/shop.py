"""A sample shop: its "Manage billing" button makes a portal session by the admin API and redirects to it.

This is the merchant's side. It reads its customers and makes the session with the address and a test key alone, and
only the standard library, where a real shop would rather use the official client (`create_session.py`). What it
imports of the portal is for being served by the demo, under /demo.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from flask import Blueprint, Flask, abort, current_app, redirect, render_template, request, send_from_directory
from werkzeug.wrappers import Response

from portal.settings import Settings
from portal.web.policies import declare_policy

shop = Blueprint("shop", __name__, url_prefix="/demo", template_folder=".")


#: What the page says of each customer, beside the name.
PEOPLE = {
    "jenny.rosen@example.com": "A freelancer in Berlin. English, two seats, an invoice to pay.",
    "buero@example.org": "A company in Ravensburg. German, five seats, an invoice overdue.",
    "camille@example.net": "A consumer in Paris. French, no tax ID.",
    "layla@example.com": "A bookshop in Beirut. Arabic, from right to left.",
}


@shop.get("")
def account() -> str:
    """The shop's own account page, where customers come from and return to."""
    return render_template("shop.html", customers=_list_customers(), people=PEOPLE, links=_list_links())


@shop.get("/shop.css")
def style() -> Response:
    """The shop's own look."""
    return send_from_directory(Path(__file__).parent, "shop.css", max_age=3600)


@shop.post("/manage-billing")
def manage_billing() -> Response:
    """Make a session for the customer that was chosen.

    A real shop takes the customer from its own sign-in and never from what a browser sends. Here anybody may be each of
    the sample customers, so choosing one is the sign-in.
    """
    known = current_app.config["SHOP"]
    chosen = next((each for each in _list_customers() if each["id"] == request.form.get("customer")), None)
    if chosen is None:
        abort(404)
    session = create_portal_session(known["base_url"], known["test_key"], chosen["id"], known["configuration"])
    return redirect(session["url"], 303)


def create_portal_session(base_url: str, key: str, customer: str, configuration: str) -> dict[str, str]:
    """POST /v1/billing_portal/sessions; the answer's `url` is where to send the browser."""
    sent = {"customer": customer, "configuration": configuration, "return_url": f"{base_url}/demo"}
    session: dict[str, str] = _call_api(f"{base_url}/v1/billing_portal/sessions", key, urlencode(sent).encode())
    return session


def _list_customers() -> list[dict[str, Any]]:
    """GET /v1/customers: the sample customers, in the order of the page."""
    known = current_app.config["SHOP"]
    found = _call_api(f"{known['base_url']}/v1/customers?limit=100", known["test_key"])["data"]
    by_email = {each["email"]: each for each in reversed(found)}
    return [by_email[email] for email in PEOPLE if email in by_email]


def _list_links() -> list[dict[str, Any]]:
    """GET /v1/payment_links: where everybody can buy."""
    known = current_app.config["SHOP"]
    found: list[dict[str, Any]] = _call_api(
        f"{known['base_url']}/v1/payment_links?active=true&limit=1", known["test_key"]
    )["data"]
    return found


def _call_api(url: str, key: str, body: bytes | None = None) -> Any:
    call = Request(url, body, {"Authorization": f"Bearer {key}"})  # noqa: S310 - the portal's own address
    with urlopen(call, timeout=10) as answer:  # noqa: S310 - as above
        return json.load(answer)


def init_app(app: Flask, settings: Settings) -> None:
    """Serve the shop with the demo's key and customer, once `portal demo` has made them."""
    shop.before_request(lambda: _read_demo(app, settings.instance / "demo.json", settings.base_url))
    app.register_blueprint(shop)
    for endpoint in ("shop.account", "shop.style", "shop.manage_billing"):
        declare_policy(endpoint, "public")


def _read_demo(app: Flask, file: Path, base_url: str) -> None:
    if "SHOP" not in app.config:
        app.config["SHOP"] = {**json.loads(file.read_text()), "base_url": base_url}
