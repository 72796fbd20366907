"""Records of disputes: what a provider has said of one, and debits whose money went back.

Whoever calls has locked the customer, the subscription and the invoice, and then the intent or the debit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.disputes.params import OPEN
from portal.db import find_row
from portal.models import DirectDebit, Dispute, InvoicePayment, PaymentIntent, PaymentMethod
from portal.providers.interface import DisputeReply, DisputeState
from portal.rules.return_reasons import dispute_reason_of


@dataclass(frozen=True)
class Noted:
    """What is new of the disputes of an intent: those whose money has gone, or more of it, and those that were won.

    `is_late`: the provider was asked before the merchant answered one of them. Such a word changes nothing.
    """

    is_late: bool = False
    gone: tuple[Dispute, ...] = ()
    won: tuple[Dispute, ...] = ()


def list_of_intent(db: Session, intent: PaymentIntent) -> Sequence[Dispute]:
    """The disputes of an intent, locked, oldest first."""
    mine = select(Dispute).where(Dispute.payment_intent_id == intent.id).order_by(Dispute.created, Dispute.id)
    return db.scalars(mine.with_for_update(), execution_options={"populate_existing": True}).all()


def describe_reply(dispute: Dispute) -> DisputeReply | None:
    """What the merchant answers to it; None for nothing yet.

    Evidence that is kept until it is handed in is none: as long as it waits for an answer, that was not given.
    """
    if dispute.accepted_at is None and not dispute.submission_count:
        return None
    return DisputeReply(
        dispute.provider_ref or "",
        dispute.accepted_at is not None,
        dispute.submission_count,
        {} if dispute.status in OPEN else dispute.evidence,
        of_inquiry=dispute.status.startswith("warning_"),
    )


def note(db: Session, intent: PaymentIntent, told: Sequence[DisputeState], *, now: int) -> Noted:
    """Note the disputes of an intent as its provider knows them, each once."""
    known = {each.provider_ref: each for each in list_of_intent(db, intent)} if told else {}
    if any(state.ref in known and describe_reply(known[state.ref]) != state.reply for state in told):
        return Noted(is_late=True)
    gone, won = [], []
    for state in told:
        dispute = known.get(state.ref) or _add(db, intent, state, now)
        before = count_gone(dispute.status, dispute.amount) if state.ref in known else 0
        _apply(dispute, state, now)
        if count_gone(state.status, state.amount) > before:
            gone.append(dispute)
        elif before and state.status == "won":
            won.append(dispute)
    return Noted(gone=tuple(gone), won=tuple(won))


def count_gone(status: str, amount: int) -> int:
    """How much of the money of a dispute is gone: an inquiry takes none, and that of one that was won came back."""
    return 0 if status == "won" or status.startswith("warning_") else amount


def note_return(db: Session, debit: DirectDebit, *, now: int) -> None:
    """Note that the money of a debit went back: nobody can say anything against that."""
    payment = find_payment(db, debit.invoice_payment_id)
    db.add(
        Dispute(
            id=ids.new("dispute"),
            created=now,
            customer_id=debit.customer_id,
            invoice_id=debit.invoice_id,
            direct_debit_id=debit.id,
            invoice_payment_id=debit.invoice_payment_id,
            payment_record_id=payment.payment_record_id if payment else None,
            amount=debit.amount,
            currency=debit.currency,
            reason=dispute_reason_of(debit.reason),
            network_reason_code=debit.reason,
            status="lost",
            funds_withdrawn_at=now,
        )
    )


def _add(db: Session, intent: PaymentIntent, state: DisputeState, now: int) -> Dispute:
    method = find_row(db, PaymentMethod, intent.payment_method_id or "", noun="payment method")
    brand = method.details.get("brand") or "unknown"
    payment = find_payment(db, intent.invoice_payment_id, status="paid")
    card = {
        "brand": brand,
        "case_type": "inquiry" if state.status.startswith("warning_") else "chargeback",
        "network": brand,
        "network_reason_code": state.network_reason_code,
    }
    dispute = Dispute(
        id=ids.new("dispute"),
        created=now,
        customer_id=intent.customer_id,
        invoice_id=intent.invoice_id,
        payment_intent_id=intent.id,
        invoice_payment_id=payment.id if payment else None,
        payment_record_id=payment.payment_record_id if payment else None,
        provider_ref=state.ref,
        amount=state.amount,
        currency=intent.currency,
        reason=state.reason,
        network_reason_code=state.network_reason_code,
        status=state.status,
        payment_method_details={"type": method.type, "card": card},
        evidence={},
        submission_count=0,
        metadata_={},
    )
    db.add(dispute)
    return dispute


def _apply(dispute: Dispute, state: DisputeState, now: int) -> None:
    """Note what a provider says; an answer that it has refused, or that has ended nothing, was not given."""
    dispute.status, dispute.due_by, dispute.amount = state.status, state.due_by, state.amount
    if state.status in OPEN:
        dispute.accepted_at = None
    if state.is_refused and dispute.submission_count:
        dispute.submission_count -= 1
    if state.status.startswith("warning_"):
        return
    if dispute.funds_withdrawn_at is None:
        dispute.funds_withdrawn_at = now
    if state.status == "won" and dispute.funds_reinstated_at is None:
        dispute.funds_reinstated_at = now


def find_payment(db: Session, id: str | None, *, status: str | None = None) -> InvoicePayment | None:
    """The payment of an invoice by its id, None where there is none, or none of this status."""
    if id is None:
        return None
    found = find_row(db, InvoicePayment, id, noun="invoice payment")
    return found if status in {None, found.status} else None
