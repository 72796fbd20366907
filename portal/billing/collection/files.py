"""Makes the files by which a bank is asked to collect, each debit in one file alone."""

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.collection import claims
from portal.billing.collection.terms import find_terms
from portal.billing.collection.writing import Planned, write_file
from portal.db import Database, find_row, lock_row, scope_of, take_turn
from portal.errors import InvalidRequest
from portal.models import DirectDebitFile
from portal.rules.settlement_days import add_settlement_days
from portal.seal import Seal
from portal.wire.commands import ExpandableCommand, Id, ListCommand, TimestampFilter

_NOUN = "direct debit file"


class CreateFile(ExpandableCommand):
    """A file of what is due now, of the customers of a test clock where one is named."""

    test_clock: Id | None = None


class ListFiles(ListCommand):
    created: TimestampFilter = None


def create(db: Session, command: CreateFile, *, seal: Seal, now: int) -> DirectDebitFile:
    """Make a file now. Raises `InvalidRequest` where the account doesn't collect, or nothing is due."""
    if find_terms(db) is None:
        raise InvalidRequest(
            "Nothing is collected: set settings[direct_debit] (creditor_id, creditor_name, iban) of the account first."
        )
    made = make_file(db, command.test_clock, seal=seal, now=now)
    if made is None:
        raise InvalidRequest("No direct debit is due to be sent to the bank now.")
    return made


def fetch(db: Session, database: Database, id: str, *, now: int) -> DirectDebitFile:
    """A file that goes to the bank, which is noted in a transaction of its own. Raises `ResourceMissing`."""
    row = find_row(db, DirectDebitFile, id, noun=_NOUN)
    if row.fetched_at is None:
        with database.writing(scope_of(db)) as changing:
            fetched = lock_row(changing, DirectDebitFile, id, noun=_NOUN)
            fetched.fetched_at = fetched.fetched_at or now
    return row


def make_file(db: Session, test_clock_id: str | None, *, seal: Seal, now: int) -> DirectDebitFile | None:
    """Put the debits that are due into a file; those whose invoice needs no money any more are canceled.

    None where nothing is left. Only one transaction of a tenant does this at a time.
    """
    take_turn(db, "direct_debits")
    terms = find_terms(db)
    if terms is None:
        return None
    today = terms.day_of(now)
    claimed = claims.claim(db, terms.file_horizon(today), test_clock_id)
    wanted = [row for row in claimed if claims.needs_money(row) and claims.has_mandate(row)]
    claims.cancel(db, [row for row in claimed if not claims.needs_money(row)])
    if not wanted:
        return None
    earliest = add_settlement_days(today, 1)
    planned = [_plan(row, earliest) for row in wanted]
    file = write_file(terms, planned, seal, now)
    db.add(file)
    db.flush()
    claims.note_in_file(db, file, planned)
    return file


def _plan(row: Any, earliest: date) -> Planned:
    # the first of a series may be RCUR like the others (EPC016-06 since 2016), so one that fails changes none of them
    sequence_type = "OOFF" if row.mandate_type == "single_use" else "RCUR"
    return Planned(row, claims.amount_of(row), max(row.collect_on, earliest), sequence_type)
