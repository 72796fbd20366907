"""What merchants answer to disputes: it counts at once, and the worker tells the provider as it asks the next time."""

from sqlalchemy.orm import Session

from portal.billing.disputes.params import OPEN, CloseDispute, UpdateDispute
from portal.billing.intents import attempts
from portal.billing.ledger import locks
from portal.db import lock_and_refresh
from portal.errors import InvalidRequest
from portal.models import Dispute
from portal.wire.commands import merge_metadata

NOUN = "dispute"
#: Characters of all evidence of a dispute, as at the reference.
_MOST_EVIDENCE = 150_000


def update(db: Session, dispute: Dispute, command: UpdateDispute, *, now: int) -> Dispute:
    """Keep evidence, and hand it in. Raises `InvalidRequest` for a dispute that takes no evidence, and for too much."""
    is_submitted = command.submit and (command.was_sent("evidence") or command.was_sent("submit"))
    _lock(db, dispute)
    if command.was_sent("metadata"):
        dispute.metadata_ = merge_metadata(dispute.metadata_, command.metadata)
    if command.evidence is not None or is_submitted:
        _refuse_over(dispute, "evidence")
    if command.evidence is not None:
        kept = dispute.evidence | command.evidence.sent_values()
        dispute.evidence = {name: text for name, text in kept.items() if text is not None}
    if sum(map(len, dispute.evidence.values())) > _MOST_EVIDENCE:
        raise InvalidRequest(f"Evidence has up to {_MOST_EVIDENCE} characters in all.", param="evidence")
    if is_submitted:
        _submit(db, dispute, now)
    return dispute


def close(db: Session, dispute: Dispute, command: CloseDispute, *, now: int) -> Dispute:
    """Accept a dispute. Raises `InvalidRequest` for one that is decided, or that the bank looks at."""
    _lock(db, dispute)
    _refuse_over(dispute, None)
    dispute.accepted_at = now
    dispute.status = "warning_closed" if dispute.status.startswith("warning_") else "lost"
    _tell(db, dispute, now)
    return dispute


def _submit(db: Session, dispute: Dispute, now: int) -> None:
    if not dispute.evidence:
        raise InvalidRequest("There is no evidence to hand in.", param="evidence")
    dispute.submission_count += 1
    dispute.accepted_at = None
    dispute.status = "warning_under_review" if dispute.status.startswith("warning_") else "under_review"
    _tell(db, dispute, now)


def _tell(db: Session, dispute: Dispute, now: int) -> None:
    attempts.ask_again(attempts.lock(db, dispute.payment_intent_id or ""), now)


def _lock(db: Session, dispute: Dispute) -> None:
    """Lock the invoice, the intent and then the dispute, as whoever notes a provider's answer does."""
    locks.invoice_by_id(db, dispute.invoice_id)
    if dispute.payment_intent_id is not None:
        attempts.lock(db, dispute.payment_intent_id)
    lock_and_refresh(db, dispute, noun=NOUN)


def _refuse_over(dispute: Dispute, param: str | None) -> None:
    if dispute.status not in OPEN:
        raise InvalidRequest(f"This dispute has the status {dispute.status}: it takes no answer.", param=param)
