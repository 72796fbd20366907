"""Tries a merchant's own templates with made-up documents. Imports WeasyPrint: only rendering processes do so."""

from __future__ import annotations

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
from portal.documents.values import Paper

_IMAGE = re.compile(r"<img\b(?![^>]*\balt=)", re.IGNORECASE)
_AT = re.compile(r" at (\d+):\d+")
_NOT_LOADED = re.compile(r"Failed to load [a-z -]+ at '([^']*)'")


def complaints(files: Mapping[str, bytes], kind: str) -> list[Complaint]:
    """What is wrong with the templates of a kind, each thing once; empty where documents come out right."""
    design = Design(hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest(), tuple(files.items()))
    found = [*_of_style(design), *_of_images(files)]
    for document in samples.tried(kind):
        found += _of_document(design, replace(document, own=design))
        if any(each.fatal for each in found):
            break
    return list(dict.fromkeys(found))


def _of_style(design: Design) -> Iterable[Complaint]:
    """Rules that the style sheet is read without; they spoil nothing, but whoever wrote them should know."""
    style = design.file(STYLE)
    if style is None:
        return
    with _told() as messages:
        fetcher = sandbox.OwnFiles(design)
        options = {"font_config": FontConfiguration(), "url_fetcher": fetcher, "base_url": sandbox.BASE_URL}
        weasyprint.CSS(string=style.decode(), **options)
    for message in messages:
        place = _AT.search(message)
        if place:
            yield Complaint(STYLE, int(place[1]), _AT.sub("", message), fatal=False)


def _of_images(files: Mapping[str, bytes]) -> Iterable[Complaint]:
    for name, content in files.items():
        if name.endswith(".html"):
            text = content.decode()
            for found in _IMAGE.finditer(text):
                line = text.count("\n", 0, found.start()) + 1
                yield Complaint(name, line, "an image has no alt text, so those who can't see it learn nothing of it")


def _of_document(design: Design, document: Paper) -> list[Complaint]:
    with _told() as messages:
        try:
            render.pdf(document)
        except MemoryError:
            raise
        except Exception as error:
            file, line = sandbox.place(error, frozenset(name for name, _ in design.files))
            return [Complaint(file or f"{document.kind}.html", line, f"{type(error).__name__}: {error}")]
    urls = [found[1] for message in messages if (found := _NOT_LOADED.search(message))]
    return [_missing(design, url) for url in urls]


def _missing(design: Design, url: str) -> Complaint:
    """A file that was asked for and is not there, or an address outside; told where it is first named."""
    name = url.removeprefix(sandbox.BASE_URL)
    words = f"'{name}' is none of the folder's files; nothing is loaded from elsewhere"
    for file, content in design.files:
        if file.endswith((".html", ".css")) and name in (text := content.decode()):
            return Complaint(file, text.count("\n", 0, text.index(name)) + 1, words)
    return Complaint(None, None, words)


@contextmanager
def _told() -> Iterator[list[str]]:
    """The warnings of WeasyPrint meanwhile."""
    messages: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: messages.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("weasyprint")
    logger.addHandler(handler)
    try:
        yield messages
    finally:
        logger.removeHandler(handler)
