"""Queues mails within the transaction of their cause: those that events cause, and those that no event tells of."""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import Connection, Table, bindparam, select
from sqlalchemy.orm import Session

from portal import clock, ids
from portal.db import scope_of
from portal.dialects import by_dialect
from portal.models import Account, Mail, Tenant
from portal.rules import mails

_MAILS = cast(Table, Mail.__table__)


def enqueue(connection: Connection, tenant_id: int, events: Sequence[dict[str, Any]]) -> None:
    """Queue the mails that events cause (`rules.mails`) and the account has switched on."""
    caused = mails.mails_for_events(events)
    if not caused:
        return
    settings = connection.execute(_SETTINGS, {"tenant_id": tenant_id}).scalar_one()
    for event, mail in caused:
        if mails.is_on(mail.name, settings):
            row = _build_row(tenant_id, mail.name, mail.key, event["created"], mail.data)
            _insert_once(connection, row | {"customer_id": mail.customer_id})


def enqueue_without_event(
    db: Session,
    name: str,
    key: str,
    *,
    customer_id: str | None = None,
    address: str | None = None,
    sealed: bytes | None = None,
    expires_at: int | None = None,
    **data: Any,
) -> bool:
    """Queue the mail `name`, which no event tells of; False when its cause, the `key`, has already had one.

    `data` is what it is about. `sealed` holds a secret of it, encrypted; after `expires_at` it is not sent any more.
    """
    row = _build_row(scope_of(db).tenant_id, name, key, clock.now(), data)
    given = {"customer_id": customer_id, "address": address, "sealed": sealed, "expires_at": expires_at}
    return _insert_once(db.connection(), row | given)


def email_code_key(change_id: str) -> str:
    """The key of the mail that takes the code of an email change to its new address."""
    return f"email_code:{change_id}"


def has_failed(db: Session, key: str) -> bool:
    """Whether the mail of this cause can't be delivered."""
    return db.scalar(select(Mail.id).where(Mail.key == key, Mail.status == "failed")) is not None


def _build_row(tenant_id: int, name: str, key: str, created: int, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "id": ids.new("mail"),
        "created": created,
        "name": name,
        "key": key,
        "data": data,
        "status": "queued",
        "tries": 0,
        "next_try_at": created,
    }


def _insert_once(connection: Connection, row: dict[str, Any]) -> bool:
    return bool(connection.execute(_INSERT[connection.dialect.name], row).rowcount)


_SETTINGS = (
    select(Account.settings).join(Tenant, Tenant.account_id == Account.id).where(Tenant.id == bindparam("tenant_id"))
)
_INSERT = by_dialect(lambda insert: insert(_MAILS).on_conflict_do_nothing(index_elements=["tenant_id", "key"]))
