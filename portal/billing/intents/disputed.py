"""What becomes of the money of payments that customers dispute.

Whoever calls has locked the customer, the subscription and the invoice, and then the intent.
"""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from portal.billing.disputes.records import Noted, count_gone, find_payment
from portal.billing.intents import paying, records, telling
from portal.billing.invoices import payments, statuses
from portal.billing.ledger.locks import Billed
from portal.models import Dispute, PaymentIntent
from portal.providers.interface import ChargeResult
from portal.recording import stage


def note(db: Session, intent: PaymentIntent, billed: Billed, result: ChargeResult, *, now: int) -> None:
    """Note the disputes that a provider's answer tells of, and what that means for the invoice.

    The payment is taken back once nothing of it is left, and pays again once a dispute was won and something is left.
    What a dispute of a part takes is for the merchant to settle.
    """
    noted = records.note_disputes(db, intent, result.disputes, now=now)
    if noted.is_late:
        return
    if intent.disputed_at is None and _has_gone(db, intent, result, noted):
        stage(db, billed.invoice)  # one answer may tell that the money came and went
        _take_back(db, intent, billed, now)
    elif intent.disputed_at is not None and _is_back(db, intent, result):
        _put_back(db, intent, billed, now)
    elif intent.disputed_at is None:
        _tell_parts(db, intent, billed, noted.gone, won=False)
        _tell_parts(db, intent, billed, noted.won, won=True)


def _has_gone(db: Session, intent: PaymentIntent, result: ChargeResult, noted: Noted) -> bool:
    """Whether nothing is left by this answer; what a merchant has refunded since an earlier one opens no invoice."""
    is_new = bool(noted.gone) or not result.disputes
    return is_new and result.status == "disputed" and not _is_left(db, intent, result)


def _is_back(db: Session, intent: PaymentIntent, result: ChargeResult) -> bool:
    has_won = any(each.status == "won" for each in result.disputes)
    return result.status == "reinstated" or (has_won and _is_left(db, intent, result))


def _is_left(db: Session, intent: PaymentIntent, result: ChargeResult) -> bool:
    gone = sum(count_gone(each.status, each.amount) for each in result.disputes)
    return bool(result.disputes) and gone < paying.count_left(db, intent)


def _tell_parts(db: Session, intent: PaymentIntent, billed: Billed, parts: Sequence[Dispute], *, won: bool) -> None:
    for dispute in parts:
        telling.tell_dispute_of_part(db, intent, billed, dispute, won=won)


def _put_back(db: Session, intent: PaymentIntent, billed: Billed, now: int) -> None:
    """Note that a dispute was won: the payment pays again. What was paid in another way meanwhile becomes credit."""
    intent.disputed_at = None
    paying.pay(db, intent, billed, now=now)
    telling.tell_dispute(db, intent, billed, won=True, now=now)


def _take_back(db: Session, intent: PaymentIntent, billed: Billed, now: int) -> None:
    intent.disputed_at = now
    telling.tell_dispute(db, intent, billed, won=False, now=now)
    payment = find_payment(db, intent.invoice_payment_id, status="paid")
    if payment is None:
        records.adjust_balance(db, intent, billed.customer, paying.count_left(db, intent), now=now)
        return
    payments.take_back(db, billed, payment, outcome="failed", now=now)
    if billed.invoice.status == "open" and billed.invoice.overdue_at is None:
        statuses.mark_overdue(db, billed.invoice, billed.subscription, now=now)
