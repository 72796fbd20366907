"""`portal import` and `portal export`: reads and writes all records of an account as wire objects in a file."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from portal.commands.options import ACCOUNT_OPTION, JSON_OPTION, LIVE_OPTION, find_scope

if TYPE_CHECKING:
    from portal.db import Database, Scope
    from portal.transfer.importing import Import
    from portal.transfer.reports import ImportReport
    from portal.transfer.verifying import Verification


@click.command("import")
@click.argument("files", type=click.File("rb"), nargs=-1, required=True)
@ACCOUNT_OPTION
@LIVE_OPTION
@click.option("--dry-run", "dry", is_flag=True, help="Check everything, change nothing.")
@click.option("--verify", is_flag=True, help="Then compare each next bill with the previews in the files.")
@JSON_OPTION
@click.pass_obj
def import_file(
    open_database: Any, files: tuple[BinaryIO, ...], account_id: str, live: bool, dry: bool, verify: bool, as_json: bool
) -> None:
    """Take in objects of the wire from JSON or JSON Lines files.

    Ids are kept, and it can be repeated.

    Exits with 1 where objects were refused, each named with its reason, or where a next bill differs.
    """
    from portal.transfer.importing import Import

    if verify and dry:
        raise click.UsageError("--verify needs what --dry-run doesn't keep.")
    database: Database = open_database()
    scope = find_scope(database, account_id, live)
    run = Import(database, scope, dry=dry)
    report = _import_with_progress(run, files)
    found = _verify_with_progress(database, scope, run) if verify else None
    _print_report(report, found, as_json, dry)
    if report.refused or (found and found.differing):
        sys.exit(1)


@click.command("export")
@ACCOUNT_OPTION
@LIVE_OPTION
@click.option("--output", type=click.File("wb"), default="-", help="A file; standard output by default.")
@click.pass_obj
def export_file(open_database: Any, account_id: str, live: bool, output: BinaryIO) -> None:
    """Write every object of an account as JSON Lines.

    `portal import` reads them back. The count goes to standard error.
    """
    from portal.transfer import exporting

    database: Database = open_database()
    count = 0
    for line in exporting.json_lines(database, find_scope(database, account_id, live)):
        output.write(line)
        count += 1
    click.echo(f"{count:>9} {'object' if count == 1 else 'objects'} written", err=True)


def _import_with_progress(run: Import, files: Sequence[BinaryIO]) -> ImportReport:
    for file in files:
        if not file.seekable():
            raise click.ClickException("The file must be a plain file, as it is looked at before it is read.")
    sizes = [Path(file.name).stat().st_size for file in files]
    with click.progressbar(length=sum(sizes), label="Importing", file=sys.stderr) as bar:
        report = run.run(_read_files(files), lambda count: bar.update(max(0, _bytes_read(files) - bar.pos)))
        bar.update(sum(sizes) - bar.pos)
    return report


def _read_files(files: Sequence[BinaryIO]) -> Iterator[tuple[str, Any]]:
    """The objects of all files; where there are several, a place begins with the name of its file."""
    from portal.transfer.files import read_objects

    for file in files:
        name = f"{Path(file.name).name} " if len(files) > 1 else ""
        for place, object in read_objects(file):
            yield f"{name}{place}", object


def _bytes_read(files: Sequence[BinaryIO]) -> int:
    return sum(file.tell() for file in files)


def _verify_with_progress(database: Database, scope: Scope, run: Import) -> Verification:
    from portal.transfer.verifying import verify_bills

    with click.progressbar(length=0, label="Verifying", file=sys.stderr) as bar:
        return verify_bills(database, scope, run.previews.by_subscription, lambda: bar.update(1))


def _print_report(report: ImportReport, found: Verification | None, as_json: bool, dry: bool) -> None:
    if as_json:
        counts = {"dry_run": dry, "written": report.written, "skipped": report.skipped, "notes": report.notes}
        verified = {"verified": found.as_json()} if found else {}
        click.echo(json.dumps({**counts, "refused": [vars(each) for each in report.refused], **verified}))
        return
    for refusal in report.refused:
        click.echo(f"refused  {refusal}", err=True)
    for type, count in sorted(report.skipped.items()):
        click.echo(f"{count:>9} × {type} skipped: it has no place here")
    for note, count in sorted(report.notes.items()):
        click.echo(f"{count:>9} × {note}")
    for type, count in sorted(report.written.items()):
        click.echo(f"{count:>9} × {type}{' would be taken in' if dry else ''}")
    click.echo(f"{len(report.refused):>9} refused")
    if found:
        _print_verification(found)


def _print_verification(found: Verification) -> None:
    for each in found.differing:
        click.echo(f"differs  {each}", err=True)
    click.echo(f"{found.agreeing:>9} next bills agree with the previews")
    click.echo(f"{len(found.differing):>9} differ")
    click.echo(f"{found.unforetold:>9} have no preview in the files")
    for currency, total in sorted(found.totals.items()):
        click.echo(f"{total:>9} {currency} in minor units is the sum of all next bills")
