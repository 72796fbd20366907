"""Matches the transfers of large files in steps, each in a transaction of its own."""

from typing import cast

from sqlalchemy import Table
from sqlalchemy.orm import Session

from portal.billing.bank.matching import match_next
from portal.db import Database, Scope, find_row, lock_row, select_with_owner, take_turn
from portal.models import BankStatement
from portal.seal import Seal

#: Transfers that are matched in one transaction of a large file.
STEP = 250


def list_processing(database: Database) -> list[tuple[Scope, str]]:
    """The files of any merchant whose transfers are still matched."""
    table = cast(Table, BankStatement.__table__)
    with database.reading() as db:
        rows = db.execute(select_with_owner(table, table.c.id).where(table.c.status == "processing")).all()
    return [(Scope.of(row), row.id) for row in rows]


def continue_import(database: Database, seal: Seal, scope: Scope, id: str, now: int) -> int:
    """Match the next transfers of a file that is `processing`; answers how many, 0 once it is complete."""
    with database.writing(scope) as db:
        take_turn(db, "bank")
        statement = lock_row(db, BankStatement, id, noun="bank statement")
        return match_next(db, statement, seal=seal, now=now, limit=STEP) if statement.status == "processing" else 0


def find_statement(db: Session, id: str) -> BankStatement:
    """A file that was taken in. Raises `ResourceMissing`."""
    return find_row(db, BankStatement, id, noun="bank statement")
