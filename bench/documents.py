"""Documents: a first one against bare WeasyPrint, what their standards cost, and many by two processes."""

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

from bench.figures import Figure
from bench.trees import TOP
from portal import i18n
from portal.documents.values import Document
from tests.documents import samples
from tests.documents.test_factur_x import XML

if TYPE_CHECKING:
    from portal.documents.pool import Pool

RENDERS = 22
#: Documents that processes render before they are looked at, and then.
WARM, MANY = 100, 1_000
FIRST = (Figure("documents: first PDF of an 8-line invoice, CPU ÷ bare WeasyPrint", goal=1.1),)
STANDARDS = (
    Figure("documents: all standards, CPU ÷ plain PDF", goal=1.15),
    Figure("documents: the same, CPU ÷ a naive template", goal=0.6),
    Figure("documents: 8 lines with all standards", "kB", goal=40),
)
PROCESSES = (
    Figure("documents: rendered per second by two processes", "/s", more=True, goal=8.8),
    Figure("documents: growth of their memory over 1,000", "%", goal=20),
)


def figures(only: str) -> Iterator[tuple[Figure, float]]:
    """The figures whose names have the words `only`, or all: each is a ratio inside this tree."""
    for names, measured in ((FIRST, first_pdf), (STANDARDS, standards), (PROCESSES, in_processes)):
        if any(only in figure.name for figure in names):
            yield from zip(names, measured(), strict=True)


def first_pdf() -> Iterator[float]:
    """Processor time of a first PDF, from value to bytes, against bare WeasyPrint on the same HTML."""
    from weasyprint import HTML

    from portal.documents import render

    document = samples.second(samples.invoice(8))
    style = (TOP / "templates" / "documents" / "_v2.css").read_text()
    html = render.html(document).replace("</head>", f"<style>@page{{size:A4}}{style}</style></head>")
    yield _ratio(partial(render.pdf, document), lambda: HTML(string=html).write_pdf(pdf_tags=True))


def standards() -> Iterator[float]:
    """What PDF/A-3a, PDF/UA-1 and the e-invoice inside cost in processor time, and the size of eight lines."""
    from portal.documents import render

    document = samples.second(samples.invoice(8, e_invoice=XML.decode()))
    made = partial(render.pdf, document)
    yield _ratio(made, partial(_plain, document))
    yield _ratio(made, partial(_naive, document))
    yield len(made()) / 1000


def in_processes() -> Iterator[float]:
    """How many documents two processes render in a second, and by how much the larger one grows over 500 of each."""
    from portal.documents.pool import Pool

    pool = Pool(workers=2)
    with ThreadPoolExecutor(4) as threads:
        _rendered(pool, threads, WARM)
        before, began = _held(), time.perf_counter()
        held = [_rendered(pool, threads, WARM) for _ in range(MANY // WARM)]
        rate = MANY / (time.perf_counter() - began)
    pool.close()
    yield rate
    yield 100 * (max(held) / before - 1)


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
