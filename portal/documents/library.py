"""The PDFs of a portal: finds the stored PDF of a document, and renders it when the document has changed."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from portal import clock
from portal.db import Database, Scope, scope_of
from portal.documents.kinds import SOURCES, DocumentSource
from portal.documents.pool import Pool
from portal.documents.printing import build_for_print
from portal.documents.store import Store
from portal.documents.stored_rendering import read_or_render_pdf
from portal.documents.values import RENDERER_VERSION, Document, DocumentBase
from portal.documents.xml import kept, offers
from portal.errors import Conflict, Unavailable
from portal.hot_reads import HotStatement
from portal.models import Account, CreditNote, Invoice, StoredDocument, Tenant
from portal.recording import documents
from portal.rules.document_kinds import KindName, stored_id
from portal.wire.shape import Links

log = logging.getLogger(__name__)

_KINDS_WITH_XML = frozenset({"invoice", "credit_note"})


@dataclass(frozen=True)
class StoredPdf:
    """A stored PDF that is still current, with the data that a visit and a link to it are checked by.

    `told` says that the merchant wants to be notified of downloads. Drafts have no `number`.
    """

    content: bytes
    customer_id: str
    number: str | None
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

    def pdf(self, scope: Scope, kind: KindName, id: str) -> bytes:
        """The PDF of a finalized invoice or quote, of an issued credit note, or of a paid invoice's receipt.

        Raises `ResourceMissing` for an unknown id and for a receipt that does not exist, `Unavailable` when it can't be
        rendered now.
        """
        if stored := self.find_stored_pdf(kind, scope.tenant_id, id):
            return stored.content
        if kind in _KINDS_WITH_XML:
            self.e_invoices(scope, kind, id)
        with self.database.reading(scope) as db:
            document, revision = self._build_document(db, kind, id)
        content = read_or_render_pdf(document, store=self.store, pool=self.pool)
        self._record_rendering(scope, stored_id(kind, id), revision, document.fingerprint())
        return content

    def e_invoices(self, scope: Scope, kind: KindName, id: str) -> Mapping[str, str]:
        """The e-invoices of a finalized document by format, as they were first made; made now if they were not.

        None of a draft or a void document. What the database can't keep now is made once more by the next call. Raises
        `ResourceMissing`.
        """
        with self.database.reading(scope) as db:
            row = SOURCES[kind].find(db, id)
            if row.status in {"draft", "void"}:
                return {}
            known = kept.find_files(db, id)
            made = {} if set(offers.seller_formats(row.seller or {})) <= set(known) else offers.write_files(db, row)
        return self._keep_e_invoices(scope, kind, id, made) if set(made) - set(known) else known

    def pdf_of_value(self, paper: DocumentBase) -> bytes:
        """The PDF of a document value without a row of its own, as a statement. Raises `Unavailable` as `pdf` does."""
        return read_or_render_pdf(paper, store=self.store, pool=self.pool)

    def queue_renderings(self, scope: Scope, wanted: Iterable[tuple[KindName, str]]) -> None:
        """Queue documents, each by kind and id, for the worker; it renders these before all others."""
        rows = [{"id": stored_id(kind, id), "kind": kind} for kind, id in wanted]
        if rows:
            with self.database.writing(scope) as db:
                documents.request_rendering(db.connection(), scope.tenant_id, rows, made_at=clock.now(), wanted_at=0)

    def find_stored_pdf(self, kind: KindName, tenant_id: int, id: str) -> StoredPdf | None:
        """The stored PDF, if the document is unchanged since it was rendered; one query and one file."""
        values = {"tenant_id": tenant_id, "id": id, "stored": stored_id(kind, id)}
        row = self.database.hot.first(_STORED_PDF_QUERIES[kind], values)
        content = self.read_pdf(row.fingerprint) if row and row.fingerprint.endswith(RENDERER_VERSION) else None
        if row is None or content is None:
            return None
        number, told = None if row.status == "draft" else row.number, bool(row.told)
        return StoredPdf(content, row.customer_id, number, row.locale or "en", row.finalized_at, row.due_date, told)

    def read_pdf(self, fingerprint: str) -> bytes | None:
        """The stored PDF with this fingerprint; None when there is none or the store fails."""
        try:
            return self.store.read(fingerprint)
        except OSError:
            log.warning("cannot read stored documents", exc_info=True)
            return None

    def _build_document(self, db: Session, kind: KindName, id: str) -> tuple[Document, int]:
        row = SOURCES[kind].find(db, id)
        url = None
        if kind == "invoice" and row.status == "open":
            url = self.links.at(scope_of(db).host).document("invoice", row.tenant_id, id)
        return build_for_print(db, kind, row, url), row.revision

    def _keep_e_invoices(self, scope: Scope, kind: KindName, id: str, made: Mapping[str, str]) -> Mapping[str, str]:
        """Keep files unless a twin has; returns those that are kept."""
        try:
            with self.database.writing(scope) as db:
                return kept.keep_files(db, kind, id, made, now=clock.now())
        except Conflict:
            with self.database.reading(scope) as db:
                return kept.find_files(db, id)
        except Unavailable as error:
            log.warning("the e-invoices of %s are not kept: %s", id, error.message)
            return made

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
        except Unavailable as error:
            # it is there to be read, and the next download makes it once more
            log.warning("the rendering of %s is not recorded: %s", id, error.message)


_DOCUMENTS, _TENANTS, _ACCOUNTS = (cast(Table, model.__table__) for model in (StoredDocument, Tenant, Account))
_NOTIFIES_DOWNLOADS = _ACCOUNTS.c.settings[("portal", "events", "documents")].as_boolean().label("told")


def _select_stored_pdf(source: DocumentSource) -> HotStatement:
    """The rendering of a row's present revision; parameters `tenant_id`, `id` and `stored` (the id it is stored by)."""
    row, (finalized_at, due_date) = cast(Table, source.model.__table__), source.link_dates
    columns = (
        _DOCUMENTS.c.fingerprint,
        source.number_column.label("number"),
        row.c.customer_id,
        row.c.status,
        row.c.buyer["locale"].as_string().label("locale"),
        finalized_at.label("finalized_at"),
        due_date.label("due_date"),
        _NOTIFIES_DOWNLOADS,
    )
    rendered = _DOCUMENTS.join(
        row, (_DOCUMENTS.c.tenant_id == row.c.tenant_id) & (_DOCUMENTS.c.revision == row.c.revision)
    )
    if source.model is CreditNote:
        invoices = cast(Table, Invoice.__table__)
        rendered = rendered.join(
            invoices, (invoices.c.tenant_id == row.c.tenant_id) & (invoices.c.id == row.c.invoice_id)
        )
    rendered = rendered.join(_TENANTS, _TENANTS.c.id == _DOCUMENTS.c.tenant_id)
    rendered = rendered.join(_ACCOUNTS, _ACCOUNTS.c.id == _TENANTS.c.account_id)
    mine = (_DOCUMENTS.c.tenant_id == bindparam("tenant_id"), _DOCUMENTS.c.id == bindparam("stored"))
    return HotStatement(select(*columns).select_from(rendered).where(*mine, row.c.id == bindparam("id")))


_STORED_PDF_QUERIES = {kind: _select_stored_pdf(source) for kind, source in SOURCES.items()}
