"""Documents: a stored one over HTTP against the same bytes from memory, a first one against bare WeasyPrint."""

from __future__ import annotations

import gc
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import FileSystemLoader

from bench.data import Store
from bench.figures import Figure, interleaved_ratio
from bench.hello import DOCUMENT
from bench.load import wrk
from bench.servers import TOP, Server
from portal import clock, i18n
from portal.documents import store as document_store
from portal.documents.values import RENDERER_VERSION, Document
from portal.models import Invoice, StoredDocument
from portal.objects.links import DocumentLinks
from tests.documents import samples
from tests.documents.test_factur_x import XML

if TYPE_CHECKING:
    from portal.documents.pool import Pool

RENDERS = 22
#: Documents that processes render before they are looked at, and then.
WARM, MANY = 100, 1_000


def figures(hello: Server, portal: Server, store: Store, folder: Path, secret: str) -> Iterator[Figure]:
    """Requests per second of a stored 60 kB document."""
    url = portal.url + _stored(store, folder, secret)
    ratio = interleaved_ratio(lambda: wrk(url).per_second, lambda: wrk(f"{hello.url}/document").per_second)
    yield Figure("stored 60 kB PDF ÷ the same bytes from memory", ratio, 0.6, at_least=True)


def first_pdf() -> Figure:
    """Processor time of a first PDF, from value to bytes, against bare WeasyPrint on the same HTML."""
    from weasyprint import HTML

    from portal.documents import render

    document = samples.second(samples.invoice(8))
    style = (TOP / "templates" / "documents" / "_v2.css").read_text()
    html = render.html(document).replace("</head>", f"<style>@page{{size:A4}}{style}</style></head>")
    ratio = _ratio(partial(render.pdf, document), lambda: HTML(string=html).write_pdf(pdf_tags=True))
    return Figure("first PDF of an 8-line invoice, CPU ÷ bare WeasyPrint", ratio, 1.1, at_least=False)


def standards() -> Iterator[Figure]:
    """What PDF/A-3a, PDF/UA-1 and the e-invoice inside cost in processor time, and the size of eight lines."""
    from portal.documents import render

    document = samples.second(samples.invoice(8, e_invoice=XML.decode()))
    made = partial(render.pdf, document)
    yield Figure("all standards, CPU ÷ plain PDF", _ratio(made, partial(_plain, document)), 1.15, at_least=False)
    yield Figure("the same, CPU ÷ a naive template", _ratio(made, partial(_naive, document)), 0.6, at_least=False)
    yield Figure("8 lines with all standards, kB", len(made()) / 1000, 40, at_least=False)


def in_processes() -> Iterator[Figure]:
    """How many documents two processes render in a second, and by how much the larger one grows over 500 of each."""
    from portal.documents.pool import Pool

    pool = Pool(workers=2)
    with ThreadPoolExecutor(4) as threads:
        _rendered(pool, threads, WARM)
        before, began = _held(), time.perf_counter()
        held = [_rendered(pool, threads, WARM) for _ in range(MANY // WARM)]
        rate = MANY / (time.perf_counter() - began)
    pool.close()
    yield Figure("documents rendered per second by two processes", rate, 8.8, at_least=True, unit="/s")
    yield Figure("growth of their memory over 1,000 documents", 100 * (max(held) / before - 1), 20, False, unit="%")


def _rendered(pool: Pool, threads: ThreadPoolExecutor, count: int) -> float:
    """Render so many; the bytes that the larger of the processes holds afterwards."""
    for _ in threads.map(pool.render, [samples.second(samples.invoice(8))] * count):
        pass
    return _held()


def _held() -> float:
    statuses = (Path(f"/proc/{each.pid}/statm").read_text() for each in multiprocessing.active_children())
    return float(max(int(status.split()[1]) for status in statuses))


def _naive(document: Document) -> None:
    """The same words in the same standards, as one writes them first: flexbox in flexbox, all read anew each time."""
    from weasyprint import HTML
    from weasyprint.text.fonts import FontConfiguration

    from portal.documents import archival, render

    environment = render._template_environment().overlay(loader=FileSystemLoader(Path(__file__).parent))
    words = {"translations": render._load_translations("en"), "lang": i18n.html_lang(document.locale), "dir": "ltr"}
    page = environment.get_template("naive.html").render(document=document, **words)
    options = {"pdf_variant": archival.PDF_VARIANT, "finisher": archival.repair, "font_config": FontConfiguration()}
    HTML(string=page).write_pdf(**options)


def _ratio(measured: Callable[[], object], yardstick: Callable[[], object]) -> float:
    """The median of ratios of processor time, after two that warm up."""
    return statistics.median([_cpu(measured) / _cpu(yardstick) for _ in range(RENDERS)][2:])


def _plain(document: Document) -> None:
    """The same page with the same style, neither tagged nor archival."""
    from weasyprint import HTML

    from portal.documents import render

    own = render._look_sheet(document.brand_color, document.page_size, document.locale)
    sheets = [render._built_in_sheet(document.version), own]
    HTML(string=render.html(document)).write_pdf(stylesheets=sheets, font_config=render._shared_fonts(), dpi=render.DPI)


def _cpu(function: Callable[[], object]) -> float:
    """Processor seconds of one call. What earlier ones left is cleared away first, else every fifth pays for all."""
    gc.collect()
    start = time.process_time()
    function()
    return time.process_time() - start


def _stored(store: Store, folder: Path, secret: str) -> str:
    """Put a document of 60 kB where the portal keeps the one of the hot customer's first invoice."""
    fingerprint = "ab" * 28 + RENDERER_VERSION
    document_store.open_store(str(folder / "documents")).write(fingerprint, DOCUMENT)
    with store.database.writing(store.scope) as db:
        invoice = db.query(Invoice).filter(Invoice.customer_id == store.hot).limit(1).one()
        db.add(StoredDocument(id=invoice.id, created=clock.now(), revision=invoice.revision, fingerprint=fingerprint))
    return DocumentLinks("", [secret]).document("invoice_pdf", store.scope.tenant_id, invoice.id)
