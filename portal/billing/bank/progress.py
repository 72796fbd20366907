"""Matches the transfers of large files in steps, each in a transaction of its own."""

from typing import BinaryIO, NamedTuple, cast

from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from portal import clock
from portal.billing.bank import importing
from portal.billing.bank.matching import match_next
from portal.db import Database, Scope, find_row, lock_row, select_with_owner, take_turn
from portal.models import BankStatement, BankTransaction
from portal.seal import Seal

#: Transfers that are matched in one transaction of a large file.
STEP = 250


class StoredFile(NamedTuple):
    """A file that was taken in: the id of its row, how many of its transfers are new, and whether it came before."""

    id: str
    new: int
    known: bool


def list_processing(database: Database) -> list[tuple[Scope, str]]:
    """The files of any merchant whose transfers are still matched."""
    table = cast(Table, BankStatement.__table__)
    with database.reading() as db:
        rows = db.execute(select_with_owner(table, table.c.id).where(table.c.status == "processing")).all()
    return [(Scope.of(row), row.id) for row in rows]


def continue_import(database: Database, seal: Seal, scope: Scope, id: str) -> int:
    """Match the next transfers of a file that is `processing`; answers how many, 0 once it is complete."""
    with database.writing(scope) as db:
        take_turn(db, "bank")
        statement = lock_row(db, BankStatement, id, noun="bank statement")
        return (
            match_next(db, statement, seal=seal, now=clock.now(), limit=STEP) if statement.status == "processing" else 0
        )


def store_file(
    database: Database, seal: Seal, scope: Scope, file: BinaryIO, name: str, *, partial: bool = False
) -> StoredFile:
    """Take in a file. Raises as `importing.import_file`."""
    with database.writing(scope) as db:
        take_turn(db, "bank")
        known = importing.find_known(db, file)
        row = known or importing.import_file(db, file, name, partial=partial, seal=seal, now=clock.now())
        return StoredFile(row.id, row.new_count, known is not None)


def count_entries(db: Session, id: str) -> dict[str, int]:
    """What a file brought, and how many of its transfers have each status."""
    row = find_row(db, BankStatement, id, noun="bank statement")
    status = BankTransaction.status
    mine = select(status, func.count(BankTransaction.id)).where(BankTransaction.bank_statement_id == id)
    found = {str(each[0]): int(each[1]) for each in db.execute(mine.group_by(status).order_by(status))}
    counts = {"new": row.new_count, "known": row.known_count, "other": row.other_count, "refused": len(row.refused)}
    return {**counts, **found}
