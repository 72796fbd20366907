"""`portal audit`: prints the audit log, which is append-only."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from portal.commands.options import ACCOUNT_OPTION, LIVE_OPTION, find_scope

if TYPE_CHECKING:
    from portal.db import Database
    from portal.models import AuditEntry


@click.command("audit")
@ACCOUNT_OPTION
@LIVE_OPTION
@click.option("--customer", "customer_id", help="Only what concerns this customer.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="The newest so many.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.pass_obj
def show_audit(
    open_database: Any, account_id: str, live: bool, customer_id: str | None, limit: int, as_json: bool
) -> None:
    """List what was done to an account and its customers.

    Oldest first; personal details are masked.
    """
    from portal.billing.events import events

    database: Database = open_database()
    with database.reading(find_scope(database, account_id, live)) as db:
        for entry in events.newest_audit_entries(db, customer_id, limit):
            click.echo(json.dumps(_entry_fields(entry), ensure_ascii=False) if as_json else _format_entry(entry))


def _entry_fields(entry: AuditEntry) -> dict[str, Any]:
    names = ("id", "sequence", "created", "action", "object_type", "object_id", "customer_id", "actor", "request_id")
    return {name: getattr(entry, name) for name in (*names, "before", "after")}


def _format_entry(entry: AuditEntry) -> str:
    from portal import clock

    person = entry.actor.get("contact", {}).get("email")
    actor = " ".join(str(part) for part in (entry.actor["type"], entry.actor["id"], person) if part)
    changed = ", ".join(entry.before or {}) if entry.before and entry.after else ""
    moment = clock.utc_datetime(entry.created).isoformat(timespec="seconds")
    return f"{moment}  {entry.action}  {entry.object_id}  by {actor}" + (f"  ({changed})" if changed else "")
