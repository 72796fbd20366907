"""The parts of one running portal, put together from settings; web, worker and commands share them."""

from __future__ import annotations

from dataclasses import dataclass

from portal.db import Database
from portal.documents import store
from portal.documents.library import Library
from portal.documents.pool import Pool
from portal.objects.links import DocumentLinks
from portal.origins import Origin
from portal.recording import Recorder
from portal.seal import Seal
from portal.settings import Settings


@dataclass(frozen=True)
class Services:
    """What every way into the portal needs."""

    settings: Settings
    database: Database
    links: DocumentLinks
    documents: Library
    seal: Seal


def assembled(settings: Settings, *, pool_size: int = 8, origin: Origin | None = None) -> Services:
    """The parts of a portal with these settings; nothing is opened until it is used."""
    keys = [*settings.secret_key_fallbacks, settings.secret_key]
    links = DocumentLinks(settings.base_url, keys)
    database = Database(settings.database_url, pool_size=pool_size, recorder=Recorder(links), origin=origin)
    library = Library(database, links, store.opened(settings.documents_url), Pool())
    return Services(settings, database, links, library, Seal(keys))
