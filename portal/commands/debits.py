"""`portal debit`: lists the files of direct debits, and writes them for the bank."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portal.commands.options import ACCOUNT_OPTION, JSON_OPTION, LIVE_OPTION, find_scope

if TYPE_CHECKING:
    from portal.db import Database
    from portal.models import DirectDebitFile


@click.group()
def debit() -> None:
    """Direct debits of an account, and their files for the bank."""


@debit.command("files")
@ACCOUNT_OPTION
@LIVE_OPTION
@JSON_OPTION
@click.pass_obj
def list_files(open_database: Any, account_id: str, live: bool, as_json: bool) -> None:
    """List the files that were made, oldest first."""
    from sqlalchemy import select

    from portal.commands.environment import print_rows
    from portal.models import DirectDebitFile

    database: Database = open_database()
    with database.reading(find_scope(database, account_id, live)) as db:
        rows = db.scalars(select(DirectDebitFile).order_by(DirectDebitFile.created, DirectDebitFile.id)).all()
        print_rows([_describe(row) for row in rows], as_json=as_json)
    if not rows:
        click.echo("No file was made.", err=True)


@debit.command("export")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@ACCOUNT_OPTION
@LIVE_OPTION
@click.option("--file", "file_id", help="Write this file again, instead of one of what is due now.")
@click.pass_obj
def export_file(open_database: Any, folder: Path, account_id: str, live: bool, file_id: str | None) -> None:
    """Write a file for the bank into FOLDER.

    It holds the debits that are due now; the worker makes no other file of them.
    """
    from portal import clock
    from portal.billing.collection import files, writing
    from portal.commands.environment import build_own_seal
    from portal.db import find_row
    from portal.models import DirectDebitFile

    database: Database = open_database()
    seal, now = build_own_seal(), clock.now()
    with database.writing(find_scope(database, account_id, live)) as db:
        if file_id:
            row = find_row(db, DirectDebitFile, file_id, noun="direct debit file")
        else:
            row = files.create(db, files.CreateFile(), seal=seal, now=now)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / writing.file_name(row)
        path.write_bytes(writing.read_content(row, seal))
        row.fetched_at = row.fetched_at or now
    click.echo(f"{path}: {row.count} debits, {_sum(row)}")


def _describe(row: DirectDebitFile) -> dict[str, str]:
    from portal import clock

    fetched = clock.utc_datetime(row.fetched_at).isoformat(timespec="seconds") if row.fetched_at else "-"
    return {
        "id": row.id,
        "created": clock.utc_datetime(row.created).isoformat(timespec="seconds"),
        "message_id": row.message_id,
        "format": row.format,
        "debits": str(row.count),
        "amount": _sum(row),
        "fetched": fetched,
    }


def _sum(row: DirectDebitFile) -> str:
    from portal import i18n

    return f"{i18n.decimal_amount(row.amount, row.currency)} {row.currency}"
