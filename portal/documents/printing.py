"""Builds the document value that a PDF is rendered from."""

from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from portal.documents import letterhead
from portal.documents.frozen_design import find_design
from portal.documents.kinds import SOURCES, invoice_of_row
from portal.documents.values import Document, InvoiceDocument
from portal.models import Quote
from portal.rules.document_kinds import KindName


def build_for_print(db: Session, kind: KindName, row: Any, url: str | None = None) -> Document:
    """The document with all that only its PDF has: logo, the merchant's templates, and the e-invoice inside.

    `url` is where an invoice can be seen online, if it can. Raises `ResourceMissing` for a receipt that does not exist.
    """
    document = SOURCES[kind].build(db, row)
    if isinstance(document, InvoiceDocument):
        document = replace(document, hosted_invoice_url=url)
    logo, own = letterhead.logo_url(db, row.seller or {}), find_design(db, _frozen_rendering(db, row))
    return replace(document, logo=logo, own=own)


def _frozen_rendering(db: Session, row: Any) -> dict[str, Any] | None:
    return (row.seller or {}).get("rendering") if isinstance(row, Quote) else invoice_of_row(db, row).rendering
