"""Queues the mails about debits; customers of test clocks get none, as of other mails."""

from sqlalchemy.orm import Session

from portal import clock
from portal.billing.ledger.locks import Billed
from portal.models import DirectDebit
from portal.recording import notices


def announce(db: Session, billed: Billed, debit: DirectDebit) -> None:
    """Queue the mail that announces a debit to the customer."""
    if billed.customer.test_clock_id is None:
        notices.enqueue_without_event(
            db, "debit_announced", f"debit_announced:{debit.id}", customer_id=billed.customer.id, direct_debit=debit.id
        )


def tell_failure(
    db: Session, debit: DirectDebit, following: DirectDebit | None, tells_customer: bool, now: int
) -> None:
    """Queue the mails: to the customer, and to the merchant one an hour about all that failed since it began."""
    since = now - now % clock.HOUR
    notices.enqueue_without_event(db, "debits_failing", f"debits_failing:{since}", since=since)
    if tells_customer:
        notices.enqueue_without_event(
            db,
            "debit_failed",
            f"debit_failed:{debit.id}",
            customer_id=debit.customer_id,
            direct_debit=debit.id,
            next=following.collect_on.isoformat() if following else None,
        )
