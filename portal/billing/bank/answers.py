"""Takes in a bank's answer (pain.002) to a file of direct debits or refunds: what it refuses has failed."""

from collections.abc import Iterable, Sequence
from typing import BinaryIO

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from portal.bank_files import pain002
from portal.bank_files.pain002 import Answer
from portal.billing.bank import refund_answers
from portal.billing.bank.allocations import time_of
from portal.billing.bank.payables import listed
from portal.billing.collection import failures, results
from portal.billing.collection.scheduling import UNDER_WAY
from portal.billing.ledger import locks
from portal.models import BankStatement, DirectDebit, DirectDebitFile
from portal.rules.debit_ids import find_batch

#: The file came before: what it holds is under way by the first one.
_DUPLICATES = frozenset({"AM05", "DUPL", "DU01", "DU02", "DU03", "DU04", "DU05"})

#: Debits that are locked by one statement, as a database takes only so many values.
_AT_ONCE = 500
#: Bytes in which the kind of a message is named.
_HEAD = 1024


def is_answer(file: BinaryIO) -> bool:
    """Whether a file is such an answer."""
    file.seek(0)
    return pain002.is_answer(file.read(_HEAD))


def read_answer(db: Session, file: BinaryIO, statement: BankStatement, *, now: int) -> None:
    """Book what the bank refuses: single debits, or all of a batch or file. Raises `UnreadableFile`.

    Of a file that is refused as a whole the merchant is told, not the customers: it is no fault of theirs.
    """
    file.seek(0)
    answers = list(pain002.read_answers(file))
    refused = [each for each in answers if each.refused]
    singles = {each.end_to_end_id: each.reason for each in refused if each.end_to_end_id}
    found = dict(_find_singles(db, singles))
    wide = [each for each in refused if not each.end_to_end_id and each.reason not in _DUPLICATES]
    for each in wide:
        found |= {id: row for id, row in _find_batch(db, each) if id not in found}
    reasons = {row.id: singles.get(row.end_to_end_id) or _wide_reason(wide) for row in found.values()}
    _refuse(db, list(found.values()), reasons, {row.id for row in found.values() if row.end_to_end_id in singles}, now)
    refunded = refund_answers.refuse(db, singles, wide)
    statement.new_count, statement.other_count = len(found) + refunded, len(answers) - len(refused)
    statement.format, statement.status = "pain.002", "complete"


def _refuse(db: Session, rows: Sequence[DirectDebit], reasons: dict[str, str | None], own: set[str], now: int) -> None:
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        billed = locks.invoices(db, {row.invoice_id for row in some})
        for debit in results.lock_debits(db, [row.id for row in some]):
            if debit.status in UNDER_WAY:
                owner = billed[debit.invoice_id]
                at = time_of(db, owner.customer, now)
                failures.fail(db, debit, owner, reason=reasons[debit.id], tells_customer=debit.id in own, now=at)


def _wide_reason(wide: Sequence[Answer]) -> str | None:
    return next((each.reason for each in wide if each.reason), None)


def _find_singles(db: Session, ids: Iterable[str]) -> Iterable[tuple[str, DirectDebit]]:
    named = sorted(set(ids))
    own = select(DirectDebit).where(DirectDebit.end_to_end_id.in_(listed(db, named)))
    return [(row.id, row) for row in db.scalars(own)] if named else []


def _find_batch(db: Session, answer: Answer) -> Iterable[tuple[str, DirectDebit]]:
    named = find_batch(answer.batch_id, answer.message_id)
    if named is None:
        return []
    files = select(DirectDebitFile.id).where(DirectDebitFile.message_id == named.message_id)
    mine: list[ColumnElement[bool]] = [DirectDebit.file_id.in_(files), DirectDebit.status.in_(UNDER_WAY)]
    if named.collect_on:
        mine += [DirectDebit.collect_on == named.collect_on, DirectDebit.sequence_type == named.sequence_type]
    return [(row.id, row) for row in db.scalars(select(DirectDebit).where(*mine))]
