"""API keys: create, roll, revoke and authenticate. Only the SHA-256 hash of a key is stored."""

import hashlib
import re
import secrets
import string
import zlib
from dataclasses import dataclass

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from portal import clock, ids
from portal.db import OWNER, Scope, scope_of
from portal.errors import ResourceMissing
from portal.hot_reads import HotReader, HotStatement
from portal.models import ApiKey, Journal, Tenant

#: How stale `last_used_at` may be; a write on every request would cost more than it tells.
USE_RECORDED_EVERY = clock.HOUR

_ALPHABET = string.ascii_letters + string.digits
# keys that were made before may have the signs of base64
_KEY_FORMAT = re.compile(r"sk_(test|live)_([0-9A-Za-z_-]{43})([0-9a-f]{8})", re.ASCII)


def generate_secret(livemode: bool) -> str:
    """A new secret: prefix, 256 random bits and a checksum that secret scanners can verify.

    It has letters and digits alone, as programs check keys by that.
    """
    secret = "".join(secrets.choice(_ALPHABET) for _ in range(43))
    return f"{ids.SECRET_PREFIXES['live_key' if livemode else 'test_key']}{secret}{secret_checksum(secret)}"


def hash_secret(secret: str) -> str:
    """What is stored of a secret. A plain hash is right: 256 random bits can't be guessed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def secret_checksum(secret: str) -> str:
    """The last part of a secret, by which scanners can tell a real key from random text."""
    return f"{zlib.crc32(secret.encode()):08x}"


def create(db: Session, tenant: Tenant, *, now: int) -> str:
    """Create another key of the tenant and return its secret, which can't be read again later."""
    key = generate_secret(tenant.livemode)
    db.add(
        ApiKey(
            id=ids.new("api_key"), tenant_id=tenant.id, created=now, hash=hash_secret(key), hint=f"{key[:8]}…{key[-4:]}"
        )
    )
    return key


def list_for_tenant(db: Session, tenant: Tenant) -> list[ApiKey]:
    """All keys of a tenant, newest first, revoked ones too."""
    statement = select(ApiKey).where(ApiKey.tenant_id == tenant.id)
    return list(db.scalars(statement.order_by(ApiKey.created.desc(), ApiKey.id.desc())))


def revoke(db: Session, key_id: str, *, now: int) -> ApiKey:
    """The key answers 401 from now on. Raises `ResourceMissing`."""
    key = db.get(ApiKey, key_id)
    if key is None:
        raise ResourceMissing("API key", key_id)
    if key.expires_at is None or key.expires_at > now:
        key.expires_at = now
    return key


def roll(db: Session, tenant: Tenant, *, overlap: int, now: int) -> str:
    """A new key; those that exist end after `overlap` seconds."""
    lasting = select(ApiKey).where(ApiKey.tenant_id == tenant.id, ApiKey.expires_at.is_(None))
    for key in db.scalars(lasting.with_for_update()):
        key.expires_at = now + overlap
    return create(db, tenant, now=now)


def limit_rate(db: Session, rate: int) -> None:
    """Let each key of the tenant make so many reads and writes a second; 0 any number, -1 what the settings say."""
    db.get_one(Tenant, scope_of(db).tenant_id).rate_limit = None if rate < 0 else rate


@dataclass(frozen=True)
class Caller:
    """The owner of the key that was sent; `stale` is True where `last_used_at` is due for an update.

    `rate_limit` is the account's own, None where it has none. `sequence` is that of the tenant's last change.
    """

    key_id: str
    scope: Scope
    stale: bool
    rate_limit: int | None
    sequence: int


def find_caller(hot: HotReader, secret: str, *, now: int) -> Caller | None:
    """Who holds this key, or None when it opens nothing."""
    match = _KEY_FORMAT.fullmatch(secret)
    if not match or secret_checksum(match[2]) != match[3]:
        return None
    row = hot.first(_KEY_BY_HASH, {"hash": hash_secret(secret)})
    if row is None or (row.expires_at is not None and row.expires_at <= now):
        return None
    stale = (row.last_used_at or 0) < now - USE_RECORDED_EVERY
    return Caller(row.id, Scope.of(row), stale, row.rate_limit, row.last or 0)


def record_use(db: Session, secret: str, *, now: int) -> None:
    """Remember when the key was last used, for the operator who wonders whether to revoke it."""
    db.execute(update(ApiKey).where(ApiKey.hash == hash_secret(secret)).values(last_used_at=now))


_KEY_BY_HASH = HotStatement(
    select(
        ApiKey.id,
        ApiKey.tenant_id,
        ApiKey.expires_at,
        ApiKey.last_used_at,
        Tenant.rate_limit,
        Journal.last,
        *OWNER,
    )
    .join(Tenant, Tenant.id == ApiKey.tenant_id)
    .outerjoin(Journal, Journal.tenant_id == ApiKey.tenant_id)
    .where(ApiKey.hash == bindparam("hash"))
)
