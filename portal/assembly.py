"""Builds the services of one running portal from its settings. Web, worker and commands share them."""

from dataclasses import dataclass

from portal.db import Database
from portal.documents import store
from portal.documents.library import Library
from portal.documents.pool import Pool
from portal.objects.links import DocumentLinks
from portal.origins import Origin
from portal.recording import ChangeRecorder
from portal.seal import Seal
from portal.settings import Settings


@dataclass(frozen=True)
class Services:
    """The services that web, worker and commands need."""

    settings: Settings
    database: Database
    links: DocumentLinks
    documents: Library
    seal: Seal


def assemble_services(settings: Settings, *, pool_size: int = 8, origin: Origin | None = None) -> Services:
    """Build the services for these settings. Nothing is opened before its first use."""
    keys = [*settings.secret_key_fallbacks, settings.secret_key]
    links = DocumentLinks(settings.base_url, keys)
    database = Database(settings.database_url, pool_size=pool_size, recorder=ChangeRecorder(links), origin=origin)
    library = Library(database, links, store.open_store(settings.documents_url), Pool())
    return Services(settings, database, links, library, Seal(keys))
