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

    from portal import api, hosted, web
    from portal.db import Database
    from portal.documents import store
    from portal.documents.library import Library
    from portal.documents.pool import Pool
    from portal.objects.links import DocumentLinks
    from portal.settings import from_environment

    settings = settings or from_environment()
    top = Path(__file__).resolve().parent.parent
    app = Flask(__name__, template_folder=str(top / "templates"), static_folder=str(top / "static"))
    links = DocumentLinks(settings.base_url, [*settings.secret_key_fallbacks, settings.secret_key])
    database = Database(settings.database_url)
    library = Library(database, links, store.opened(settings.documents_url), Pool())
    web.init_app(app, web.Services(settings, database, links, library))
    hosted.init_app(app, api.init_app(app))
    return app
