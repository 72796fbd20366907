"""A self-hosted customer billing portal with an admin API in Stripe's wire form."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from portal.settings import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """The WSGI application, wired from settings (the environment's by default)."""
    from pathlib import Path

    from flask import Flask

    from portal import api, hosted
    from portal.assembly import assemble_services
    from portal.settings import from_environment
    from portal.web import application
    from portal.web.rules import LazyRule

    settings = settings or from_environment()
    top = Path(__file__).resolve().parent.parent
    app = Flask(__name__, template_folder=str(top / "templates"), static_folder=str(top / "static"))
    app.url_rule_class = LazyRule
    application.init_app(app, assemble_services(settings))
    api.init_app(app)
    hosted.init_app(app)
    return app
