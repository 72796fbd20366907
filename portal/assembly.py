"""Builds the services of one running portal from its settings. Web, worker and commands share them.

Most commands need the database alone. So what makes documents is imported only by who needs all services.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from portal.db import Database, Scope
from portal.objects.links import DocumentLinks
from portal.origins import Origin
from portal.recording import ChangeRecorder
from portal.rules.hosts import AllowedHosts
from portal.seal import Seal
from portal.settings import Settings

if TYPE_CHECKING:
    from portal.documents.library import Library


@dataclass(frozen=True)
class Services:
    """The services that web, worker and commands need."""

    settings: Settings
    database: Database
    links: DocumentLinks
    documents: Library
    seal: Seal

    def links_of(self, scope: Scope) -> DocumentLinks:
        """The links of an account, at its host name if it has one."""
        return self.links.at(scope.host)


def assemble_services(settings: Settings, *, pool_size: int = 8, origin: Origin | None = None) -> Services:
    """Build the services for these settings. Nothing is opened before its first use."""
    from portal.documents import store
    from portal.documents.library import Library
    from portal.documents.pool import Pool

    links = build_links(settings)
    database = assemble_database(settings, pool_size=pool_size, origin=origin)
    library = Library(database, links, store.open_store(settings.documents_url), Pool())
    return Services(settings, database, links, library, build_seal(settings))


def assemble_database(settings: Settings, *, pool_size: int = 8, origin: Origin | None = None) -> Database:
    """The database of these settings, whose changes are recorded. It is opened at its first use."""
    from portal.billing.intents.collector import MethodCollector

    recorder = ChangeRecorder(build_links(settings))
    info = {"collector": MethodCollector(), "hosts": AllowedHosts.of(settings.base_url, settings.hosts)}
    return Database(
        settings.database_url,
        pool_size=pool_size,
        recorder=recorder,
        origin=origin,
        info=info,
        replica_url=settings.database_replica_url,
    )


def build_links(settings: Settings) -> DocumentLinks:
    """What makes the addresses within objects."""
    return DocumentLinks(settings.base_url, _list_keys(settings))


def build_seal(settings: Settings) -> Seal:
    """What encrypts the secrets in the database."""
    return Seal(_list_keys(settings))


def _list_keys(settings: Settings) -> list[str]:
    return [*settings.secret_key_fallbacks, settings.secret_key]
