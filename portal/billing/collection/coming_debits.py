"""Open invoices that are being collected: nobody has to pay them by another way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.orm import Session

from portal.billing.collection.scheduling import UNDER_WAY
from portal.models import DirectDebit, Invoice, Mandate, PaymentMethod


@dataclass(frozen=True)
class ComingDebit:
    """A debit whose result is not known yet; `amount` in minor units. Once `asked`, the bank has its file."""

    invoice_id: str
    amount: int
    currency: str
    collect_on: date
    last4: str
    asked: bool


def list_coming_debits(db: Session | Connection, tenant_id: int, customer_id: str) -> Sequence[ComingDebit]:
    """The debits under way for a customer's open invoices, the next first."""
    rows = db.execute(_DEBITS_UNDER_WAY, {"tenant_id": tenant_id, "customer_id": customer_id}).all()
    return [
        ComingDebit(
            invoice_id=row.invoice_id,
            amount=min(row.amount, row.amount_remaining),
            currency=row.currency,
            collect_on=row.collect_on,
            last4=row.details["last4"],
            asked=row.status == "processing",
        )
        for row in rows
    ]


def find_coming_debit(db: Session, invoice: Invoice) -> ComingDebit | None:
    """The debit under way for an invoice; None where nobody collects it."""
    if invoice.status != "open":
        return None
    found = list_coming_debits(db, invoice.tenant_id, invoice.customer_id)
    return next((each for each in found if each.invoice_id == invoice.id), None)


_DEBITS, _INVOICES = DirectDebit.__table__, Invoice.__table__
_MANDATES, _METHODS = Mandate.__table__, PaymentMethod.__table__
#: Open invoices that a debit is under way for: not to be paid by hand.
IS_COLLECTED = (
    select(_DEBITS.c.id)
    .where(
        _DEBITS.c.tenant_id == _INVOICES.c.tenant_id,
        _DEBITS.c.invoice_id == _INVOICES.c.id,
        _DEBITS.c.status.in_(UNDER_WAY),
    )
    .correlate(_INVOICES)
    .exists()
)
_DEBITS_UNDER_WAY = (
    select(
        _DEBITS.c.invoice_id,
        _DEBITS.c.amount,
        _INVOICES.c.amount_remaining,
        _DEBITS.c.currency,
        _DEBITS.c.collect_on,
        _DEBITS.c.status,
        _METHODS.c.details,
    )
    .join(_DEBITS, (_DEBITS.c.tenant_id == _INVOICES.c.tenant_id) & (_DEBITS.c.invoice_id == _INVOICES.c.id))
    .join(_MANDATES, (_MANDATES.c.tenant_id == _DEBITS.c.tenant_id) & (_MANDATES.c.id == _DEBITS.c.mandate_id))
    .join(_METHODS, (_METHODS.c.tenant_id == _DEBITS.c.tenant_id) & (_METHODS.c.id == _MANDATES.c.payment_method_id))
    .where(
        _INVOICES.c.tenant_id == bindparam("tenant_id"),
        _INVOICES.c.customer_id == bindparam("customer_id"),
        _INVOICES.c.status == "open",
        _INVOICES.c.amount_remaining > 0,
        _DEBITS.c.status.in_(UNDER_WAY),
    )
    .select_from(_INVOICES)
    .order_by(_DEBITS.c.collect_on, _DEBITS.c.id)
)
