"""`portal preview`: serves what customers would see under a configuration, with made-up data."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portal.commands.environment import exit_with_error, load_settings, open_database, upgrade_schema
from portal.commands.options import ACCOUNT_OPTION, LIVE_OPTION, find_scope

if TYPE_CHECKING:
    from portal.settings import Settings


@click.command("preview")
@click.argument("configuration_id", metavar="CONFIGURATION")
@ACCOUNT_OPTION
@LIVE_OPTION
@click.option("--locale", help="The language, such as de; else the browser's.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8001, show_default=True, help="Port to listen on.")
@click.pass_obj
def preview(
    open_own_database: Any,
    /,
    configuration_id: str,
    account_id: str,
    live: bool,
    locale: str | None,
    host: str,
    port: int,
) -> None:
    """Serve what a customer with sample data would see.

    It is a copy in a folder that goes away at the end: no real customer is shown, nothing is changed, no mail goes out.
    """
    from portal import clock, forks, ports, server
    from portal.demo.preview import create_preview

    source = open_own_database()
    scope = find_scope(source, account_id, live)
    with tempfile.TemporaryDirectory(prefix="portal-preview-") as folder:
        settings = _use_settings_of_preview(Path(folder), f"http://{host}:{port}")
        upgrade_schema(settings)
        target = open_database(settings)
        path = create_preview(source, scope, target, configuration_id, locale, now=clock.now())
        for database in (source, target):
            database.dispose()
        forks.start_loader()
        told = f"\n  {settings.base_url}{path}\n\n  opens the preview, once. Ctrl-C ends it."
        try:
            server.serve(settings, host=host, port=port, workers=1, when_up=lambda: click.echo(told))
        except ports.PortTaken as error:
            exit_with_error(str(error))


def _use_settings_of_preview(folder: Path, base_url: str) -> Settings:
    """Settings of a portal for one's own eyes: of those of this one none is left, so nothing reaches its database."""
    for name in [name for name in os.environ if name.startswith("PORTAL_")]:
        del os.environ[name]
    os.environ |= {"PORTAL_INSTANCE": str(folder), "PORTAL_BASE_URL": base_url}
    return load_settings()
