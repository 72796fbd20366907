"""`portal demo`: makes the sample shop's data, once, and prints ways in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from portal.commands.environment import exit_with_error, load_settings, open_database, print_values, upgrade_schema
from portal.commands.options import JSON_OPTION

if TYPE_CHECKING:
    from portal.settings import Settings


@click.command()
@JSON_OPTION
def demo(as_json: bool) -> None:
    """Make a demo merchant once, and print a fresh portal link.

    The merchant has customers and a year of invoices.
    """
    from portal.demo.merchant import ensure_merchant

    settings = load_settings()
    if settings.production:
        exit_with_error("The demo does not go with PORTAL_PRODUCTION.")
    upgrade_schema(settings)
    print_values(ensure_merchant(settings, open_database(settings)), as_json=as_json)


def print_addresses(settings: Settings) -> None:
    """Print where the shop, the portal and the API of a running demo are."""
    from portal.demo.merchant import ensure_merchant

    database = open_database(settings)
    made = ensure_merchant(settings, database)
    database.dispose()
    click.echo(
        f"\n  The portal runs. Ctrl-C stops it.\n\n"
        f"  Sample shop    {settings.base_url}/demo\n"
        f"  Portal link    {made['portal_url']}\n"
        f"                 (for one visit within the hour; the shop makes new ones)\n\n"
        f"  API            curl {settings.base_url}/v1/customers -u {made['test_key']}:\n"
        f"  Reference      {settings.base_url}/docs\n"
        f"  Mails          {settings.base_url}/mails (each kind; what was sent is in {settings.instance / 'mail'})\n"
        f"  Account        {made['account']} (for commands: portal account show {made['account']})\n"
    )
