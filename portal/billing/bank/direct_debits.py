"""Transfers that name our direct debits: what was collected, singly or as the sum of a batch, and what comes back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from portal.billing.bank import allocations, reversals
from portal.billing.bank.payables import listed
from portal.billing.collection import failures, results
from portal.billing.collection.scheduling import UNDER_WAY
from portal.billing.ledger.locks import Billed
from portal.db import find_row
from portal.models import BankAllocation, BankTransaction, DirectDebit, DirectDebitFile
from portal.rules.debit_ids import BatchId, find_batch, is_end_to_end_id

#: Debits of a batch that one step pays.
MOST_AT_ONCE = 250


@dataclass(frozen=True)
class Told:
    """What a transfer says of debits of ours: `amounts` it can have, and those to look at in this step.

    Of a large batch there are `more`.
    """

    amounts: frozenset[int]
    debits: Sequence[DirectDebit]
    more: bool = False


@dataclass(frozen=True)
class Named:
    """What each transfer says of our debits, by the transfer's id."""

    told: Mapping[str, Told] = field(default_factory=dict)

    @property
    def invoice_ids(self) -> set[str]:
        """The invoices to lock."""
        return {debit.invoice_id for each in self.told.values() for debit in each.debits}


def find_named(db: Session, rows: Sequence[BankTransaction]) -> Named:
    """The debits that transfers name. Nothing is asked of the database where none has an id of ours."""
    singles = {row.id: row.end_to_end_id or "" for row in rows if is_end_to_end_id(row.end_to_end_id)}
    batches = {
        row.id: named
        for row in rows
        if row.id not in singles and (named := find_batch(row.reference, row.end_to_end_id, row.purpose))
    }
    found: dict[str, Told] = {}
    if singles:
        own = select(DirectDebit).where(DirectDebit.end_to_end_id.in_(listed(db, sorted(set(singles.values())))))
        by_id = {each.end_to_end_id: Told(frozenset({each.amount}), [each]) for each in db.scalars(own)}
        found |= {id: by_id[named] for id, named in singles.items() if named in by_id}
    for id, named in batches.items():
        if told := _find_batch(db, named):
            found[id] = told
    return Named(found)


def settle(db: Session, row: BankTransaction, told: Told, billed: Mapping[str, Billed], *, now: int) -> None:
    """Book what a transfer says of its debits; it waits where that can't be, and is pending while more follow."""
    if row.type == "reversal":
        _take_back(db, row, told, billed, now)
        return
    if row.amount not in told.amounts:
        row.status = "waiting"
        return
    for debit in results.lock_debits(db, [each.id for each in told.debits]):
        if debit.status in UNDER_WAY:
            _pay(db, row, debit, billed[debit.invoice_id], now)
    if told.more:
        return
    if row.amount_assigned < row.amount:
        allocations.set_aside(db, row, now=now)  # told before, or failed
    allocations.update_status(row, allocations.list_current(db, [row.id])[row.id])
    row.matched_by = "reference"


def _find_batch(db: Session, named: BatchId) -> Told | None:
    """A batch's sum, with and without what has failed, and its next debits that the bank has not answered."""
    mine: list[ColumnElement[bool]] = [
        DirectDebit.file_id.in_(select(DirectDebitFile.id).where(DirectDebitFile.message_id == named.message_id))
    ]
    if named.collect_on:
        mine += [DirectDebit.collect_on == named.collect_on, DirectDebit.sequence_type == named.sequence_type]
    failed = func.sum(case((DirectDebit.status == "failed", DirectDebit.amount), else_=0))
    total, lost = db.execute(select(func.sum(DirectDebit.amount), failed).where(*mine)).one()
    if not total:
        return None
    following = select(DirectDebit).where(*mine, DirectDebit.status.in_(UNDER_WAY)).order_by(DirectDebit.id)
    debits = db.scalars(following.limit(MOST_AT_ONCE + 1)).all()
    amounts = frozenset({int(total), int(total) - int(lost)})
    return Told(amounts, debits[:MOST_AT_ONCE], more=len(debits) > MOST_AT_ONCE)


def _pay(db: Session, row: BankTransaction, debit: DirectDebit, billed: Billed, now: int) -> None:
    now = allocations.time_of(db, billed.customer, now)
    payment = results.succeed(db, debit, billed, now=now)
    allocation = allocations.allocate(
        db, row, "invoice" if payment else "customer_balance", debit.amount, now, customer_id=debit.customer_id
    )
    allocation.invoice_id = debit.invoice_id
    allocation.invoice_payment_id = payment.id if payment else None


def _take_back(db: Session, row: BankTransaction, told: Told, billed: Mapping[str, Billed], now: int) -> None:
    """A debit that comes back; what the bank took for it is in the amount, or said beside it."""
    locked = results.lock_debits(db, [each.id for each in told.debits])
    if len(locked) != 1 or row.amount < locked[0].amount:
        row.status = "waiting"
        return
    (debit,) = locked
    owner = billed[debit.invoice_id]
    if debit.status != "failed":
        fee = row.amount - debit.amount or row.charges
        reason = None if row.return_reason == "reversal" else row.return_reason
        now = allocations.time_of(db, owner.customer, now)
        payment_id = debit.invoice_payment_id
        failures.fail(db, debit, owner, reason=reason, fee=fee, now=now)
        _release(db, row, payment_id, now)
    row.status, row.amount_assigned, row.customer_id = "assigned", row.amount, debit.customer_id


def _release(db: Session, reversal: BankTransaction, payment_id: str | None, now: int) -> None:
    """Note on the transfer that had brought the money that it went back: all of it, or a part of a batch."""
    use = (
        payment_id
        and db.scalars(
            select(BankAllocation).where(
                BankAllocation.invoice_payment_id == payment_id, BankAllocation.released_at.is_(None)
            )
        ).first()
    )
    if not use:
        return
    use.released_at = now
    original = find_row(db, BankTransaction, use.bank_transaction_id, noun="bank transaction")
    original.amount_assigned -= use.amount
    if original.amount == use.amount:
        reversals.link(original, reversal)
    else:
        allocations.set_aside(db, original, now=now)
