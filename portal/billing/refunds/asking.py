"""Which refunds a provider is asked for now, claimed among those of all accounts, and what came of each."""

from typing import cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from portal.billing.refunds import refunds
from portal.db import lock_row
from portal.leases import Lease
from portal.models import PaymentIntent, PaymentMethod, PaymentRecord, Refund
from portal.providers.interface import RefundResult, Repayment

_REFUNDS = cast(Table, Refund.__table__)
#: Longer than a provider may take to answer.
LEASE = Lease(_REFUNDS.c.ask_at, _REFUNDS.c.invoice_id, seconds=60)
#: Seconds until a provider is asked again that has not said when, or could not be reached.
ASK_AGAIN = 60


def prepare(db: Session, id: str, *, now: int) -> tuple[str, Repayment] | None:
    """The provider, and what it is asked; None where it needs not be asked any more. The invoice is locked.

    A payment that was taken back before the provider was asked is not refunded.
    """
    refund = lock_row(db, Refund, id, noun=refunds.NOUN)
    if refund.ask_at is None or refund.provider is None:
        return None
    if refund.asked_at is None:
        if lock_row(db, PaymentRecord, refund.payment_record_id or "", noun="payment record").outcome != "guaranteed":
            refunds.fail(db, refund, "charge_for_pending_refund_disputed")
            return None
        refund.asked_at = now
    charged = (
        select(PaymentIntent.provider_ref, PaymentMethod.provider_ref)
        .join(PaymentMethod, PaymentMethod.id == PaymentIntent.payment_method_id)
        .where(PaymentIntent.id == refund.payment_intent_id)
    )
    charge_ref, method_ref = db.execute(charged).one()
    return refund.provider, Repayment(
        id=refund.id,
        ref=refund.provider_ref,
        charge_ref=charge_ref or "",
        method_ref=method_ref or "",
        amount=refund.amount,
        currency=refund.currency,
        asked_at=refund.asked_at,
        now=now,
    )


def apply(db: Session, id: str, result: RefundResult, *, now: int) -> None:
    """Note the provider's answer; one that was noted before changes nothing. The invoice is locked."""
    refund = lock_row(db, Refund, id, noun=refunds.NOUN)
    if refund.status in {"canceled", "failed"}:
        return
    refund.provider_ref = result.ref
    if result.status == "failed":
        refunds.fail(db, refund, result.failure_reason)
        return
    refund.status = result.status if refund.status == "pending" else refund.status
    after = ASK_AGAIN if result.status == "pending" else None
    after = after if result.ask_again_in is None else result.ask_again_in
    refund.ask_at = None if after is None else now + after
