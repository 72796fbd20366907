"""Has direct debits collected: makes files for the bank, puts them into a folder, and trusts what nobody contradicts.

Below `PORTAL_DEBIT_FOLDER` each account has a folder of its id, and in it `live` and `test`. A file appears there
whole, once, under its message id; whoever takes it to the bank may move it away.
"""

import os
from pathlib import Path

from sqlalchemy import select

from portal.assembly import Services
from portal.billing.collection import due, failures, files, results, writing
from portal.billing.collection.terms import Terms, list_collecting
from portal.billing.ledger import locks
from portal.billing.payment_methods import mandate_ends
from portal.db import Scope, lock_row
from portal.models import DirectDebitFile, Mandate


def work(services: Services, now: int) -> int:
    """Make the files that are due, put them into the folder, and settle what is trusted; answers how much was done."""
    with services.database.reading() as db:
        collecting = list_collecting(db)
    return sum(
        _drop(services, scope, now)
        + _make_files(services, scope, terms, now)
        + _put_files(services, scope, now)
        + _trust(services, scope, terms, now)
        for scope, terms in collecting
    )


def end_unused_mandates(services: Services, now: int) -> int:
    """End the mandates by which nothing was collected for 36 months; answers how many."""
    with services.database.reading() as db:
        found = mandate_ends.list_unused(db, now=now)
    for scope, id in found:
        with services.database.writing(scope) as db:
            mandate_ends.end(lock_row(db, Mandate, id, noun="mandate"), "unused", now=now)
    return len(found)


def _make_files(services: Services, scope: Scope, terms: Terms, now: int) -> int:
    with services.database.reading(scope) as db:
        waiting = due.list_due(db, terms, now=now)
    made = 0
    for each in waiting:
        with services.database.writing(scope) as db:
            made += files.make_file(db, each.test_clock_id, seal=services.seal, now=each.now) is not None
    return made


def _put_files(services: Services, scope: Scope, now: int) -> int:
    folder = services.settings.debit_folder
    if folder is None:
        return 0
    with services.database.reading(scope) as db:
        waiting = db.scalars(select(DirectDebitFile.id).where(DirectDebitFile.fetched_at.is_(None))).all()
    for id in waiting:
        with services.database.writing(scope) as db:
            row = lock_row(db, DirectDebitFile, id, noun="direct debit file")
            if row.fetched_at is None:
                place = folder / scope.account_id / ("live" if scope.livemode else "test")
                _put(place / writing.file_name(row), writing.read_content(row, services.seal))
                row.fetched_at = now
    return len(waiting)


def _put(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all; one that a worker wrote before it died stays as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        return
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)


def _drop(services: Services, scope: Scope, now: int) -> int:
    with services.database.reading(scope) as db:
        found = due.list_dropped(db, now=now)
    for id, invoice_id, at in found:
        with services.database.writing(scope) as db:
            billed = locks.invoice_by_id(db, invoice_id)
            (debit,) = results.lock_debits(db, [id])
            if debit.status == "scheduled":
                failures.drop(db, debit, billed, now=at)
    return len(found)


def _trust(services: Services, scope: Scope, terms: Terms, now: int) -> int:
    with services.database.reading(scope) as db:
        found = due.list_trusted(db, terms, now=now)
    for id, invoice_id, at in found:
        with services.database.writing(scope) as db:
            billed = locks.invoice_by_id(db, invoice_id)
            (debit,) = results.lock_debits(db, [id])
            if debit.status == "processing":
                results.succeed(db, debit, billed, now=at)
    return len(found)
