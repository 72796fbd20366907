"""The source of each kind of document that is made of one row: its model, how it is built, and how it is dated.

`portal/rules/document_kinds.py` declares the kinds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func
from sqlalchemy.orm import Session

from portal.db import find_row
from portal.documents import build, build_quotes
from portal.documents.values import Document
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


def invoice_of_row(db: Session, row: Invoice | CreditNote) -> Invoice:
    """The invoice that a credit note corrects; an invoice itself."""
    return row if isinstance(row, Invoice) else find_row(db, Invoice, row.invoice_id, noun="invoice")


def link_dates_of(db: Session, row: Source) -> tuple[int, int | None]:
    """By which days links to a document are dated: its finalization, and when it is due or expires."""
    if isinstance(row, Quote):
        return row.finalized_at or row.created, row.expires_at
    invoice = invoice_of_row(db, row)
    return invoice.finalized_at or invoice.created, invoice.due_date


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
