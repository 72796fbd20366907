"""The attempts of a payment intent: begun in the transaction of whoever wants the money, made by a worker.

Whoever calls has locked the customer, the subscription and the invoice, and then the intent.
"""

import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock, ids
from portal.billing.invoices import instalments
from portal.billing.ledger.locks import Billed
from portal.db import lock_row
from portal.models import Invoice, PaymentIntent, PaymentMethod
from portal.providers.registry import HOSTED

NOUN = "payment intent"
#: Free to be claimed by a worker.
_FREE = 0


def find_latest(db: Session, invoice: Invoice) -> PaymentIntent | None:
    """The latest intent of an invoice."""
    mine = select(PaymentIntent).where(PaymentIntent.invoice_id == invoice.id)
    return db.scalars(mine.order_by(PaymentIntent.created.desc(), PaymentIntent.id.desc()).limit(1)).first()


def lock(db: Session, id: str) -> PaymentIntent:
    """An intent as it is now, locked. Raises `ResourceMissing`."""
    return lock_row(db, PaymentIntent, id, noun=NOUN)


def begin(
    db: Session,
    billed: Billed,
    method: PaymentMethod,
    latest: PaymentIntent | None,
    *,
    requested: int | None = None,
    now: int,
) -> PaymentIntent:
    """Note the next attempt to charge what remains of an invoice: of its intent, or of a new one where that is over.

    `requested` is what the customer has asked for, of what remains: no other method is charged then, and the day of
    the next attempt by itself stays as it was.
    """
    intent = _next(db, billed, latest, requested, now)
    reset(intent, billed, method, now=now)
    return intent


def begin_on_page(
    db: Session,
    billed: Billed,
    provider: str,
    latest: PaymentIntent | None,
    *,
    requested: int,
    keeps: bool,
    now: int,
) -> PaymentIntent:
    """Note an attempt that the customer pays on a page of the provider, by what is given there, and perhaps kept.

    The page is made by whoever leads there; where nobody is led there within a day, the attempt has failed.
    """
    intent = _next(db, billed, latest, requested, now)
    _clear(intent, billed, provider, now)
    intent.status, intent.payment_method_id, intent.asked_at = "requires_action", None, now
    intent.setup_future_usage = "off_session" if keeps else None
    ask_again(intent, now + clock.DAY)
    return intent


def _next(db: Session, billed: Billed, latest: PaymentIntent | None, requested: int | None, now: int) -> PaymentIntent:
    if latest is None or latest.status in {"canceled", "succeeded"}:
        latest = _make(billed, now)
        db.add(latest)
    else:
        latest.attempt += 1
        latest.resume_at = latest.ask_at if requested is not None else None
    latest.amount_requested = requested
    return latest


def is_on_page(intent: PaymentIntent) -> bool:
    """Whether an attempt can still be paid on a page of the provider, which is asked until that page has ended."""
    hosted = HOSTED.get(intent.provider)
    return intent.status == "requires_action" and hosted is not None and hosted.is_page(intent.provider_ref or "")


def ask_again(intent: PaymentIntent, at: int | None) -> None:
    """Have the provider asked again at a moment; None for never."""
    intent.ask_at, intent.claimed_until = at, None if at is None else _FREE


def wait(intent: PaymentIntent) -> None:
    """Nothing happens by itself any more: the customer or the merchant has to act."""
    intent.status = "requires_payment_method"
    ask_again(intent, None)


def resume(db: Session, intent: PaymentIntent, billed: Billed, *, now: int) -> None:
    """Go on by itself after an attempt that the customer has asked for: charge the rest on the day it was to be."""
    at, intent.amount_requested, intent.resume_at = intent.resume_at, None, None
    due = 0 if at is None else instalments.due_by(billed.invoice, at)
    if at is None or billed.invoice.status != "open" or not due:
        return
    if intent.status == "succeeded":
        rest = _make(billed, now)
        rest.attempt, rest.amount = intent.attempt - 1, due
        rest.payment_method_id, rest.provider = intent.payment_method_id, intent.provider
        db.add(rest)
        intent = rest
    wait(intent)
    ask_again(intent, at)


def cancel(intent: PaymentIntent, invoice: Invoice, *, now: int) -> None:
    """Give an intent up whose invoice needs no money any more."""
    intent.status, intent.canceled_at = "canceled", now
    intent.cancellation_reason = "void_invoice" if invoice.status == "void" else "automatic"
    ask_again(intent, None)


def reset(intent: PaymentIntent, billed: Billed, method: PaymentMethod, *, now: int) -> None:
    """Make an attempt one that was not asked for yet, of what is to be paid by now."""
    _clear(intent, billed, method.provider or "", now)
    intent.status, intent.payment_method_id = "processing", method.id
    ask_again(intent, now)


def _clear(intent: PaymentIntent, billed: Billed, provider: str, now: int) -> None:
    wanted = intent.amount_requested or instalments.due_by(billed.invoice, now)
    intent.amount, intent.provider = min(wanted, billed.invoice.amount_remaining), provider
    intent.provider_ref = intent.asked_at = intent.confirmed_at = intent.last_payment_error = None
    intent.setup_future_usage = None


def _make(billed: Billed, now: int) -> PaymentIntent:
    id = ids.new("payment_intent")
    return PaymentIntent(
        id=id,
        created=now,
        customer_id=billed.customer.id,
        invoice_id=billed.invoice.id,
        currency=billed.invoice.currency,
        attempt=1,
        amount_received=0,
        client_secret=f"{id}_secret_{secrets.token_urlsafe(24)}",
    )
