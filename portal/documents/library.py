"""The PDFs of a portal: finds the stored PDF of a document, and renders it when the document has changed."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, cast

from sqlalchemy import ColumnElement, Connection, Select, Table, bindparam, select
from sqlalchemy.orm import Session

from portal import clock
from portal.db import Database, Scope, find_row
from portal.documents import build, read_or_render_pdf
from portal.documents.pool import Pool
from portal.documents.store import Store
from portal.documents.values import RENDERER_VERSION, Document, DocumentBase
from portal.errors import Conflict
from portal.models import Account, CreditNote, Invoice, Quote, StoredDocument, Tenant
from portal.recording import documents
from portal.wire.shape import Links

DocumentKind = Literal["invoice", "credit_note", "quote", "receipt"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StoredPdf:
    """A stored PDF that is still current, with the data that a link to it is checked by.

    `told` says that the merchant wants to be notified of downloads.
    """

    content: bytes
    number: str
    locale: str
    finalized_at: int
    due_date: int | None
    told: bool


@dataclass(frozen=True)
class Library:
    """Stores and renders documents. A second download of a document costs one query and one file."""

    database: Database
    links: Links
    store: Store
    pool: Pool

    def pdf(self, scope: Scope, kind: DocumentKind, id: str) -> bytes:
        """The PDF of a finalized invoice or quote, of an issued credit note, or of a paid invoice's receipt.

        Raises `ResourceMissing` for an unknown id and for a receipt that does not exist, `Unavailable` when it can't be
        rendered now.
        """
        with self.database.reading(scope) as db:
            kept = self.find_stored_pdf(db.connection(), kind, scope.tenant_id, id)
            if kept:
                return kept.content
            document, revision = self._build_document(db, kind, id)
        content = read_or_render_pdf(document, store=self.store, pool=self.pool)
        self._record_rendering(scope, _stored_id(kind, id), revision, document.fingerprint())
        return content

    def pdf_of_value(self, paper: DocumentBase) -> bytes:
        """The PDF of a document value without a row of its own, as a statement. Raises `Unavailable` as `pdf` does."""
        return read_or_render_pdf(paper, store=self.store, pool=self.pool)

    def queue_renderings(self, scope: Scope, wanted: Iterable[tuple[DocumentKind, str]]) -> None:
        """Queue documents, each by kind and id, for the worker; it renders these before all others."""
        rows = [{"id": _stored_id(kind, id), "kind": kind} for kind, id in wanted]
        if rows:
            with self.database.writing(scope) as db:
                documents.request_rendering(db.connection(), scope.tenant_id, rows, made_at=clock.now(), wanted_at=0)

    def find_stored_pdf(self, connection: Connection, kind: DocumentKind, tenant_id: int, id: str) -> StoredPdf | None:
        """The stored PDF, if the document is unchanged since it was rendered; one query and one file."""
        values = {"tenant_id": tenant_id, "id": id, "stored": _stored_id(kind, id)}
        row = connection.execute(_STORED_PDF_QUERIES[kind], values).first()
        content = self.read_pdf(row.fingerprint) if row and row.fingerprint.endswith(RENDERER_VERSION) else None
        if row is None or content is None:
            return None
        locale = (row.buyer or {}).get("locale") or "en"
        return StoredPdf(content, row.number, locale, row.finalized_at, row.due_date, bool(row.told))

    def read_pdf(self, fingerprint: str) -> bytes | None:
        """The stored PDF with this fingerprint; None when there is none or the store fails."""
        try:
            return self.store.read(fingerprint)
        except OSError:
            log.warning("cannot read stored documents", exc_info=True)
            return None

    def _build_document(self, db: Session, kind: DocumentKind, id: str) -> tuple[Document, int]:
        if kind == "credit_note":
            note = find_row(db, CreditNote, id, noun="credit note")
            return build.credit_note(db, note), note.revision
        if kind == "quote":
            quote = find_row(db, Quote, id, noun="quote")
            return build.quote(db, quote), quote.revision
        invoice = find_row(db, Invoice, id, noun="invoice")
        if kind == "receipt":
            return build.receipt(db, invoice), invoice.revision
        url = self.links.document("invoice", invoice.tenant_id, id) if invoice.status == "open" else None
        return build.invoice(db, invoice, url), invoice.revision

    def _record_rendering(self, scope: Scope, id: str, revision: int, fingerprint: str) -> None:
        """Record which revision was rendered, so that the next download finds the file."""
        try:
            with self.database.writing(scope) as db:
                known = db.get(StoredDocument, (scope.tenant_id, id), with_for_update=True)
                if known is None:
                    db.add(StoredDocument(id=id, created=clock.now(), revision=revision, fingerprint=fingerprint))
                else:
                    known.revision, known.fingerprint = revision, fingerprint
        except Conflict:
            # a twin has just noted the same document
            log.info("document %s was rendered twice at once", id)


def _stored_id(kind: DocumentKind, id: str) -> str:
    """The id of the stored document; a receipt has its invoice's id with a prefix."""
    return f"receipt:{id}" if kind == "receipt" else id


_DOCUMENTS, _INVOICES, _CREDIT_NOTES, _QUOTES, _TENANTS, _ACCOUNTS = (
    cast(Table, model.__table__) for model in (StoredDocument, Invoice, CreditNote, Quote, Tenant, Account)
)
_NOTIFIES_DOWNLOADS = _ACCOUNTS.c.settings[("portal", "events", "documents")].as_boolean().label("told")
_BY_STORED_ID = (_DOCUMENTS.c.tenant_id == bindparam("tenant_id"), _DOCUMENTS.c.id == bindparam("stored"))


def _same_revision(table: Table) -> ColumnElement[bool]:
    mine = (_DOCUMENTS.c.tenant_id == table.c.tenant_id) & (_DOCUMENTS.c.id == table.c.id)
    return mine & (_DOCUMENTS.c.revision == table.c.revision)


_RENDERING_QUERIES: dict[DocumentKind, Select[Any]] = {
    "invoice": select(
        _DOCUMENTS.c.fingerprint, _INVOICES.c.number, _INVOICES.c.buyer, _INVOICES.c.finalized_at, _INVOICES.c.due_date
    )
    .join(_INVOICES, _same_revision(_INVOICES))
    .where(*_BY_STORED_ID),
    "receipt": select(
        _DOCUMENTS.c.fingerprint,
        ("R-" + _INVOICES.c.number).label("number"),
        _INVOICES.c.buyer,
        _INVOICES.c.finalized_at,
        _INVOICES.c.due_date,
    )
    .join(
        _INVOICES, (_DOCUMENTS.c.tenant_id == _INVOICES.c.tenant_id) & (_DOCUMENTS.c.revision == _INVOICES.c.revision)
    )
    .where(*_BY_STORED_ID, _INVOICES.c.id == bindparam("id")),
    "credit_note": select(
        _DOCUMENTS.c.fingerprint,
        _CREDIT_NOTES.c.number,
        _CREDIT_NOTES.c.buyer,
        _INVOICES.c.finalized_at,
        _INVOICES.c.due_date,
    )
    .join(_CREDIT_NOTES, _same_revision(_CREDIT_NOTES))
    .join(
        _INVOICES, (_INVOICES.c.tenant_id == _CREDIT_NOTES.c.tenant_id) & (_INVOICES.c.id == _CREDIT_NOTES.c.invoice_id)
    )
    .where(*_BY_STORED_ID),
    "quote": select(
        _DOCUMENTS.c.fingerprint,
        _QUOTES.c.number,
        _QUOTES.c.buyer,
        _QUOTES.c.finalized_at,
        _QUOTES.c.expires_at.label("due_date"),
    )
    .join(_QUOTES, _same_revision(_QUOTES))
    .where(*_BY_STORED_ID),
}
_STORED_PDF_QUERIES = {
    kind: found.add_columns(_NOTIFIES_DOWNLOADS)
    .join(_TENANTS, _TENANTS.c.id == _DOCUMENTS.c.tenant_id)
    .join(_ACCOUNTS, _ACCOUNTS.c.id == _TENANTS.c.account_id)
    for kind, found in _RENDERING_QUERIES.items()
}
