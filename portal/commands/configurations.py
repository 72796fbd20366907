"""`portal configuration`: shows what customers may do, and switches a login page, as support staff need it."""

import json
from typing import TYPE_CHECKING, Any

import click

from portal.commands.environment import load_settings, print_rows
from portal.commands.options import ACCOUNT_OPTION, JSON_OPTION, LIVE_OPTION, find_scope, writing

if TYPE_CHECKING:
    from portal.models import Configuration

_CONFIGURATION_ARGUMENT = click.argument("configuration_id", metavar="CONFIGURATION")


@click.group()
def configuration() -> None:
    """Configurations of the customer portal."""


@configuration.command("list")
@ACCOUNT_OPTION
@LIVE_OPTION
@JSON_OPTION
@click.pass_obj
def list_configurations(open_database: Any, account_id: str, live: bool, as_json: bool) -> None:
    """List configurations: id, state, login page and name."""
    from sqlalchemy import select

    from portal.models import Configuration

    database = open_database()
    with database.reading(find_scope(database, account_id, live)) as db:
        ordered = select(Configuration).order_by(Configuration.is_default.desc(), Configuration.created)
        rows = [_describe_briefly(_render(db, each)) for each in db.scalars(ordered)]
    print_rows(rows, as_json=as_json)


@configuration.command("show")
@_CONFIGURATION_ARGUMENT
@ACCOUNT_OPTION
@LIVE_OPTION
@JSON_OPTION
@click.pass_obj
def show_configuration(open_database: Any, configuration_id: str, account_id: str, live: bool, as_json: bool) -> None:
    """Tell what a configuration lets customers do."""
    database = open_database()
    with database.reading(find_scope(database, account_id, live)) as db:
        shown = _render(db, _find(db, configuration_id))
    if as_json:
        click.echo(json.dumps(shown))
        return
    for name, value in _list_details(shown).items():
        click.echo(f"{name:<22} {value}")


@configuration.command("set")
@_CONFIGURATION_ARGUMENT
@ACCOUNT_OPTION
@LIVE_OPTION
@click.option(
    "--login-page/--no-login-page", required=True, help="A page where customers sign in by a code; its new address."
)
@click.pass_obj
def change_configuration(
    open_database: Any, configuration_id: str, account_id: str, live: bool, login_page: bool
) -> None:
    """Switch the login page on, and print its address, or off."""
    from portal import clock
    from portal.billing.configurations import configurations
    from portal.wire.commands import parse_command

    command = parse_command(configurations.UpdateConfiguration, {"login_page": {"enabled": login_page}})
    with writing(open_database(), account_id, live) as db:
        row = configurations.update(db, _find(db, configuration_id), command, now=clock.now())
        click.echo(_render(db, row)["login_page"]["url"] or f"{row.id} has no login page any more.")


def _find(db: Any, id: str) -> "Configuration":
    from portal.db import find_row
    from portal.models import Configuration

    return find_row(db, Configuration, id, noun="configuration")


def _render(db: Any, row: "Configuration") -> dict[str, Any]:
    """The configuration in wire form, with the products that customers can change to."""
    from portal.assembly import build_links
    from portal.objects import kinds

    paths = ["features.subscription_update.products"]
    return kinds.render_one(db, "billing_portal.configuration", row, build_links(load_settings()), paths)


def _describe_briefly(shown: dict[str, Any]) -> dict[str, str]:
    return {
        "id": shown["id"],
        "state": "default" if shown["is_default"] else "active" if shown["active"] else "inactive",
        "login_page": shown["login_page"]["url"] or "-",
        "name": shown["name"] or "-",
    }


def _list_details(shown: dict[str, Any]) -> dict[str, str]:
    from portal.billing.configurations.features import FEATURE_NEEDS

    details = {**_describe_briefly(shown), "default_return_url": shown["default_return_url"] or "-"}
    for name, feature in sorted(shown["features"].items()):
        state = "enabled" if feature["enabled"] else "disabled"
        if feature["enabled"] and name in FEATURE_NEEDS:
            state = f"{state}, needs {FEATURE_NEEDS[name]}"
        details[name] = state
        for key, value in feature.items():
            if feature["enabled"] and key != "enabled" and value not in (None, []):
                details[f"  {name}.{key}"] = value if isinstance(value, str) else json.dumps(value)
    return details
