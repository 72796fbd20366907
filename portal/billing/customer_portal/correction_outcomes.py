"""What becomes of the invoice that a correction has made: who is told of it, and what collects it."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.billing.collection.coming_debits import ComingDebit, find_coming_debit
from portal.billing.intents import attempts
from portal.billing.invoices import mailing
from portal.db import find_row
from portal.models import Customer, Invoice


@dataclass(frozen=True)
class CorrectionOutcome:
    """With `mailed` it goes out by mail; `debit` collects it from a bank account; if `charged`, a card pays it now."""

    mailed: bool
    debit: ComingDebit | None
    charged: bool


def find_outcome(db: Session, new: Invoice) -> CorrectionOutcome:
    """What becomes of a new invoice by itself."""
    customer = find_row(db, Customer, new.customer_id, noun="customer")
    is_charged = attempts.find_latest(db, new) is not None
    return CorrectionOutcome(mailing.has_addressee(customer), find_coming_debit(db, new), is_charged)
