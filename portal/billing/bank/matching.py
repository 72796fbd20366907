"""Matches transfers that were taken in to invoices, and books those that are sure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal.billing.bank import allocations, direct_debits, reversals
from portal.billing.bank.own_accounts import find_tolerance
from portal.billing.bank.payables import find_payables
from portal.billing.ledger import locks
from portal.billing.ledger.locks import Billed
from portal.models import BankStatement, BankTransaction
from portal.rules import invoices as invoice_rules
from portal.rules.bank_matching import Found, Match, Payable, match_transfer
from portal.seal import Seal


def match_next(db: Session, statement: BankStatement, *, seal: Seal, now: int, limit: int | None = None) -> int:
    """Match the next transfers of a file and book the sure ones; answers how many. The last ones complete the file.

    The invoices are locked before anything is decided, so a transfer is never booked by what was true before.
    """
    mine = (BankTransaction.bank_statement_id == statement.id, BankTransaction.status == "pending")
    rows = _lock_rows(db, select(BankTransaction).where(*mine).order_by(BankTransaction.id).limit(limit))
    _match_rows(db, rows, seal, now=now)
    if (limit is None or len(rows) < limit) and all(row.status != "pending" for row in rows):
        statement.status = "complete"
    return len(rows)


def match_again(db: Session, ids: Sequence[str], *, seal: Seal, now: int) -> int:
    """Match these transfers again by what they name, those of which nothing is used; answers how many are booked."""
    waiting = (BankTransaction.status == "waiting", BankTransaction.amount_assigned == 0)
    chosen = select(BankTransaction).where(BankTransaction.id.in_(ids), *waiting)
    locked = _lock_rows(db, chosen.order_by(BankTransaction.id))
    # what names a debit is settled as it comes, or by people
    debits = direct_debits.find_named(db, locked).told
    rows = [row for row in locked if row.id not in debits]
    _match_rows(db, rows, seal, by_payer=False, now=now)
    return sum(row.status == "assigned" for row in rows)


def _match_rows(db: Session, rows: Sequence[BankTransaction], seal: Seal, *, by_payer: bool = True, now: int) -> None:
    named = direct_debits.find_named(db, rows)
    others = [row for row in rows if row.id not in named.told]
    found = find_payables(db, others, seal, by_payer=by_payer)
    tolerance = find_tolerance(db)
    first = {
        row.id: match_transfer(row.amount, row.currency, found[row.id], tolerance=tolerance)
        for row in rows
        if row.id in found
    }
    earlier = reversals.find_earlier(db, [row for row in others if row.type == "reversal"])
    wanted = {part.invoice_id for match in first.values() if match.is_sure for part in match.parts}
    billed = locks.invoices(db, {*wanted, *earlier.invoice_ids, *named.invoice_ids}, earlier.customer_ids)
    for row in rows:
        if row.id in named.told:
            direct_debits.settle(db, row, named.told[row.id], billed, now=now)
        elif row.type == "reversal":
            reversals.settle(db, row, earlier, billed, now=now)
        else:
            match = first.get(row.id, Match())
            if match.is_sure:
                match = match_transfer(row.amount, row.currency, _refresh(found[row.id], billed), tolerance=tolerance)
            _book(db, row, match, billed, now=now)


def _lock_rows(db: Session, chosen: Select[BankTransaction]) -> Sequence[BankTransaction]:
    return db.scalars(chosen.with_for_update(), execution_options={"populate_existing": True}).all()


def _refresh(found: Found, billed: Mapping[str, Billed]) -> Found:
    """The same invoices as they are now that they are locked, without those that are paid in the meantime."""
    return replace(
        found,
        by_reference=_refresh_group(found.by_reference, billed),
        by_number=_refresh_group(found.by_number, billed),
        by_payer=_refresh_group(found.by_payer, billed),
    )


def _refresh_group(group: Iterable[Payable], billed: Mapping[str, Billed]) -> list[Payable]:
    held = [(each, billed[each.id].invoice if each.id in billed else None) for each in group]
    return [
        each
        if invoice is None
        else replace(each, amount_remaining=invoice.amount_remaining, amount_next=invoice.amount_next)
        for each, invoice in held
        if invoice is None or (invoice_rules.allows_verb("pay", invoice.status) and invoice.amount_remaining)
    ]


def list_suggestions(match: Match) -> list[dict[str, str | int | None]]:
    """What is suggested to people where a match is not sure, as a transfer keeps it."""
    return [{"amount": part.amount, "invoice": part.invoice_id, "reason": match.reason} for part in match.parts]


def _book(db: Session, row: BankTransaction, match: Match, billed: Mapping[str, Billed], *, now: int) -> None:
    """Book a match that is sure and whose invoices are locked; keep any other one as a suggestion."""
    if match.is_sure and all(part.invoice_id in billed for part in match.parts):
        for part in match.parts:
            allocations.pay_invoice(db, row, billed[part.invoice_id], part, now=now)
        row.status, row.matched_by = "assigned", match.reason
        owners = {part.customer_id for part in match.parts}
        row.customer_id = owners.pop() if len(owners) == 1 else None
        return
    row.status = "waiting"
    row.suggestions = list_suggestions(match)
