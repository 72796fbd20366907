"""Transfers that the bank took back: each takes back what the transfer before it was used for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal.billing.bank import allocations
from portal.billing.ledger.locks import Billed
from portal.db import find_row
from portal.models import BankAllocation, BankTransaction, Customer
from portal.rules.creditor_references import plain_key


@dataclass(frozen=True)
class Earlier:
    """The transfer that each reversal takes back, by the reversal's id, and what these are used for."""

    transfers: Mapping[str, BankTransaction] = field(default_factory=dict)
    uses: Mapping[str, list[BankAllocation]] = field(default_factory=dict)

    @property
    def invoice_ids(self) -> set[str]:
        """The invoices to lock."""
        return {use.invoice_id for uses in self.uses.values() for use in uses if use.invoice_id}

    @property
    def customer_ids(self) -> set[str]:
        """The customers to lock."""
        return {use.customer_id for uses in self.uses.values() for use in uses if use.customer_id}


def find_earlier(db: Session, rows: Sequence[BankTransaction]) -> Earlier:
    """The transfers that reversals take back, locked; a reversal that fits none, or several, has none."""
    found: dict[str, BankTransaction] = {}
    for row in rows:
        fitting = [each for each in _load_fitting(db, row) if each not in found.values()]
        alike = [each for each in fitting if plain_key(each.purpose) == plain_key(row.purpose)] or fitting
        if len(alike) == 1:
            found[row.id] = alike[0]
    return Earlier(found, allocations.list_current(db, [each.id for each in found.values()]) if found else {})


def settle(db: Session, row: BankTransaction, earlier: Earlier, billed: Mapping[str, Billed], *, now: int) -> None:
    """Take back what the earlier transfer was used for; a reversal without one waits."""
    original = earlier.transfers.get(row.id)
    if original is None:
        row.status = "waiting"
        return
    uses = allocations.list_current(db, [original.id])[original.id]
    take_back(db, original, uses, billed, outcome="failed", now=now)
    link(original, row)


def take_back(
    db: Session,
    row: BankTransaction,
    uses: Sequence[BankAllocation],
    billed: Mapping[str, Billed],
    *,
    outcome: str,
    now: int,
) -> None:
    """Take back everything that a transfer is used for, newest first; it waits again."""
    for use in reversed(uses):
        customer = find_row(db, Customer, use.customer_id, noun="customer") if use.customer_id else None
        allocations.release(
            db, row, use, billed[use.invoice_id] if use.invoice_id else None, customer, outcome=outcome, now=now
        )
    row.status, row.customer_id, row.matched_by = "waiting", None, None


def link(original: BankTransaction, reversal: BankTransaction) -> None:
    """Note that a transfer was taken back by a reversal."""
    original.status, original.reversed_by_id = "reversed", reversal.id
    reversal.status, reversal.amount_assigned = "assigned", reversal.amount


def unlink(original: BankTransaction, reversal: BankTransaction) -> None:
    """Note that it was not: both wait again."""
    original.status, original.reversed_by_id = "waiting", None
    reversal.status, reversal.amount_assigned = "waiting", 0


def _load_fitting(db: Session, row: BankTransaction) -> Sequence[BankTransaction]:
    """Earlier credits of the same amount and day or before, of the same payer or with the same end-to-end id."""
    same = [BankTransaction.payer_key == row.payer_key] if row.payer_key else []
    same += [BankTransaction.end_to_end_id == row.end_to_end_id] if row.end_to_end_id else []
    if not same:
        return []
    statement = select(BankTransaction).where(
        or_(*same),
        BankTransaction.type == "credit",
        BankTransaction.status != "reversed",
        BankTransaction.amount == row.amount,
        BankTransaction.currency == row.currency,
        BankTransaction.booked_on <= row.booked_on,
    )
    found = db.scalars(statement.order_by(BankTransaction.id).limit(20).with_for_update()).all()
    return [each for each in found if _agrees(each, row)]


def _agrees(original: BankTransaction, reversal: BankTransaction) -> bool:
    pairs = ((original.payer_key, reversal.payer_key), (original.end_to_end_id, reversal.end_to_end_id))
    return all(one is None or other is None or one == other for one, other in pairs)
