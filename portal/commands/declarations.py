"""`portal apply`: brings an account to what a file says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portal.commands.environment import load_settings
from portal.commands.options import ACCOUNT_OPTION, JSON_OPTION, LIVE_OPTION, find_scope

if TYPE_CHECKING:
    from portal.declared.applying import Applied
    from portal.declared.differences import Change


@click.command("apply")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@ACCOUNT_OPTION
@LIVE_OPTION
@click.option("--dry-run", "dry", is_flag=True, help="Tell what would change, and change nothing.")
@JSON_OPTION
@click.pass_obj
def apply_file(open_database: Any, file: Path, account_id: str, live: bool, dry: bool, as_json: bool) -> None:
    """Bring an account to what a YAML or JSON FILE says.

    Products, prices, coupons, configurations, webhooks, branding: what differs is told, and changed whole or not
    at all. What FILE doesn't name stays. See docs/account-as-a-file.md.
    """
    from portal import clock
    from portal.assembly import build_links, build_seal
    from portal.declared import applying, files
    from portal.declared.sections import Outside

    settings, database = load_settings(), open_database()
    entries = applying.list_entries(files.read_declaration(file))
    outside = Outside(build_links(settings), build_seal(settings), settings.webhook_private_hosts, file.parent)
    carry_out = applying.try_out if dry else applying.apply
    applied = carry_out(database, find_scope(database, account_id, live), entries, outside, now=clock.now())
    if as_json:
        click.echo(
            json.dumps({"changes": [_describe(each) for each in applied.changes], "secrets": _secrets(applied, dry)})
        )
        return
    for each in applied.changes:
        _print_change(each)
    for url, secret in _secrets(applied, dry).items():
        click.echo(f"{url} signs with {secret}, which is shown only once.")
    click.echo(_sum_up(applied, dry), err=True)


def _secrets(applied: Applied, dry: bool) -> dict[str, str]:
    return {} if dry else dict(applied.secrets)


def _describe(change: Change) -> dict[str, Any]:
    parts = {path: {"before": before, "after": after} for path, (before, after) in change.parts.items()}
    return {"type": change.type, "name": change.name, "new": change.is_new, "parts": parts}


def _print_change(change: Change) -> None:
    click.echo(f"{'+' if change.is_new else '~'} {change.type} {change.name}")
    for path, (before, after) in change.parts.items():
        click.echo(f"    {path}: {json.dumps(before, ensure_ascii=False)} → {json.dumps(after, ensure_ascii=False)}")


def _sum_up(applied: Applied, dry: bool) -> str:
    count = len(applied.changes)
    if not count:
        return "Everything is as it says."
    return f"{count} {'object' if count == 1 else 'objects'} {'would change' if dry else 'changed'}."
