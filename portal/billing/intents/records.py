"""Records of what a provider has charged: payments, and credit of what no invoice needed."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from portal.billing.disputes import records as dispute_records
from portal.billing.disputes.records import Noted
from portal.billing.intents import attempts
from portal.billing.invoices import payment_records
from portal.billing.ledger import balances
from portal.billing.payment_methods import cards, own_methods
from portal.billing.payment_methods.params import BillingDetails
from portal.db import find_row
from portal.models import Customer, PaymentIntent, PaymentMethod, PaymentRecord
from portal.providers.interface import DisputeState, KeptMethod


def keep_given(db: Session, intent: PaymentIntent, customer: Customer, given: KeptMethod, *, now: int) -> None:
    """Name what was given on the provider's page as what was charged.

    It is the customer's from now on where the customer wants that, and never charged again where not.
    """
    holder, has_none = BillingDetails(name=given.holder), customer.default_payment_method_id is None
    if intent.setup_future_usage and customer.deleted_at is None:
        method = own_methods.keep_card(db, customer.id, given, holder, default=has_none, now=now)
    else:
        method = cards.store(db, given, holder, now=now)
        method.detached_from = customer.id
    db.flush()
    intent.payment_method_id = method.id


def create(db: Session, intent: PaymentIntent, customer: Customer, *, now: int) -> PaymentRecord:
    """The payment of an intent that succeeded."""
    method = find_row(db, PaymentMethod, intent.payment_method_id or "", noun="payment method")
    return payment_records.create_for_method(
        db,
        customer,
        method,
        intent.amount,
        intent.currency,
        shown=method.details,
        reference=intent.provider_ref,
        description=f"Payment {intent.id}",
        initiated_at=intent.asked_at or now,
        customer_presence="on_session" if intent.confirmed_at else "off_session",
        now=now,
    )


def adjust_balance(db: Session, intent: PaymentIntent, customer: Customer, amount: int, *, now: int) -> None:
    """Put money that no invoice needs on the customer's balance (negative), or take it off."""
    if not amount:
        return
    added = balances.add_transaction(db, customer, "adjustment", amount, intent.currency, now=now)
    added.description = f"Payment {intent.id}{', disputed' if amount > 0 else ''}"


def note_disputes(db: Session, intent: PaymentIntent, told: Sequence[DisputeState], *, now: int) -> Noted:
    """Note what the provider knows of disputes; it is asked again where it did not know all that was answered."""
    noted = dispute_records.note(db, intent, told, now=now)
    if noted.is_late:
        attempts.ask_again(intent, now)
    return noted
