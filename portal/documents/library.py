"""The PDFs of a portal: found by what was rendered last, rendered when something changed since."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Literal, cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from portal import clock
from portal.db import Database, Scope, find
from portal.documents import build, pdf
from portal.documents.pool import Pool
from portal.documents.store import Store
from portal.documents.values import Document
from portal.models import CreditNote, Invoice, StoredDocument
from portal.wire.shape import Links

Kind = Literal["invoice", "credit_note"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Library:
    """Where documents are kept and made. A second download of a document is one query and one file."""

    database: Database
    links: Links
    store: Store
    pool: Pool

    def pdf(self, scope: Scope, kind: Kind, id: str) -> bytes:
        """The PDF of a finalized invoice or an issued credit note.

        Raises `ResourceMissing` for an unknown id, `Unavailable` when it can't be rendered now.
        """
        with self.database.reading(scope) as db:
            row = db.execute(_LAST_RENDERED[kind], {"tenant_id": scope.tenant_id, "id": id}).first()
            kept = self._kept(row.fingerprint) if row and row.fingerprint else None
            if kept:
                return kept
            document, revision = self._document(db, kind, id)
        content = pdf(document, store=self.store, pool=self.pool)
        self._note(scope, id, revision, document.fingerprint())
        return content

    def _kept(self, fingerprint: str) -> bytes | None:
        try:
            return self.store.read(fingerprint)
        except OSError:
            log.warning("cannot read stored documents", exc_info=True)
            return None

    def _document(self, db: Session, kind: Kind, id: str) -> tuple[Document, int]:
        if kind == "credit_note":
            note = find(db, CreditNote, id, noun="credit note")
            return build.credit_note(db, note), note.revision
        invoice = find(db, Invoice, id, noun="invoice")
        url = self.links.document("invoice", invoice.tenant_id, id) if invoice.status == "open" else None
        return build.invoice(db, invoice, url), invoice.revision

    def _note(self, scope: Scope, id: str, revision: int, fingerprint: str) -> None:
        """Remember what was rendered of which revision, so that the next click finds the file."""
        with self.database.writing(scope) as db:
            known = db.get(StoredDocument, (scope.tenant_id, id), with_for_update=True)
            if known is None:
                db.add(StoredDocument(id=id, created=clock.now(), revision=revision, fingerprint=fingerprint))
            else:
                known.revision, known.fingerprint = revision, fingerprint


def _last_rendered(model: Any) -> Any:
    table, documents = cast(Table, model.__table__), cast(Table, StoredDocument.__table__)
    same = (documents.c.tenant_id == table.c.tenant_id) & (documents.c.id == table.c.id)
    return (
        select(documents.c.fingerprint)
        .join(table, same & (documents.c.revision == table.c.revision))
        .where(documents.c.tenant_id == bindparam("tenant_id"), documents.c.id == bindparam("id"))
    )


_LAST_RENDERED = {"invoice": _last_rendered(Invoice), "credit_note": _last_rendered(CreditNote)}
