"""Has direct debits collected: makes files for the bank, puts them into a folder, and trusts what nobody contradicts.

Below `PORTAL_DEBIT_FOLDER` each account has a folder of its id, and in it `live` and `test`. A file appears there
whole, once, under its message id; whoever takes it to the bank may move it away.
"""

import logging

from sqlalchemy import select

from portal.assembly import Services
from portal.billing.collection import due, failures, files, results, writing
from portal.billing.collection.terms import Terms, list_collecting
from portal.billing.ledger import locks
from portal.db import Scope, lock_row
from portal.errors import Conflict, Unavailable
from portal.models import DirectDebitFile
from portal.worker.whole_files import write_whole

log = logging.getLogger("portal")


def work(services: Services, now: int) -> int:
    """Make the files that are due, put them into the folder, and settle what is trusted; answers how much was done.

    An account whose debits can't be worked on, as its numbers are sealed with a lost key, keeps no other one waiting.
    """
    with services.database.reading() as db:
        collecting = list_collecting(db)
    return sum(_work_for(services, scope, terms, now) for scope, terms in collecting)


def _work_for(services: Services, scope: Scope, terms: Terms, now: int) -> int:
    try:
        return (
            _drop(services, scope, now)
            + _make_files(services, scope, terms, now)
            + _put_files(services, scope, now)
            + _trust(services, scope, terms, now)
        )
    except (Conflict, Unavailable):
        raise
    except Exception:
        log.exception("the direct debits of %s can't be worked on", scope.account_id)
        return 0


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
                write_whole(place / writing.file_name(row), writing.read_content(row, services.seal))
                row.fetched_at = now
    return len(waiting)


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
