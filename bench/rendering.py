"""Rendering: its processor time against plainer ways, what it holds and how many it makes. Needs no server."""

from __future__ import annotations

import gc
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import FileSystemLoader
from weasyprint import HTML
from weasyprint.text.fonts import FontConfiguration

from bench.servers import TOP
from portal import i18n
from portal.documents import archival, render
from portal.documents.pool import Pool
from portal.documents.values import InvoiceDocument
from tests.documents import samples
from tests.documents.test_factur_x import XML

if TYPE_CHECKING:
    from bench.__main__ import Figure

#: Turns that each of two ways has, and how many renderings a turn is.
ROUNDS, IN_A_ROW = 7, 10
#: Renderings whose memory is looked at; processes are replaced meanwhile as ever.
RENDERINGS, SETTLED = 500, 10
#: Renderings that two processes share.
SHARED = 80


def figures() -> Iterator[Figure]:
    """Of an invoice with eight lines and its e-invoice, which claims every standard there is a claim for."""
    from bench.__main__ import Figure

    document = samples.invoice(8, e_invoice=XML.decode())
    render.pdf(document)
    made = lambda: render.pdf(document)  # noqa: E731
    yield Figure("warm rendering, CPU ÷ that of a naive template", _ratio(made, lambda: _naive(document)), 0.6, False)
    yield Figure(
        "all standards, CPU ÷ plain PDF of the same template", _ratio(made, lambda: _plain(document)), 1.15, False
    )
    yield Figure("first PDF, CPU ÷ bare WeasyPrint on the same HTML", _ratio(made, lambda: _bare(document)), 1.1, False)
    yield Figure("8 lines with all standards", len(render.pdf(samples.invoice(8))) / 1000, 40, False, "kB")
    yield Figure("the same with its e-invoice", len(made()) / 1000, 40, False, "kB")
    yield Figure("renderings by two processes", _per_second(document), 8, True, "/s")
    yield Figure("memory of a process over 500 renderings, most ÷ first", _growth(document), 1.2, False)


def _ratio(measured: Callable[[], object], yardstick: Callable[[], object]) -> float:
    """Of processor times, in turns. Several in a row, as else one would collect the garbage that the other leaves."""
    gc.collect()
    gc.freeze()  # as the rendering processes do
    ratios = [_cpu(measured) / _cpu(yardstick) for _ in range(ROUNDS + 1)]
    return statistics.median(ratios[1:])


def _cpu(function: Callable[[], object]) -> float:
    start = time.process_time()
    for _ in range(IN_A_ROW):
        function()
    return time.process_time() - start


def _plain(document: InvoiceDocument) -> bytes:
    """The same page with the same style, neither tagged nor archival."""
    own = render._own_sheet(document.brand_color, document.page_size, document.locale)
    sheets = [render._shared_sheet(document.version), own]
    options = {"stylesheets": sheets, "font_config": render._fonts(), "dpi": render.DPI}
    return HTML(string=render.html(document)).write_pdf(**options)


def _bare(document: InvoiceDocument) -> bytes:
    style = (TOP / "templates" / "documents" / "_v1.css").read_text()
    html = render.html(document).replace("</head>", f"<style>@page{{size:A4}}{style}</style></head>")
    return HTML(string=html).write_pdf(pdf_tags=True)


def _naive(document: InvoiceDocument) -> bytes:
    """Flexbox in flexbox; template, style and fonts are read each time; the same standards in the file."""
    environment = render._environment().overlay(loader=FileSystemLoader(Path(__file__).parent))
    page = environment.get_template("naive.html").render(
        document=document, translations=render._translations("en"), lang=i18n.html_lang(document.locale), dir="ltr"
    )
    options = {"pdf_variant": archival.VARIANT, "finisher": archival.repair, "font_config": FontConfiguration()}
    return HTML(string=page).write_pdf(**options)


def _per_second(document: InvoiceDocument) -> float:
    pool = Pool(workers=2)
    try:
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(pool.render, [document] * 8))
            start = time.monotonic()
            list(threads.map(pool.render, [document] * SHARED))
            return SHARED / (time.monotonic() - start)
    finally:
        pool.close()


def _growth(document: InvoiceDocument) -> float:
    """The most that one process holds for itself at any time, by what it holds when it has just settled."""
    pool = Pool()
    try:
        held = []
        for _ in range(RENDERINGS):
            pool.render(document)
            held.append(_held())
        return max(held) / held[SETTLED]
    finally:
        pool.close()


def _held() -> int:
    """Proportional set size of the rendering process, in kB; none where it is being replaced just now."""
    sizes = [0]
    for child in multiprocessing.active_children():
        try:
            text = Path(f"/proc/{child.pid}/smaps_rollup").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        sizes.append(sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")))
    return max(sizes)
