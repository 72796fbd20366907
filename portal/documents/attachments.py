"""The files attached to a document's PDF: its e-invoice, and a CSV of all lines or entries when not all are printed."""

from collections.abc import Iterator
from datetime import UTC, datetime, time

import weasyprint

from portal.documents import factur_x, line_csv, statements
from portal.documents.statements import StatementDocument
from portal.documents.values import MAX_LISTED_LINES, Document, DocumentBase


def build_attachments(document: DocumentBase) -> list[weasyprint.Attachment]:
    """The attachments, dated as the document is, so that the same document always gives the same bytes."""
    at = datetime.combine(document.effective_at, time(), UTC)
    return [
        weasyprint.Attachment(
            string=content, name=name, description=words, created=at, modified=at, relationship=relationship
        )
        for name, words, relationship, content in _files_to_attach(document)
    ]


def _files_to_attach(document: DocumentBase) -> Iterator[tuple[str, str, str, bytes]]:
    if isinstance(document, Document) and document.e_invoice is not None:
        yield factur_x.FILE_NAME, "E-invoice", "Alternative", document.e_invoice.encode()
    if isinstance(document, StatementDocument) and len(document.entries) > MAX_LISTED_LINES:
        yield statements.FILE_NAME, "All entries", "Data", statements.render_csv(document)
    if isinstance(document, Document) and len(document.lines) > MAX_LISTED_LINES:
        yield line_csv.FILE_NAME, "All lines", "Data", line_csv.render_csv(document)
