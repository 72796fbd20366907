"""What providers are asked now: claimed among the payment intents of all accounts, by the time of their customers."""

from typing import Any, cast

from sqlalchemy import Table, bindparam, func, select
from sqlalchemy.orm import Session

from portal.billing.disputes import records
from portal.billing.intents import attempts, results
from portal.billing.intents.choosing import choose_method
from portal.billing.invoices import instalments
from portal.billing.ledger.locks import Billed
from portal.db import find_row
from portal.leases import Lease
from portal.models import Customer, PaymentIntent, PaymentMethod, TestClock
from portal.providers.interface import Charge, Decline, DisputeReply

_INTENTS = cast(Table, PaymentIntent.__table__)
_CUSTOMERS, _CLOCKS = Customer.__table__, TestClock.__table__
_FROZEN: Any = (
    select(_CLOCKS.c.frozen_time)
    .join(_CUSTOMERS, (_CUSTOMERS.c.tenant_id == _CLOCKS.c.tenant_id) & (_CUSTOMERS.c.test_clock_id == _CLOCKS.c.id))
    .where(_CUSTOMERS.c.tenant_id == _INTENTS.c.tenant_id, _CUSTOMERS.c.id == _INTENTS.c.customer_id)
    .correlate(_INTENTS)
    .scalar_subquery()
)
#: Longer than a provider may take to answer.
LEASE = Lease(
    _INTENTS.c.claimed_until,
    _INTENTS.c.invoice_id,
    seconds=60,
    where=[_INTENTS.c.ask_at <= func.coalesce(_FROZEN, bindparam("now"))],
)
_NO_METHOD = Decline("payment_method_not_available", "There is no payment method that can be charged any more.")


def prepare(db: Session, intent: PaymentIntent, billed: Billed, *, now: int) -> Charge | None:
    """What the provider is asked now about an intent that is locked after its invoice; None where that is nothing.

    What was asked once is asked again unchanged. A new attempt is for what remains, by the method that counts now.
    """
    is_new = intent.asked_at is None or intent.status == "requires_payment_method"
    only_waits = intent.status == "requires_action" and not attempts.is_on_page(intent)
    if (is_new or only_waits) and not _needs_money(intent, billed, now):
        attempts.cancel(intent, billed.invoice, now=now)
        return None
    if is_new and not _begin(db, intent, billed, now):
        results.refuse(db, intent, billed, _NO_METHOD, now=now)
        return None
    if intent.payment_method_id is None and intent.provider_ref is None:
        results.refuse(db, intent, billed, results.NOT_CONFIRMED, now=now)  # nobody was led to a page
        return None
    return describe(db, intent, now)


def _begin(db: Session, intent: PaymentIntent, billed: Billed, now: int) -> bool:
    if intent.amount_requested is None:
        method = choose_method(db, billed.customer, billed.subscription, billed.invoice, now=now)
    else:
        method = _find_attached(db, intent)
    if method is None:
        return False
    intent.attempt += intent.status == "requires_payment_method"
    attempts.reset(intent, billed, method, now=now)
    intent.asked_at = now
    return True


def _find_attached(db: Session, intent: PaymentIntent) -> PaymentMethod | None:
    """The method that the customer has chosen, unless it was removed since."""
    method = find_row(db, PaymentMethod, intent.payment_method_id or "", noun="payment method")
    return method if method.customer_id == intent.customer_id else None


def _needs_money(intent: PaymentIntent, billed: Billed, now: int) -> bool:
    invoice = billed.invoice
    due = instalments.due_by(invoice, now) if intent.amount_requested is None else invoice.amount_remaining
    return invoice.status == "open" and due > 0


def describe(db: Session, intent: PaymentIntent, now: int) -> Charge:
    """What the provider is asked about the present attempt of an intent."""
    mine = select(PaymentMethod.provider_ref).where(PaymentMethod.id == intent.payment_method_id)
    return Charge(
        id=f"{intent.id}-{intent.attempt}",
        ref=intent.provider_ref,
        method_ref=db.scalars(mine).first() or "",
        amount=intent.amount,
        currency=intent.currency,
        asked_at=intent.asked_at or now,
        confirmed_at=intent.confirmed_at,
        now=now,
        replies=_list_replies(db, intent) if intent.status == "succeeded" else (),
    )


def _list_replies(db: Session, intent: PaymentIntent) -> tuple[DisputeReply, ...]:
    return tuple(filter(None, map(records.describe_reply, records.list_of_intent(db, intent))))
