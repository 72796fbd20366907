"""`portal bank import`: takes in bank statements."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import click

from portal.commands.options import ACCOUNT_OPTION, LIVE_OPTION, find_scope

if TYPE_CHECKING:
    from portal.db import Database, Scope
    from portal.seal import Seal


@click.command("import")
@click.argument("files", type=click.Path(exists=True, dir_okay=False, path_type=Path), nargs=-1, required=True)
@ACCOUNT_OPTION
@LIVE_OPTION
@click.option("--partial", is_flag=True, help="Take in what can be read of a file, and name the rest.")
@click.pass_obj
def import_statements(open_database: Any, files: Sequence[Path], account_id: str, live: bool, partial: bool) -> None:
    """Take in camt.052, camt.053, camt.054 and MT940 files.

    Sure transfers pay their invoices, the rest waits; the same file twice changes nothing. Exits with 1 where a file
    was refused, with the reason.
    """
    from portal.commands.environment import build_own_seal
    from portal.errors import InvalidRequest

    database: Database = open_database()
    scope, seal = find_scope(database, account_id, live), build_own_seal()
    refused = 0
    for path in files:
        try:
            click.echo(f"{path.name}: {_import_file(database, scope, seal, path, partial)}")
        except InvalidRequest as error:
            refused += 1
            click.echo(f"{path.name}: refused. {error.message}", err=True)
    if refused:
        sys.exit(1)


def _import_file(database: Database, scope: Scope, seal: Seal, path: Path, partial: bool) -> str:
    from portal.billing.bank import progress

    with path.open("rb") as file, _progress(path.stat().st_size, "Reading") as bar:
        watched = cast(BinaryIO, _WatchedFile(file, lambda place: bar.update(max(0, place - bar.pos))))
        stored = progress.store_file(database, seal, scope, watched, path.name, partial=partial)
    with _progress(stored.new, "Matching") as bar:
        while done := progress.continue_import(database, seal, scope, stored.id):
            bar.update(done)
    with database.reading(scope) as db:
        counts = progress.count_entries(db, stored.id)
    brought = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if count) or "empty"
    return f"taken in before; {brought}" if stored.known else brought


def _progress(length: int, label: str) -> Any:
    """A bar for who watches; a log has no use for it."""
    return click.progressbar(length=length, label=label, file=sys.stderr, hidden=not sys.stderr.isatty())


class _WatchedFile(io.RawIOBase):
    """A file that tells how far it was read."""

    def __init__(self, file: BinaryIO, tell_place: Callable[[int], None]) -> None:
        self._file, self._tell_place = file, tell_place

    def read(self, size: int = -1) -> bytes:
        content = self._file.read(size)
        self._tell_place(self._file.tell())
        return content

    def seek(self, place: int, whence: int = 0) -> int:
        return self._file.seek(place, whence)

    def tell(self) -> int:
        return self._file.tell()

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._file)
