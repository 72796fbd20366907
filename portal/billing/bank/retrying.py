"""Transfers that wait are matched again, as an invoice that they name may have been finalized since they came.

The rules are those of an import, but that who has paid before decides nothing: a transfer that names nothing waits for
people. So does one of which something was used or taken back, as somebody has looked at it.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from portal import clock
from portal.billing.bank import matching
from portal.billing.bank.own_accounts import find_tolerance
from portal.billing.bank.payables import find_payables
from portal.db import OWNER, Database, Scope, take_turn
from portal.models import BankAllocation, BankTransaction, Journal, Tenant
from portal.rules.bank_matching import match_transfer
from portal.seal import Seal

#: Seconds for which a transfer is tried again.
TRIED_FOR = 90 * clock.DAY
_STEP = 250


def list_waiting(database: Database) -> list[tuple[Scope, int]]:
    """The merchants for whom transfers wait, each with a number that every change of its records raises."""
    waits = exists().where(
        BankTransaction.tenant_id == Tenant.id, BankTransaction.status == "waiting", BankTransaction.type == "credit"
    )
    columns = (Tenant.id.label("tenant_id"), *OWNER, Journal.last)
    found = select(*columns).outerjoin(Journal, Journal.tenant_id == Tenant.id).where(waits)
    with database.reading() as db:
        rows = db.execute(found.execution_options(every_tenant=True)).all()
    return [(Scope.of(row), row.last or 0) for row in rows]


def retry_waiting(database: Database, seal: Seal, scope: Scope, *, now: int) -> int:
    """Match a merchant's transfers that wait again; answers how many were booked.

    What has changed is looked for without holding up who writes.
    """
    booked, after = 0, ""
    while True:
        with database.reading(scope) as db:
            rows = _load_next(db, after, now)
            changed = _find_changed(db, rows, seal)
        if changed:
            with database.writing(scope) as db:
                take_turn(db, "bank")
                booked += matching.match_again(db, changed, seal=seal, now=now)
        if len(rows) < _STEP:
            return booked
        after = rows[-1].id


def _load_next(db: Session, after: str, now: int) -> Sequence[BankTransaction]:
    used = exists().where(
        BankAllocation.tenant_id == BankTransaction.tenant_id, BankAllocation.bank_transaction_id == BankTransaction.id
    )
    statement = select(BankTransaction).where(
        BankTransaction.status == "waiting",
        BankTransaction.type == "credit",
        BankTransaction.created > now - TRIED_FOR,
        BankTransaction.id > after,
        ~used,
    )
    return db.scalars(statement.order_by(BankTransaction.id).limit(_STEP)).all()


def _find_changed(db: Session, rows: Iterable[BankTransaction], seal: Seal) -> list[str]:
    """Those of which an invoice is known by now, or others than they suggest."""
    by_id = {row.id: row for row in rows}
    found = find_payables(db, list(by_id.values()), seal, by_payer=False)
    tolerance = find_tolerance(db) if found else 0
    changed = []
    for id, each in found.items():
        row = by_id[id]
        match = match_transfer(row.amount, row.currency, each, tolerance=tolerance)
        if match.reason and (match.is_sure or matching.list_suggestions(match) != row.suggestions):
            changed.append(id)
    return changed
