"""The files inside a document's PDF: its e-invoice, and its lines or entries where it does not list them all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time

import weasyprint

from portal.documents import factur_x, listing, statements
from portal.documents.statements import StatementDocument
from portal.documents.values import LISTED_LINES, Document, Paper


def files(document: Paper) -> list[weasyprint.Attachment]:
    """What to attach, dated as the document is, so that the same document is the same bytes."""
    at = datetime.combine(document.effective_at, time(), UTC)
    return [
        weasyprint.Attachment(
            string=content, name=name, description=words, created=at, modified=at, relationship=relationship
        )
        for name, words, relationship, content in _found(document)
    ]


def _found(document: Paper) -> Iterator[tuple[str, str, str, bytes]]:
    if isinstance(document, Document) and document.e_invoice is not None:
        yield factur_x.NAME, "E-invoice", "Alternative", document.e_invoice.encode()
    if isinstance(document, StatementDocument) and len(document.entries) > LISTED_LINES:
        yield statements.NAME, "All entries", "Data", statements.table(document)
    if isinstance(document, Document) and len(document.lines) > LISTED_LINES:
        yield listing.NAME, "All lines", "Data", listing.table(document)
