"""`portal webhooks` and `portal events`: lists endpoints and their deliveries, rolls secrets, resends events."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from portal.billing.events.params import RollSecret
from portal.commands.options import ACCOUNT_OPTION, LIVE_OPTION, find_scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from portal.db import Database, Scope
    from portal.models import WebhookEndpoint
    from portal.rules.statuses import WebhookDeliveryStatus

_MOMENT_TYPE = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])


@click.group()
def webhooks() -> None:
    """Webhook endpoints of an account."""


@webhooks.command("list")
@ACCOUNT_OPTION
@LIVE_OPTION
@click.pass_obj
def list_endpoints(open_database: Any, account_id: str, live: bool) -> None:
    """List endpoints with what waits for them and what was given up."""
    from sqlalchemy import func, select

    from portal.models import WebhookDelivery, WebhookEndpoint

    database, scope = _open_scope(open_database, account_id, live)
    with database.reading(scope) as db:
        for each in db.scalars(select(WebhookEndpoint).order_by(WebhookEndpoint.created)):
            own = select(WebhookDelivery.status, func.count()).where(WebhookDelivery.endpoint_id == each.id)
            rows = db.execute(own.group_by(WebhookDelivery.status))
            counts = {row[0]: row[1] for row in rows}
            click.echo(_format_endpoint(each, counts))


@webhooks.command("roll")
@click.argument("endpoint_id")
@ACCOUNT_OPTION
@LIVE_OPTION
@click.option("--overlap", type=click.IntRange(0, 168), default=24, show_default=True, help="Hours for both secrets.")
@click.pass_obj
def roll_secret(open_database: Any, endpoint_id: str, account_id: str, live: bool, overlap: int) -> None:
    """Print a new signing secret; both sign for a while."""
    from portal import clock
    from portal.assembly import assemble_services
    from portal.billing.events import webhook_endpoints
    from portal.settings import from_environment

    database, scope = _open_scope(open_database, account_id, live)
    now, seal = clock.now(), assemble_services(from_environment(), pool_size=1).seal
    with database.writing(scope) as db:
        command = RollSecret(expires_at=now + overlap * clock.HOUR)
        click.echo(
            webhook_endpoints.roll_secret(db, _find_endpoint(db, endpoint_id), command, seal=seal, now=now).secret
        )


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
    """Have the worker send events once more: those named, or a range of time to one endpoint."""
    if bool(event_ids) == bool(since or until):
        raise click.UsageError("Name events, or a range by --since and --until.")
    database, scope = _open_scope(open_database, account_id, live)
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
    from portal.errors import PortalError
    from portal.models import Event

    try:
        with database.writing(scope) as db:
            event = find_row(db, Event, event_id, noun="event")
            replays.retry(db, event, replays.RetryEvent(webhook_endpoint=endpoint_id), now=clock.now())
    except PortalError as error:
        raise click.ClickException(error.message) from None
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
            sent = replays.replay_batch(db, _find_endpoint(db, endpoint_id), command, after, now=clock.now())
        if not sent:
            return done
        after, done = sent[-1], done + len(sent)


def _open_scope(open_database: Any, account_id: str, live: bool) -> tuple[Database, Scope]:

    database: Database = open_database()
    return database, find_scope(database, account_id, live)


def _find_endpoint(db: Any, endpoint_id: str) -> WebhookEndpoint:
    from portal.db import find_row
    from portal.errors import ResourceMissing
    from portal.models import WebhookEndpoint

    try:
        return find_row(db, WebhookEndpoint, endpoint_id, noun="webhook endpoint")
    except ResourceMissing as error:
        raise click.ClickException(error.message) from None


def _format_endpoint(row: WebhookEndpoint, counts: Mapping[WebhookDeliveryStatus, int]) -> str:
    from portal import clock

    since = f"  failing since {clock.utc_datetime(row.failing_since).isoformat()}" if row.failing_since else ""
    shown: tuple[WebhookDeliveryStatus, ...] = ("pending", "failed", "succeeded")
    kinds = ", ".join(f"{counts.get(each, 0)} {each}" for each in shown)
    return f"{row.id}  {row.status}  {row.url}  {kinds}{since}"


def _epoch_seconds(moment: datetime | None) -> int | None:
    return int(moment.replace(tzinfo=UTC).timestamp()) if moment else None
