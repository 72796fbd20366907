"""A stored document over HTTP against the same bytes from memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bench.data import Store
from bench.hello import DOCUMENT
from bench.load import wrk
from bench.servers import Server
from portal import clock
from portal.documents import store as stores
from portal.documents.values import RENDERER
from portal.models import Invoice, StoredDocument
from portal.objects.links import DocumentLinks

if TYPE_CHECKING:
    from bench.__main__ import Figure


def figures(hello: Server, portal: Server, store: Store, folder: Path, secret: str) -> Iterator[Figure]:
    """Requests per second of a stored 60 kB document."""
    from bench.__main__ import Figure, _interleaved

    url = portal.url + _stored(store, folder, secret)
    ratio = _interleaved(lambda: wrk(url).per_second, lambda: wrk(f"{hello.url}/document").per_second)
    yield Figure("stored 60 kB PDF ÷ the same bytes from memory", ratio, 0.6, at_least=True)


def _stored(store: Store, folder: Path, secret: str) -> str:
    """Put a document of 60 kB where the portal keeps the one of the hot customer's first invoice."""
    fingerprint = "ab" * 28 + RENDERER
    stores.opened(str(folder / "documents")).write(fingerprint, DOCUMENT)
    with store.database.writing(store.scope) as db:
        invoice = db.query(Invoice).filter(Invoice.customer_id == store.hot).limit(1).one()
        db.add(StoredDocument(id=invoice.id, created=clock.now(), revision=invoice.revision, fingerprint=fingerprint))
    return DocumentLinks("", [secret]).document("invoice_pdf", store.scope.tenant_id, invoice.id)
