"""Documents: a stored one over HTTP against the same bytes from memory, a first one against bare WeasyPrint."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bench.data import Store
from bench.hello import DOCUMENT
from bench.load import wrk
from bench.servers import TOP, Server
from portal import clock
from portal.documents import store as stores
from portal.documents.values import RENDERER
from portal.models import Invoice, StoredDocument
from portal.objects.links import DocumentLinks
from tests.documents import samples

if TYPE_CHECKING:
    from bench.__main__ import Figure

ROUNDS = 3
RENDERS = 12


def figures(hello: Server, portal: Server, store: Store, folder: Path, secret: str) -> Iterator[Figure]:
    """Requests per second of a stored 60 kB document."""
    from bench.__main__ import Figure, _interleaved

    url = portal.url + _stored(store, folder, secret)
    ratio = _interleaved(lambda: wrk(url).per_second, lambda: wrk(f"{hello.url}/document").per_second)
    yield Figure("stored 60 kB PDF ÷ the same bytes from memory", ratio, 0.6, at_least=True)


def first_pdf() -> Figure:
    """Processor time of a first PDF, from value to bytes, against bare WeasyPrint on the same HTML."""
    from weasyprint import HTML

    from bench.__main__ import Figure
    from portal.documents import render

    document = samples.invoice(8)
    style = (TOP / "templates" / "documents" / "_v1.css").read_text()
    html = render.html(document).replace("</head>", f"<style>@page{{size:A4}}{style}</style></head>")
    ratios = [
        _cpu(lambda: render.pdf(document)) / _cpu(lambda: HTML(string=html).write_pdf(pdf_tags=True))
        for _ in range(RENDERS)
    ]
    return Figure("first PDF of an 8-line invoice, CPU ÷ bare WeasyPrint", statistics.median(ratios[2:]), 1.1, False)


def _cpu(function: Callable[[], object]) -> float:
    start = time.process_time()
    function()
    return time.process_time() - start


def _stored(store: Store, folder: Path, secret: str) -> str:
    """Put a document of 60 kB where the portal keeps the one of the hot customer's first invoice."""
    fingerprint = "ab" * 28 + RENDERER
    stores.opened(str(folder / "documents")).write(fingerprint, DOCUMENT)
    with store.database.writing(store.scope) as db:
        invoice = db.query(Invoice).filter(Invoice.customer_id == store.hot).limit(1).one()
        db.add(StoredDocument(id=invoice.id, created=clock.now(), revision=invoice.revision, fingerprint=fingerprint))
    return DocumentLinks("", [secret]).document("invoice_pdf", store.scope.tenant_id, invoice.id)
