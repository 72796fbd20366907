"""`portal bank`: takes in bank statements, lists what waits, and says what a transfer is for."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import click

from portal.commands.options import ACCOUNT_OPTION, JSON_OPTION, LIVE_OPTION, find_scope

if TYPE_CHECKING:
    from portal.db import Database, Scope
    from portal.models import BankTransaction
    from portal.seal import Seal


@click.group()
def bank() -> None:
    """Bank statements of an account, and the transfers on them."""


@bank.command("import")
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
    from portal.errors import InvalidRequest

    database: Database = open_database()
    scope, seal = find_scope(database, account_id, live), _build_seal()
    refused = 0
    for path in files:
        try:
            click.echo(f"{path.name}: {_import_file(database, scope, seal, path, partial)}")
        except InvalidRequest as error:
            refused += 1
            click.echo(f"{path.name}: refused. {error.message}", err=True)
    if refused:
        sys.exit(1)


@bank.command("list")
@ACCOUNT_OPTION
@LIVE_OPTION
@JSON_OPTION
@click.pass_obj
def list_waiting(open_database: Any, account_id: str, live: bool, as_json: bool) -> None:
    """List the transfers that wait, oldest first, with the invoices that are suggested."""
    from sqlalchemy import select

    from portal.commands.environment import print_rows
    from portal.models import BankTransaction

    database: Database = open_database()
    with database.reading(find_scope(database, account_id, live)) as db:
        waiting = select(BankTransaction).where(BankTransaction.status == "waiting")
        rows = db.scalars(waiting.order_by(BankTransaction.created, BankTransaction.id)).all()
        print_rows([_describe(row) for row in rows], as_json=as_json)
    if not rows:
        click.echo("Nothing waits.", err=True)


@bank.command("assign")
@click.argument("transaction_id")
@ACCOUNT_OPTION
@LIVE_OPTION
@click.option("--invoice", "invoices", multiple=True, help="An invoice that it pays; ID=AMOUNT gives it minor units.")
@click.option("--customer-balance", metavar="CUSTOMER", help="The rest goes to the balance of this customer.")
@click.option("--set-aside", is_flag=True, help="The rest is used for nothing here.")
@click.option("--suggested", is_flag=True, help="Pay the invoices that are suggested.")
@click.option("--reverse", is_flag=True, help="Take back what the transfer was used for, before all else.")
@click.pass_obj
def assign_transaction(
    open_database: Any, /, transaction_id: str, account_id: str, live: bool, reverse: bool, **sent: Any
) -> None:
    """Say what a transfer is for: invoices, and then a customer's balance or nothing for the rest."""
    from portal import clock
    from portal.billing.bank import assignments
    from portal.billing.bank.params import AssignTransaction, ReverseTransaction
    from portal.db import find_row
    from portal.models import BankTransaction
    from portal.wire.commands import parse_command

    database: Database = open_database()
    with database.writing(find_scope(database, account_id, live)) as db:
        row = find_row(db, BankTransaction, transaction_id, noun="bank transaction")
        if reverse:
            assignments.reverse(db, row, ReverseTransaction(), now=clock.now())
        if values := _read_options(**sent):
            assignments.assign(db, row, parse_command(AssignTransaction, values), now=clock.now())
    click.echo(f"{row.id} is {row.status}: {row.amount_assigned} of {row.amount} {row.currency} assigned")


def _read_options(
    invoices: Sequence[str], customer_balance: str | None, set_aside: bool, suggested: bool
) -> dict[str, Any]:
    wanted = []
    for each in invoices:
        id, _, amount = each.partition("=")
        wanted.append({"invoice": id, "amount": amount} if amount else {"invoice": id})
    values: dict[str, Any] = {"invoices": wanted} if wanted else {}
    values |= {"customer_balance": customer_balance} if customer_balance else {}
    values |= {"set_aside": "true"} if set_aside else {}
    return values | ({"suggested": "true"} if suggested else {})


def _build_seal() -> Seal:
    from portal.assembly import build_seal
    from portal.settings import from_environment

    return build_seal(from_environment())


def _import_file(database: Database, scope: Scope, seal: Seal, path: Path, partial: bool) -> str:
    from portal import clock
    from portal.billing.bank import importing, progress
    from portal.objects import render_one

    size = path.stat().st_size
    with path.open("rb") as file, click.progressbar(length=size, label=path.name, file=sys.stderr) as bar:
        watched = _WatchedFile(file, lambda place: bar.update(max(0, place - bar.pos)))
        with database.writing(scope) as db:
            statement = importing.import_file(
                db, cast(BinaryIO, watched), path.name, partial=partial, seal=seal, now=clock.now()
            )
            id, count = statement.id, statement.new_count
    with click.progressbar(length=count, label="Matching", file=sys.stderr) as bar:
        while done := progress.continue_import(database, seal, scope, id, clock.now()):
            bar.update(done)
    with database.reading(scope) as db:
        shown = render_one(db, "bank_statement", progress.find_statement(db, id), links=None)  # type: ignore[arg-type]
    counts = {**shown["entries"], **shown["transactions"], "refused": len(shown["entries"]["refused"])}
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if count) or "empty"


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


def _describe(row: BankTransaction) -> dict[str, str]:
    from portal import i18n

    left = i18n.decimal_amount(row.amount - row.amount_assigned, row.currency)
    return {
        "id": row.id,
        "booked_on": row.booked_on.isoformat(),
        "left": f"{'-' if row.type == 'reversal' else ''}{left} {row.currency}",
        "payer": row.payer_name or "-",
        "purpose": " ".join(row.purpose.split())[:140] or "-",
        "suggestions": " ".join(f"{each['invoice']}={each['amount']}" for each in row.suggestions) or "-",
    }
