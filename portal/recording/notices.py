"""Queues the mails that events cause, within the transaction of the events."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import Connection, Table, bindparam, select

from portal import ids
from portal.dialects import by_dialect
from portal.models import Account, Mail, Tenant
from portal.rules import mails as rules

_MAILS = cast(Table, Mail.__table__)


def enqueue(connection: Connection, tenant_id: int, events: list[dict[str, Any]]) -> None:
    """Queue the mails that the account sends automatically; each cause is mailed once."""
    asked = [(name, event) for event in events if (name := _mail_for_event(event))]
    if not asked:
        return
    settings = connection.execute(_SETTINGS, {"tenant_id": tenant_id}).scalar_one()
    rows = [_build_mail(name, event) for name, event in asked if rules.is_on(name, settings)]
    if rows:
        connection.execute(_INSERT[connection.dialect.name], rows)


def _mail_for_event(event: dict[str, Any]) -> str | None:
    return rules.mail_for_event(event["type"], event["data"], event["actor"]["type"])


def _build_mail(name: str, event: dict[str, Any]) -> dict[str, Any]:
    object = event["data"]
    # a trial that is made longer ends once more; a tax id may come and go
    cause = {"receipt": "", "trial_ending": object.get("trial_end"), "tax_id_changed": event["id"]}[name]
    about: dict[str, Any] = {object["object"]: object["id"]}
    if name == "tax_id_changed":
        about = {"added": event["type"].endswith("created"), "type": object["type"], "value": object["value"]}
    return {
        "tenant_id": event["tenant_id"],
        "id": ids.new("mail"),
        "created": event["created"],
        "name": name,
        "key": f"{name}:{object['id']}:{cause}",
        "customer_id": event["customer_id"],
        "data": about,
        "status": "queued",
        "tries": 0,
        "next_try_at": event["created"],
    }


_SETTINGS = (
    select(Account.settings).join(Tenant, Tenant.account_id == Account.id).where(Tenant.id == bindparam("tenant_id"))
)
_INSERT = by_dialect(lambda insert: insert(_MAILS).on_conflict_do_nothing(index_elements=["tenant_id", "key"]))
