"""Checks a merchant's own templates by rendering sample documents with them.

Imports WeasyPrint, so only rendering processes may import this module.
"""

import hashlib
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import weasyprint
from weasyprint.text.fonts import FontConfiguration

from portal.documents import render, samples, sandbox
from portal.documents.designs import STYLE, Complaint, Design
from portal.documents.values import DocumentBase
from portal.rules.document_kinds import KindName

_IMAGE_WITHOUT_WORDS = re.compile(
    r"<img\b(?![^>]*\b(?:alt=|aria-label=|aria-hidden=|role=[\"']?(?:none|presentation)))", re.IGNORECASE
)
_NO_WORDS = "an image has no alt text, so the document's title is read out for it; alt='' is for decoration"
_POSITION = re.compile(r" at (\d+):\d+")
_LOAD_FAILURE = re.compile(r"Failed to load [a-z -]+ at '([^']*)'")


def find_complaints(files: Mapping[str, bytes], kind: KindName) -> list[Complaint]:
    """What is wrong with the templates of a kind, without duplicates; empty when all sample documents render well."""
    design = Design(hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest(), tuple(files.items()))
    found = [*_style_complaints(design), *_image_complaints(files)]
    for document in samples.trial_documents(kind):
        found += _rendering_complaints(design, replace(document, own=design))
        if any(each.fatal for each in found):
            break
    return list(dict.fromkeys(found))


def _style_complaints(design: Design) -> Iterable[Complaint]:
    """Rules that WeasyPrint ignores in the style sheet; they do no harm, but the author should know."""
    style = design.file(STYLE)
    if style is None:
        return
    with _capture_warnings() as messages:
        fetcher = sandbox.DesignFetcher(design)
        options = {"font_config": FontConfiguration(), "url_fetcher": fetcher, "base_url": sandbox.BASE_URL}
        weasyprint.CSS(string=style.decode(), **options)
    for message in messages:
        place = _POSITION.search(message)
        if place:
            yield Complaint(STYLE, int(place[1]), _POSITION.sub("", message), fatal=False)


def _image_complaints(files: Mapping[str, bytes]) -> Iterable[Complaint]:
    for name, content in files.items():
        if name.endswith(".html"):
            text = content.decode()
            for found in _IMAGE_WITHOUT_WORDS.finditer(text):
                line = text.count("\n", 0, found.start()) + 1
                yield Complaint(name, line, _NO_WORDS)


def _rendering_complaints(design: Design, document: DocumentBase) -> list[Complaint]:
    with _capture_warnings() as messages:
        try:
            render.pdf(document)
        except MemoryError:
            raise
        except Exception as error:
            file, line = sandbox.locate_error(error, frozenset(name for name, _ in design.files))
            return [Complaint(file or f"{document.kind}.html", line, f"{type(error).__name__}: {error}")]
    urls = [found[1] for message in messages if (found := _LOAD_FAILURE.search(message))]
    return [_missing_file_complaint(design, url) for url in urls]


def _missing_file_complaint(design: Design, url: str) -> Complaint:
    """The complaint about a missing file or an outside address, at the place that names it first."""
    name = url.removeprefix(sandbox.BASE_URL)
    words = f"'{name}' is none of the folder's files; nothing is loaded from elsewhere"
    for file, content in design.files:
        if file.endswith((".html", ".css")) and name in (text := content.decode()):
            return Complaint(file, text.count("\n", 0, text.index(name)) + 1, words)
    return Complaint(None, None, words)


@contextmanager
def _capture_warnings() -> Iterator[list[str]]:
    """Collects the warnings that WeasyPrint logs inside the `with` block."""
    messages: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: messages.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("weasyprint")
    logger.addHandler(handler)
    try:
        yield messages
    finally:
        logger.removeHandler(handler)
