"""Tables of accounts (merchants), their two tenants (test and live), API keys and idempotency keys."""

from typing import Any

from sqlalchemy import ForeignKey, Integer, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Id


class Account(Base):
    """A merchant; test and live mode share it."""

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    created: Mapped[int]
    country: Mapped[str]
    default_currency: Mapped[str]
    email: Mapped[str | None]
    business_profile: Mapped[dict[str, Any]] = mapped_column(default=dict)
    company: Mapped[dict[str, Any]] = mapped_column(default=dict)
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
    revision: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 - declarative reads it from the class


class Tenant(Base):
    """An account in one mode; its id, a small integer, comes first in every primary key.

    `rate_limit` is how many reads and how many writes a second each of its keys may make, if not those of the settings.
    """

    __tablename__ = "tenants"
    __table_args__ = (UniqueConstraint("account_id", "livemode"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    livemode: Mapped[bool]
    rate_limit: Mapped[int | None]
    #: `settings[portal][host]` of the account, where all of its links lead
    host: Mapped[str | None]


class Host(Base):
    """A host name at which an account's customers reach the portal; it has no other account."""

    __tablename__ = "hosts"

    name: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)


class ApiKey(Base):
    """A secret key, of which only the hash is stored."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    tenant_id: Mapped[int] = mapped_column(Integer, ForeignKey("tenants.id"), index=True)
    created: Mapped[int]
    hash: Mapped[str] = mapped_column(unique=True)
    hint: Mapped[str]
    expires_at: Mapped[int | None]
    last_used_at: Mapped[int | None]


class IdempotencyKey(Base):
    """The first answer to a keyed request, kept for a day."""

    __tablename__ = "idempotency_keys"

    tenant_id: Mapped[int] = mapped_column(Integer, ForeignKey("tenants.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    created: Mapped[int] = mapped_column(index=True)
    fingerprint: Mapped[str]
    status: Mapped[int | None]
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    request_id: Mapped[str]


class RateCount(Base):
    """What all processes together have counted of one `subject` within one second. Kept for a minute."""

    __tablename__ = "rate_counts"

    second: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    subject: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]
