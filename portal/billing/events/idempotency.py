"""Idempotency keys: a repeated request waits for the first one and gets its answer."""

from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, bindparam, delete, select, update
from sqlalchemy.orm import Session

from portal import clock
from portal.db import forget, scope_of
from portal.dialects import by_dialect
from portal.errors import IdempotencyMismatch, InvalidRequest
from portal.models import IdempotencyKey
from portal.session_writes import HotWrite, write

KEPT_FOR = clock.DAY
LONGEST_KEY = 255

_IDEMPOTENCY_KEYS = cast(Table, IdempotencyKey.__table__)


@dataclass(frozen=True)
class StoredAnswer:
    """The answer to the first request with a key."""

    status: int
    body: bytes
    request_id: str


def claim(db: Session, key: str, fingerprint: str, request_id: str, *, now: int) -> StoredAnswer | None:
    """None when this request is the first with its key, else the answer to the first one.

    Waits while the first is running. Raises `InvalidRequest` for an overlong key and
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
    if write(db, _CLAIM, row):
        return None
    if _take_over_expired(db, row, now - KEPT_FOR):
        return None
    return _find_first_answer(db, tenant_id, key, fingerprint)


def store_answer(db: Session, key: str, status: int, body: bytes) -> None:
    """Store the answer for later requests with the same key."""
    write(db, _STORE_ANSWER, {"of_tenant": scope_of(db).tenant_id, "of_key": key, "status": status, "body": body})


def prune(db: Session, *, now: int) -> int:
    """Delete keys older than a day; returns how many."""
    return forget(db, delete(_IDEMPOTENCY_KEYS).where(_IDEMPOTENCY_KEYS.c.created < now - KEPT_FOR))


def _find_first_answer(db: Session, tenant_id: int, key: str, fingerprint: str) -> StoredAnswer:
    kept = db.execute(
        select(
            _IDEMPOTENCY_KEYS.c.fingerprint,
            _IDEMPOTENCY_KEYS.c.status,
            _IDEMPOTENCY_KEYS.c.body,
            _IDEMPOTENCY_KEYS.c.request_id,
        ).where(_IDEMPOTENCY_KEYS.c.tenant_id == tenant_id, _IDEMPOTENCY_KEYS.c.key == key)
    ).one()
    if kept.fingerprint != fingerprint:
        raise IdempotencyMismatch(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. "
            f"Try using a key other than '{key}' if you meant to execute a different request."
        )
    return StoredAnswer(kept.status, kept.body, kept.request_id)


def _take_over_expired(db: Session, row: dict[str, Any], before: int) -> bool:
    """Take over an expired key, and say whether that succeeded; of parallel requests only the first does."""
    own = (_IDEMPOTENCY_KEYS.c.tenant_id == row["tenant_id"], _IDEMPOTENCY_KEYS.c.key == row["key"])
    taken = (
        update(_IDEMPOTENCY_KEYS)
        .where(*own, _IDEMPOTENCY_KEYS.c.created < before)
        .values(**row, status=None, body=None)
    )
    return db.execute(taken.returning(_IDEMPOTENCY_KEYS.c.key)).first() is not None


_CLAIM = HotWrite(
    by_dialect(
        lambda insert: (
            insert(_IDEMPOTENCY_KEYS)
            .values({name: bindparam(name) for name in ("tenant_id", "key", "created", "fingerprint", "request_id")})
            .on_conflict_do_nothing()
            .returning(_IDEMPOTENCY_KEYS.c.key)
        )
    )
)
_STORE_ANSWER = HotWrite(
    update(_IDEMPOTENCY_KEYS)
    .where(_IDEMPOTENCY_KEYS.c.tenant_id == bindparam("of_tenant"), _IDEMPOTENCY_KEYS.c.key == bindparam("of_key"))
    .values(status=bindparam("status"), body=bindparam("body"))
)
