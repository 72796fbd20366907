"""Keyed requests: the row that makes parallel twins wait and later ones hear the first answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, bindparam, delete, select, update
from sqlalchemy.orm import Session

from portal import clock
from portal.db import forget, scope_of
from portal.dialects import by_dialect
from portal.errors import IdempotencyMismatch, InvalidRequest
from portal.models import IdempotencyKey

KEPT_FOR = clock.DAY
LONGEST_KEY = 255

_T = cast(Table, IdempotencyKey.__table__)


@dataclass(frozen=True)
class Answer:
    """What the first request with a key was answered."""

    status: int
    body: bytes
    request_id: str


def claim(db: Session, key: str, fingerprint: str, request_id: str, *, now: int) -> Answer | None:
    """None when this request is the first with its key, else what the first was answered.

    Waits while a twin is running. Raises `InvalidRequest` for an overlong key and
    `IdempotencyMismatch` when the key came with another request before.
    """
    if len(key) > LONGEST_KEY or not key.isprintable():
        raise InvalidRequest(f"An Idempotency-Key has at most {LONGEST_KEY} printable characters.")
    tenant_id = scope_of(db).tenant_id
    row = {
        "tenant_id": tenant_id,
        "key": key,
        "created": now,
        "fingerprint": fingerprint,
        "request_id": request_id,
    }
    if db.execute(_INSERTS[db.get_bind().dialect.name], row).first():
        return None
    if _taken_over(db, row, now - KEPT_FOR):
        return None
    return _first_answer(db, tenant_id, key, fingerprint)


def keep(db: Session, key: str, status: int, body: bytes) -> None:
    """Store the answer for the twins to come."""
    db.execute(_KEEP, {"of_tenant": scope_of(db).tenant_id, "of_key": key, "status": status, "body": body})


def prune(db: Session, *, now: int) -> int:
    """Forget the keys of yesterday; answers how many."""
    return forget(db, delete(_T).where(_T.c.created < now - KEPT_FOR))


def _first_answer(db: Session, tenant_id: int, key: str, fingerprint: str) -> Answer:
    kept = db.execute(
        select(_T.c.fingerprint, _T.c.status, _T.c.body, _T.c.request_id).where(
            _T.c.tenant_id == tenant_id, _T.c.key == key
        )
    ).one()
    if kept.fingerprint != fingerprint:
        raise IdempotencyMismatch(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. "
            f"Try using a key other than '{key}' if you meant to execute a different request."
        )
    return Answer(kept.status, kept.body, kept.request_id)


def _taken_over(db: Session, row: dict[str, Any], before: int) -> bool:
    """Whether the key was yesterday's, and is this request's now; of parallel ones only the first gets it."""
    own = (_T.c.tenant_id == row["tenant_id"], _T.c.key == row["key"])
    taken = update(_T).where(*own, _T.c.created < before).values(**row, status=None, body=None)
    return db.execute(taken.returning(_T.c.key)).first() is not None


_INSERTS = by_dialect(lambda insert: insert(_T).on_conflict_do_nothing().returning(_T.c.key))
_KEEP = (
    update(_T)
    .where(_T.c.tenant_id == bindparam("of_tenant"), _T.c.key == bindparam("of_key"))
    .values(status=bindparam("status"), body=bindparam("body"))
)
