"""A sample shop: its "Manage billing" button makes a portal session by the admin API and redirects to it.

This is the merchant's side. It makes the session with the address and a test key alone, and only the
standard library, where a real shop would rather use the official client (`create_session.py`). What it
imports of the portal is for being served by the demo, under /demo.
"""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from flask import Blueprint, Flask, current_app, redirect, render_template, send_from_directory
from werkzeug.wrappers import Response

from portal.settings import Settings
from portal.web.policies import declare_policy

shop = Blueprint("shop", __name__, url_prefix="/demo", template_folder=".")


@shop.get("")
def account() -> str:
    """The shop's own account page, where customers come from and return to."""
    return render_template("shop.html")


@shop.get("/shop.css")
def style() -> Response:
    """The shop's own look."""
    return send_from_directory(Path(__file__).parent, "shop.css", max_age=3600)


@shop.post("/manage-billing")
def manage_billing() -> Response:
    """Make a session for the signed-in customer, who is never taken from the browser's input."""
    known = current_app.config["SHOP"]
    session = create_portal_session(known["base_url"], known["test_key"], known["customer"], known["configuration"])
    return redirect(session["url"], 303)


def create_portal_session(base_url: str, key: str, customer: str, configuration: str) -> dict[str, str]:
    """POST /v1/billing_portal/sessions; the answer's `url` is where to send the browser."""
    form = {"customer": customer, "configuration": configuration, "return_url": f"{base_url}/demo"}
    request = Request(  # noqa: S310 - the portal's own address
        f"{base_url}/v1/billing_portal/sessions", urlencode(form).encode(), {"Authorization": f"Bearer {key}"}
    )
    with urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
        session: dict[str, str] = json.load(answer)
    return session


def init_app(app: Flask, settings: Settings) -> None:
    """Serve the shop with the demo's key and customer, once `portal demo` has made them."""
    shop.before_request(lambda: _read_demo(app, settings.instance / "demo.json", settings.base_url))
    app.register_blueprint(shop)
    for endpoint in ("shop.account", "shop.style", "shop.manage_billing"):
        declare_policy(endpoint, "public")


def _read_demo(app: Flask, file: Path, base_url: str) -> None:
    if "SHOP" not in app.config:
        app.config["SHOP"] = {**json.loads(file.read_text()), "base_url": base_url}
