"""The source of each kind of document that is made of one row: its model, how it is built, and how it is dated.

`portal/rules/document_kinds.py` declares the kinds.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func
from sqlalchemy.orm import Session

from portal.db import find_row
from portal.documents import build, build_quotes, letterhead
from portal.documents.frozen_design import find_design
from portal.documents.values import Document, InvoiceDocument
from portal.documents.xml import offers
from portal.models import CreditNote, Invoice, Quote
from portal.rules import receipts
from portal.rules.document_kinds import KindName

#: A row that documents are made of.
Source = Invoice | CreditNote | Quote


@dataclass(frozen=True)
class DocumentSource:
    """How a kind of document is made of a row of `model`.

    `build` gives what the document says, `number` its number, or None where the row has no such document;
    `number_column` is the number in SQL. `link_dates` are the columns that links to it are dated by: the moment of
    finalization and the due date, of the row or of the invoice that it corrects.
    """

    model: type[Source]
    noun: str
    build: Callable[[Session, Any], Document]
    number: Callable[[Any], str | None]
    number_column: Any
    link_dates: tuple[Any, Any] = (Invoice.finalized_at, Invoice.due_date)

    def find(self, db: Session, id: str) -> Any:
        """The row. Raises `ResourceMissing`."""
        return find_row(db, self.model, id, noun=self.noun)


def build_for_print(db: Session, kind: KindName, row: Any, url: str | None = None) -> Document:
    """The document with all that only its PDF has: logo, the merchant's templates, and the e-invoice inside.

    `url` is where an invoice can be seen online, if it can. Raises `ResourceMissing` for a receipt that does not exist.
    """
    document = SOURCES[kind].build(db, row)
    if isinstance(document, InvoiceDocument):
        document = replace(document, hosted_invoice_url=url)
    logo, own = letterhead.logo_url(db, row.seller or {}), find_design(db, _frozen_rendering(db, row))
    return replace(document, logo=logo, own=own)


def invoice_of_row(db: Session, row: Invoice | CreditNote) -> Invoice:
    """The invoice that a credit note corrects; an invoice itself."""
    return row if isinstance(row, Invoice) else find_row(db, Invoice, row.invoice_id, noun="invoice")


def _frozen_rendering(db: Session, row: Any) -> dict[str, Any] | None:
    return (row.seller or {}).get("rendering") if isinstance(row, Quote) else invoice_of_row(db, row).rendering


SOURCES: dict[KindName, DocumentSource] = {
    "invoice": DocumentSource(Invoice, "invoice", offers.build_with_xml, lambda row: row.number or "", Invoice.number),
    "credit_note": DocumentSource(
        CreditNote, "credit note", offers.build_with_xml, lambda row: row.number, CreditNote.number
    ),
    "quote": DocumentSource(
        Quote, "quote", build_quotes.quote, lambda row: row.number, Quote.number, (Quote.finalized_at, Quote.expires_at)
    ),
    "receipt": DocumentSource(
        Invoice,
        "invoice",
        build.receipt,
        build.receipt_number,
        func.coalesce(Invoice.receipt_number, receipts.PREFIX + Invoice.number),
    ),
}
