"""The PDFs of a portal: found by what was rendered last, rendered when something changed since."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, cast

from sqlalchemy import ColumnElement, Connection, Select, Table, bindparam, select
from sqlalchemy.orm import Session

from portal import clock
from portal.db import Database, Scope, find
from portal.documents import build, pdf
from portal.documents.pool import Pool
from portal.documents.store import Store
from portal.documents.values import RENDERER, Document, Paper
from portal.errors import Conflict
from portal.models import Account, CreditNote, Invoice, Quote, StoredDocument, Tenant
from portal.recording import documents
from portal.wire.shape import Links

Kind = Literal["invoice", "credit_note", "quote", "receipt"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kept:
    """A document as it was rendered last and still is, with what a link to it is checked by.

    `told` says that the merchant wants to hear of downloads.
    """

    content: bytes
    number: str
    locale: str
    finalized_at: int
    due_date: int | None
    told: bool


@dataclass(frozen=True)
class Library:
    """Where documents are kept and made. A second download of a document is one query and one file."""

    database: Database
    links: Links
    store: Store
    pool: Pool

    def pdf(self, scope: Scope, kind: Kind, id: str) -> bytes:
        """The PDF of a finalized invoice or quote, of an issued credit note, or of a paid invoice's receipt.

        Raises `ResourceMissing` for an unknown id and a receipt not earned, `Unavailable` when it can't be
        rendered now.
        """
        with self.database.reading(scope) as db:
            kept = self.kept(db.connection(), kind, scope.tenant_id, id)
            if kept:
                return kept.content
            document, revision = self._document(db, kind, id)
        content = pdf(document, store=self.store, pool=self.pool)
        self._note(scope, _stored_as(kind, id), revision, document.fingerprint())
        return content

    def made(self, paper: Paper) -> bytes:
        """The PDF of what is no row and is known by what it says. Raises `Unavailable` as `pdf` does."""
        return pdf(paper, store=self.store, pool=self.pool)

    def want(self, scope: Scope, wanted: Iterable[tuple[Kind, str]]) -> None:
        """Have the worker make these documents before all that it makes by itself; each by kind and id."""
        rows = [{"id": _stored_as(kind, id), "kind": kind} for kind, id in wanted]
        if rows:
            with self.database.writing(scope) as db:
                documents.want(db.connection(), scope.tenant_id, rows, made_at=clock.now(), wanted_at=0)

    def kept(self, connection: Connection, kind: Kind, tenant_id: int, id: str) -> Kept | None:
        """The document where it is rendered and unchanged since: one query, one file."""
        values = {"tenant_id": tenant_id, "id": id, "stored": _stored_as(kind, id)}
        row = connection.execute(_LAST_RENDERED[kind], values).first()
        content = self.stored(row.fingerprint) if row and row.fingerprint.endswith(RENDERER) else None
        if row is None or content is None:
            return None
        locale = (row.buyer or {}).get("locale") or "en"
        return Kept(content, row.number, locale, row.finalized_at, row.due_date, bool(row.told))

    def stored(self, fingerprint: str) -> bytes | None:
        """The PDF of this fingerprint where it is kept; a store that is out of order keeps nothing."""
        try:
            return self.store.read(fingerprint)
        except OSError:
            log.warning("cannot read stored documents", exc_info=True)
            return None

    def _document(self, db: Session, kind: Kind, id: str) -> tuple[Document, int]:
        if kind == "credit_note":
            note = find(db, CreditNote, id, noun="credit note")
            return build.credit_note(db, note), note.revision
        if kind == "quote":
            quote = find(db, Quote, id, noun="quote")
            return build.quote(db, quote), quote.revision
        invoice = find(db, Invoice, id, noun="invoice")
        if kind == "receipt":
            return build.receipt(db, invoice), invoice.revision
        url = self.links.document("invoice", invoice.tenant_id, id) if invoice.status == "open" else None
        return build.invoice(db, invoice, url), invoice.revision

    def _note(self, scope: Scope, id: str, revision: int, fingerprint: str) -> None:
        """Remember what was rendered of which revision, so that the next click finds the file."""
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


def _stored_as(kind: Kind, id: str) -> str:
    """A receipt is kept beside its invoice and goes by the invoice's id."""
    return f"receipt:{id}" if kind == "receipt" else id


_D, _I, _N, _Q, _T, _A = (
    cast(Table, model.__table__) for model in (StoredDocument, Invoice, CreditNote, Quote, Tenant, Account)
)
_TOLD = _A.c.settings[("portal", "events", "documents")].as_boolean().label("told")
_SAME = (_D.c.tenant_id == bindparam("tenant_id"), _D.c.id == bindparam("stored"))


def _current(table: Table) -> ColumnElement[bool]:
    mine = (_D.c.tenant_id == table.c.tenant_id) & (_D.c.id == table.c.id)
    return mine & (_D.c.revision == table.c.revision)


_FOUND: dict[Kind, Select[Any]] = {
    "invoice": select(_D.c.fingerprint, _I.c.number, _I.c.buyer, _I.c.finalized_at, _I.c.due_date)
    .join(_I, _current(_I))
    .where(*_SAME),
    "receipt": select(
        _D.c.fingerprint, ("R-" + _I.c.number).label("number"), _I.c.buyer, _I.c.finalized_at, _I.c.due_date
    )
    .join(_I, (_D.c.tenant_id == _I.c.tenant_id) & (_D.c.revision == _I.c.revision))
    .where(*_SAME, _I.c.id == bindparam("id")),
    "credit_note": select(_D.c.fingerprint, _N.c.number, _N.c.buyer, _I.c.finalized_at, _I.c.due_date)
    .join(_N, _current(_N))
    .join(_I, (_I.c.tenant_id == _N.c.tenant_id) & (_I.c.id == _N.c.invoice_id))
    .where(*_SAME),
    "quote": select(_D.c.fingerprint, _Q.c.number, _Q.c.buyer, _Q.c.finalized_at, _Q.c.expires_at.label("due_date"))
    .join(_Q, _current(_Q))
    .where(*_SAME),
}
_LAST_RENDERED = {
    kind: found.add_columns(_TOLD).join(_T, _T.c.id == _D.c.tenant_id).join(_A, _A.c.id == _T.c.account_id)
    for kind, found in _FOUND.items()
}
