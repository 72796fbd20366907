"""`portal import` and `portal export`: reads and writes all records of an account as wire objects in a file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from portal.commands.options import ACCOUNT_OPTION, JSON_OPTION, LIVE_OPTION, find_scope

if TYPE_CHECKING:
    from portal.db import Database
    from portal.transfer.importing import ImportReport


@click.command("import")
@click.argument("file", type=click.File("rb"))
@ACCOUNT_OPTION
@LIVE_OPTION
@click.option("--dry-run", "dry", is_flag=True, help="Check everything, change nothing.")
@JSON_OPTION
@click.pass_obj
def import_file(open_database: Any, file: BinaryIO, account_id: str, live: bool, dry: bool, as_json: bool) -> None:
    """Take in objects of the wire from a JSON or JSON Lines file; ids are kept, and it can be repeated.

    Exits with 1 where objects were refused; each is named with its reason.
    """
    from portal.transfer.importing import Import

    database: Database = open_database()
    run = Import(database, find_scope(database, account_id, live), dry=dry)
    report = _import_with_progress(run, file)
    _print_report(report, as_json, dry)
    if report.refused:
        sys.exit(1)


@click.command("export")
@ACCOUNT_OPTION
@LIVE_OPTION
@click.option("--output", type=click.File("wb"), default="-", help="A file; standard output by default.")
@click.pass_obj
def export_file(open_database: Any, account_id: str, live: bool, output: BinaryIO) -> None:
    """Write every object of an account as JSON Lines, which `portal import` reads back."""
    from portal.transfer import exporting

    database: Database = open_database()
    for line in exporting.json_lines(database, find_scope(database, account_id, live)):
        output.write(line)


def _import_with_progress(run: Any, file: BinaryIO) -> ImportReport:
    from portal.transfer.files import read_objects

    if not file.seekable():
        raise click.ClickException("The file must be a plain file, as it is looked at before it is read.")
    size = Path(file.name).stat().st_size
    with click.progressbar(length=size, label="Importing", file=sys.stderr) as bar:
        report: ImportReport = run.run(read_objects(file), lambda count: bar.update(max(0, file.tell() - bar.pos)))
        bar.update(size - bar.pos)
    return report


def _print_report(report: ImportReport, as_json: bool, dry: bool) -> None:
    if as_json:
        refused = [vars(each) for each in report.refused]
        counts = {"dry_run": dry, "written": report.written, "skipped": report.skipped}
        click.echo(json.dumps({**counts, "refused": refused}))
        return
    for refusal in report.refused:
        click.echo(f"refused  {refusal}", err=True)
    for type, count in sorted(report.skipped.items()):
        click.echo(f"{count:>9} × {type} skipped: it has no place here")
    for type, count in sorted(report.written.items()):
        click.echo(f"{count:>9} × {type}{' would be taken in' if dry else ''}")
    click.echo(f"{len(report.refused):>9} refused")
