"""Tables of mails to send, and of the codes with which customers sign in."""

from typing import Any

from sqlalchemy import Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Id, TenantOwned, newest_first, tenant_foreign_key


class Mail(TenantOwned, Base):
    """A mail to send: which one, about what (`data`), and how far it is.

    Its text is written only when it is sent, from the rows as they are then. `sealed` holds secrets in encrypted
    form, and is emptied once the mail is sent. `key` names the cause, so that no cause is mailed twice.
    """

    __tablename__ = "mails"
    __table_args__ = (
        tenant_foreign_key("customer_id", "customers"),
        newest_first("mails"),
        newest_first("mails", "customer_id"),
        UniqueConstraint("tenant_id", "key"),
        Index("ix_mails_due", "status", "next_try_at"),
    )

    name: Mapped[str]
    key: Mapped[str]
    customer_id: Mapped[str | None] = mapped_column(Id)
    address: Mapped[str | None]
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    status: Mapped[str] = mapped_column(default="queued")
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[int]
    expires_at: Mapped[int | None]
    sent_at: Mapped[int | None]
    failure: Mapped[str | None]


class LoginCode(TenantOwned, Base):
    """A request for a sign-in code, for an address and from one browser; the address may belong to no customer.

    `session_id` names the expired session to be continued, where there is one. `known_browser_hash` is of the browser's
    own id where it has proven the address before. `wide_network_hash` is of the network around the client's own one.
    """

    __tablename__ = "login_codes"
    __table_args__ = (
        tenant_foreign_key("configuration_id", "portal_configurations"),
        Index("ix_login_codes_email", "tenant_id", "email", "created"),
        Index("ix_login_codes_network", "network_hash", "created"),
        Index("ix_login_codes_wide_network", "wide_network_hash", "created"),
    )

    configuration_id: Mapped[str] = mapped_column(Id)
    session_id: Mapped[str | None] = mapped_column(Id)
    email: Mapped[str]
    network_hash: Mapped[str] = mapped_column(String(64))
    wide_network_hash: Mapped[str | None] = mapped_column(String(64))
    known_browser_hash: Mapped[str | None] = mapped_column(String(64))
    browser_hash: Mapped[str] = mapped_column(String(64), unique=True)
    code_hash: Mapped[str]
    expires_at: Mapped[int]
    tries: Mapped[int] = mapped_column(default=0)
    verified_at: Mapped[int | None]
    used_at: Mapped[int | None]
