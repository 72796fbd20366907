"""`portal webhooks`: lists endpoints and their deliveries, and rolls secrets."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from portal.commands.options import ACCOUNT_OPTION, LIVE_OPTION, find_scope

if TYPE_CHECKING:
    from portal.models import WebhookEndpoint
    from portal.rules.statuses import WebhookDeliveryStatus


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

    database = open_database()
    scope = find_scope(database, account_id, live)
    with database.reading(scope) as db:
        endpoints = db.scalars(select(WebhookEndpoint).order_by(WebhookEndpoint.created)).all()
        for each in endpoints:
            own = select(WebhookDelivery.status, func.count()).where(WebhookDelivery.endpoint_id == each.id)
            rows = db.execute(own.group_by(WebhookDelivery.status))
            counts = {row[0]: row[1] for row in rows}
            click.echo(_format_endpoint(each, counts))
    if not endpoints:
        mode = "live" if live else "test"
        click.echo(f"No webhook endpoint in {mode} mode; POST /v1/webhook_endpoints makes one.", err=True)


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
    from portal.billing.events.params import RollSecret
    from portal.settings import from_environment

    database = open_database()
    scope = find_scope(database, account_id, live)
    now, seal = clock.now(), assemble_services(from_environment(), pool_size=1).seal
    with database.writing(scope) as db:
        command = RollSecret(expires_at=now + overlap * clock.HOUR)
        click.echo(
            webhook_endpoints.roll_secret(db, find_endpoint(db, endpoint_id), command, seal=seal, now=now).secret
        )


def find_endpoint(db: Any, endpoint_id: str) -> "WebhookEndpoint":
    """The endpoint. Raises `ClickException` where there is none."""
    from portal.db import find_row
    from portal.errors import ResourceMissing
    from portal.models import WebhookEndpoint

    try:
        return find_row(db, WebhookEndpoint, endpoint_id, noun="webhook endpoint")
    except ResourceMissing as error:
        raise click.ClickException(error.message) from None


def _format_endpoint(row: "WebhookEndpoint", counts: "Mapping[WebhookDeliveryStatus, int]") -> str:
    from portal import clock

    since = f"  failing since {clock.utc_datetime(row.failing_since).isoformat()}" if row.failing_since else ""
    shown: tuple[WebhookDeliveryStatus, ...] = ("pending", "failed", "succeeded")
    kinds = ", ".join(f"{counts.get(each, 0)} {each}" for each in shown)
    return f"{row.id}  {row.status}  {row.url}  {kinds}{since}"
