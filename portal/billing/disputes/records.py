"""Records of disputes: what a provider has said of one, and debits whose money went back.

Whoever calls has locked the customer, the subscription and the invoice, and then the intent or the debit.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import ids
from portal.db import find_row
from portal.models import DirectDebit, Dispute, InvoicePayment, PaymentIntent, PaymentMethod
from portal.providers.interface import DisputeReply, DisputeState
from portal.rules.return_reasons import dispute_reason_of


def list_of_intent(db: Session, intent: PaymentIntent) -> Sequence[Dispute]:
    """The disputes of an intent, locked, oldest first."""
    mine = select(Dispute).where(Dispute.payment_intent_id == intent.id).order_by(Dispute.created, Dispute.id)
    return db.scalars(mine.with_for_update(), execution_options={"populate_existing": True}).all()


def describe_reply(dispute: Dispute) -> DisputeReply | None:
    """What the merchant answers to it; None for nothing yet."""
    if dispute.accepted_at is None and not dispute.submission_count:
        return None
    return DisputeReply(
        dispute.provider_ref or "", dispute.accepted_at is not None, dispute.submission_count, dispute.evidence
    )


def note(db: Session, intent: PaymentIntent, told: Sequence[DisputeState], *, now: int) -> bool:
    """Note the disputes of an intent as its provider knows them, each once.

    Answers whether the provider was asked before the merchant answered one of them: such a word changes nothing.
    """
    known = {each.provider_ref: each for each in list_of_intent(db, intent)} if told else {}
    is_late = False
    for state in told:
        dispute = known.get(state.ref) or _add(db, intent, state, now)
        if describe_reply(dispute) == state.reply:
            _apply(dispute, state, now)
        else:
            is_late = True
    return is_late


def note_return(db: Session, debit: DirectDebit, *, now: int) -> None:
    """Note that the money of a debit went back: nobody can say anything against that."""
    db.add(
        Dispute(
            id=ids.new("dispute"),
            created=now,
            customer_id=debit.customer_id,
            invoice_id=debit.invoice_id,
            direct_debit_id=debit.id,
            invoice_payment_id=debit.invoice_payment_id,
            payment_record_id=_find_record_id(db, debit.invoice_payment_id),
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
        invoice_payment_id=intent.invoice_payment_id,
        payment_record_id=_find_record_id(db, intent.invoice_payment_id),
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
    dispute.status, dispute.due_by, dispute.amount = state.status, state.due_by, state.amount
    if state.status.startswith("warning_"):
        return
    if dispute.funds_withdrawn_at is None:
        dispute.funds_withdrawn_at = now
    if state.status == "won" and dispute.funds_reinstated_at is None:
        dispute.funds_reinstated_at = now


def _find_record_id(db: Session, invoice_payment_id: str | None) -> str | None:
    if invoice_payment_id is None:
        return None
    return find_row(db, InvoicePayment, invoice_payment_id, noun="invoice payment").payment_record_id
