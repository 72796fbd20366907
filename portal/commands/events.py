"""`portal events`: has the worker send events once more."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from portal.commands.options import ACCOUNT_OPTION, LIVE_OPTION, find_scope
from portal.commands.webhooks import find_endpoint

if TYPE_CHECKING:
    from portal.db import Database, Scope

_MOMENT_TYPE = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])


@click.group()
def events() -> None:
    """What happened, for the merchant's own system."""


@events.command("resend")
@click.argument("event_ids", nargs=-1)
@ACCOUNT_OPTION
@LIVE_OPTION
@click.option("--endpoint", "endpoint_id", help="Only to this endpoint; needed for a range.")
@click.option("--since", type=_MOMENT_TYPE, help="Everything since this moment (UTC), as 2026-11-21T12:00.")
@click.option("--until", type=_MOMENT_TYPE, help="And before this one.")
@click.option("--failed", is_flag=True, help="Of the range only what has not arrived.")
@click.pass_obj
def resend_events(
    open_database: Any,
    event_ids: tuple[str, ...],
    account_id: str,
    live: bool,
    endpoint_id: str | None,
    since: datetime | None,
    until: datetime | None,
    failed: bool,
) -> None:
    """Have the worker send events once more.

    Those named, or a range of time to one endpoint.
    """
    if bool(event_ids) == bool(since or until):
        raise click.UsageError("Name events, or a range by --since and --until.")
    database = open_database()
    scope = find_scope(database, account_id, live)
    if event_ids:
        done = sum(_resend_event(database, scope, each, endpoint_id) for each in event_ids)
    elif endpoint_id is None:
        raise click.UsageError("A range is sent to one --endpoint.")
    else:
        done = _replay_range(database, scope, endpoint_id, _epoch_seconds(since), _epoch_seconds(until), failed)
    click.echo(f"{done} will be sent once more.")


def _resend_event(database: Database, scope: Scope, event_id: str, endpoint_id: str | None) -> int:
    from portal import clock
    from portal.billing.events import replays
    from portal.db import find_row
    from portal.models import Event

    with database.writing(scope) as db:
        event = find_row(db, Event, event_id, noun="event")
        replays.retry(db, event, replays.RetryEvent(webhook_endpoint=endpoint_id), now=clock.now())
    return 1


def _replay_range(
    database: Database, scope: Scope, endpoint_id: str, since: int | None, until: int | None, failed: bool
) -> int:
    """Resend a range of events to one endpoint, a thousand in each transaction. Returns how many."""
    from portal import clock
    from portal.billing.events import replays
    from portal.wire.commands import TimestampRange

    command = replays.ReplayEvents(
        created=TimestampRange(gte=since, lt=until), delivery_success=False if failed else None
    )
    after, done = 0, 0
    while True:
        with database.writing(scope) as db:
            sent = replays.replay_batch(db, find_endpoint(db, endpoint_id), command, after, now=clock.now())
        if not sent:
            return done
        after, done = sent[-1], done + len(sent)


def _epoch_seconds(moment: datetime | None) -> int | None:
    return int(moment.replace(tzinfo=UTC).timestamp()) if moment else None
