"""Keeps the e-invoices of a document as they were first made: what a receiver has once read stays as it was.

They are with the document's row in `documents`: compressed JSON, the text of each file by its format.
"""

import zlib
from collections.abc import Mapping

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db import scope_of
from portal.models import StoredDocument
from portal.rules.document_kinds import KindName


def find_files(db: Session, id: str) -> Mapping[str, str]:
    """The files of an invoice or credit note by format; empty before the first was made."""
    return _unpack(db.scalar(select(StoredDocument.e_invoices).where(StoredDocument.id == id)))


def keep_files(db: Session, kind: KindName, id: str, made: Mapping[str, str], *, now: int) -> Mapping[str, str]:
    """Keep files of formats of which there is none yet; returns all that are kept.

    The commit raises `Conflict` if another transaction has added the document meanwhile.
    """
    known = db.get(StoredDocument, (scope_of(db).tenant_id, id), with_for_update=True, populate_existing=True)
    files = {**made, **_unpack(known.e_invoices if known else None)}
    content = zlib.compress(orjson.dumps(files))
    if known is None:
        db.add(StoredDocument(id=id, kind=kind, created=now, revision=0, fingerprint="", e_invoices=content))
    else:
        known.e_invoices = content
    return files


def _unpack(content: bytes | None) -> Mapping[str, str]:
    files: Mapping[str, str] = orjson.loads(zlib.decompress(content)) if content else {}
    return files
