"""Has refunds made: asks the provider outside any transaction, and makes files of those that a bank is to make.

A refund is claimed, prepared and asked for under its id. A worker that dies leaves it to the next, which asks the same;
of two that ask, the provider pays back once, and the second answer changes nothing.
"""

import logging
from dataclasses import replace
from pathlib import Path

from portal.assembly import Services
from portal.billing.accounts import provider_access
from portal.billing.ledger import locks
from portal.billing.refunds import asking, files, writing
from portal.db import Scope
from portal.errors import Conflict, Unavailable
from portal.providers.registry import PROVIDERS
from portal.worker.whole_files import write_whole

log = logging.getLogger("portal")

_MOST_AT_ONCE = 20


def work(services: Services, now: int) -> int:
    """Ask for what is due; answers how much that was."""
    with services.database.reading() as db:
        if not asking.LEASE.is_due(db, now=now):
            return 0
    with services.database.writing() as db:
        claimed = asking.LEASE.claim(db, now=now, most=_MOST_AT_ONCE)
    for row in claimed:
        _pay_back(services, Scope.of(row), row.id, row.invoice_id, now)
    return len(claimed)


def _pay_back(services: Services, scope: Scope, id: str, invoice_id: str, now: int) -> None:
    with services.database.writing(scope) as db:
        locks.invoice_by_id(db, invoice_id)
        prepared = asking.prepare(db, id, now=now)
        access = prepared and provider_access.find_access(db, prepared[0], services.seal)
    if prepared is None:
        return
    provider, repayment = prepared
    try:
        result = PROVIDERS[provider].refund(replace(repayment, access=access))
    except Exception:
        # the lease is as long as a provider that could not be reached is left alone
        log.exception("the provider %s could not be asked for %s", provider, id)
        return
    with services.database.writing(scope) as db:
        locks.invoice_by_id(db, invoice_id)
        asking.apply(db, id, result, now=now)


def put_files(services: Services, now: int) -> int:
    """Make files of the refunds that wait for one, and put them into the folder; answers how many.

    Without a folder nothing is made: whoever takes files to the bank asks for one. A file appears there whole, once,
    beside those of direct debits.
    """
    folder = services.settings.debit_folder
    if folder is None:
        return 0
    with services.database.reading() as db:
        waiting = files.list_waiting(db)
    return sum(_put_files(services, folder, scope, now) for scope in waiting)


def _put_files(services: Services, folder: Path, scope: Scope, now: int) -> int:
    try:
        with services.database.writing(scope) as db:
            files.make(db, seal=services.seal, now=now)
        with services.database.writing(scope) as db:
            waiting = files.lock_unfetched(db)
            for row in waiting:
                place = folder / scope.account_id / ("live" if scope.livemode else "test")
                write_whole(place / writing.file_name(row), writing.read_content(row, services.seal))
                files.hand_over(db, row, now=now)
        return len(waiting)
    except (Conflict, Unavailable):
        raise
    except Exception:
        # numbers that are sealed with a lost key keep no other account waiting
        log.exception("the refunds of %s can't be put into a file", scope.account_id)
        return 0
