"""What follows where a debit is refused, or its money is taken back later.

Whoever calls has locked the customer, the subscription and the invoice, and then the debit.
"""

from sqlalchemy.orm import Session

from portal.billing.collection import giving_up, results, scheduling, telling
from portal.billing.collection.terms import Terms, find_terms
from portal.billing.invoices import payments, statuses
from portal.billing.ledger.locks import Billed
from portal.billing.payment_methods import mandate_ends
from portal.db import find_row
from portal.models import DirectDebit, Mandate
from portal.recording import record_change, stage
from portal.rules.return_reasons import outcome_of


def fail(
    db: Session,
    debit: DirectDebit,
    billed: Billed,
    *,
    reason: str | None,
    fee: int = 0,
    tells_customer: bool = True,
    now: int,
) -> DirectDebit | None:
    """Note that a debit was refused, or its money taken back; answers with the debit that is tried next, if any.

    The invoice is open again and overdue. A reason that ends the mandate ends it. After the last attempt the account's
    setting says what becomes of the subscription.
    """
    came, debit.status = debit.status == "succeeded", "failed"
    debit.reason, debit.fee, debit.failed_at = reason, fee, now
    billed.invoice.debit = None
    if came:
        stage(db, billed.invoice)  # one file may bring the money and take it back
        results.take_back(db, debit, billed, now=now)
    mandate = find_row(db, Mandate, debit.mandate_id, noun="mandate")
    if outcome_of(reason) == "end":
        mandate_ends.end(mandate, reason or "", now=now)
    invoice = billed.invoice
    if invoice.status != "open":
        return None
    terms = find_terms(db)
    following = _try_again(db, debit, mandate, billed, terms, now) if terms else None
    _mark_unpaid(db, billed, terms if following is None else None, now, told=came)
    if billed.customer.test_clock_id is None:
        telling.tell_failure(db, debit, following, tells_customer, now)
    return following


def drop(db: Session, debit: DirectDebit, billed: Billed, *, now: int) -> None:
    """Cancel a debit whose mandate has ended; without another payment method its invoice is overdue."""
    debit.status, debit.reason = "canceled", "mandate_ended"
    billed.invoice.debit = None
    if billed.invoice.status == "open" and payments.collect(db, billed, now=now).is_stuck:
        _mark_unpaid(db, billed, find_terms(db), now)


def _mark_unpaid(db: Session, billed: Billed, terms: Terms | None, now: int, *, told: bool = False) -> None:
    """An attempt failed (which is `told` where a payment was taken back); with `terms` it was the last one."""
    invoice = billed.invoice
    if not told:
        record_change(db, invoice.tenant_id, "invoice", invoice.id, column="refused_at")
    if invoice.overdue_at is None:
        statuses.mark_overdue(db, invoice, billed.subscription, now=now)
    if terms:
        giving_up.give_up(db, billed, terms.on_exhausted, now)


def _try_again(
    db: Session, debit: DirectDebit, mandate: Mandate, billed: Billed, terms: Terms, now: int
) -> DirectDebit | None:
    day = terms.retry_day(debit.attempt, terms.day_of(now))
    if outcome_of(debit.reason) != "retry" or day is None or mandate.status != "active":
        return None
    return scheduling.schedule(
        db,
        terms,
        billed,
        mandate,
        day,
        amount=min(debit.amount, billed.invoice.amount_remaining),
        due_by=debit.due_by,
        attempt=debit.attempt + 1,
        now=now,
    )
