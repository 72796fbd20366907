"""What a bank refuses of a file of refunds: they have failed, and can be made again."""

from collections.abc import Mapping, Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal.bank_files.pain002 import Answer
from portal.billing.bank.payables import listed
from portal.billing.ledger import locks
from portal.billing.refunds import balances, refunds
from portal.db import lock_row
from portal.models import CreditTransferFile, Refund
from portal.rules.transfer_ids import find_message_id

#: What the bank can say nothing about any more.
_OVER = ("canceled", "failed")


def refuse(db: Session, singles: Mapping[str, str | None], wide: Sequence[Answer]) -> int:
    """Fail single refunds by their end-to-end ids, with the bank's reasons, and whole files; answers how many."""
    named = {id: each.reason for each in wide if (id := find_message_id(each.batch_id, each.message_id))}
    if not (singles or named):
        return 0
    files = select(CreditTransferFile.id, CreditTransferFile.message_id)
    by_id = {row.id: row.message_id for row in db.execute(files.where(CreditTransferFile.message_id.in_(named)))}
    mine = or_(Refund.end_to_end_id.in_(listed(db, sorted(singles))), Refund.file_id.in_(by_id))
    wanted = select(Refund.id, Refund.invoice_id, Refund.customer_id).where(mine, Refund.status.not_in(_OVER))
    found = db.execute(wanted).all()
    locks.invoices(db, {row.invoice_id for row in found if row.invoice_id}, {row.customer_id for row in found})
    for row in found:
        refund = lock_row(db, Refund, row.id, noun=refunds.NOUN)
        if refund.status not in _OVER:
            reason = singles.get(refund.end_to_end_id or "") or named.get(by_id.get(refund.file_id or "", ""))
            whose = balances if refund.balance_transaction_id else refunds
            whose.fail(db, refund, reason)
    return len(found)
