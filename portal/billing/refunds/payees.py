"""Whose bank account a payment came from, so that a credit transfer can give it back."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.accounts import accounts
from portal.db import find_row, scope_of
from portal.errors import InvalidRequest, MissingParameter
from portal.models import (
    BankAllocation,
    BankTransaction,
    Customer,
    DirectDebit,
    InvoicePayment,
    Mandate,
    PaymentMethod,
    PaymentRecord,
)
from portal.rules.payers import payer_of


@dataclass(frozen=True)
class Payee:
    """The name on a bank account, and its sealed number."""

    name: str
    sealed: bytes


def find_payee(db: Session, payment: InvoicePayment, record: PaymentRecord) -> Payee | None:
    """The account that was debited or that a transfer came from.

    None where it isn't known, for other currencies than the euro, and where the merchant has named no account to pay
    from.
    """
    if record.currency != "eur" or payer_of(accounts.find_account(db, scope_of(db).account_id).settings) is None:
        return None
    return _debited(db, payment) or _transferred(db, payment)


def list_kept(db: Session, customer_id: str) -> Sequence[PaymentMethod]:
    """The bank accounts that a customer keeps, the newest first."""
    mine = select(PaymentMethod).where(PaymentMethod.customer_id == customer_id, PaymentMethod.sealed.is_not(None))
    return db.scalars(mine.order_by(PaymentMethod.created.desc(), PaymentMethod.id.desc())).all()


def find_kept(db: Session, customer_id: str, payment_method_id: str | None) -> Payee:
    """The bank account that a customer keeps as this payment method, by default the one that is debited.

    Raises `ResourceMissing` or `InvalidRequest` for one that is none of the customer's bank accounts.
    """
    customer = find_row(db, Customer, customer_id, noun="customer", param="customer")
    id = payment_method_id or customer.default_payment_method_id
    if id is None:
        raise MissingParameter("payment_method", why="the customer has no default one")
    method = find_row(db, PaymentMethod, id, noun="payment method", param="payment_method")
    if method.customer_id != customer.id or method.sealed is None:
        raise InvalidRequest("This is no bank account of the customer.", param="payment_method")
    return Payee((method.billing_details or {}).get("name") or customer.name or "", method.sealed)


def _debited(db: Session, payment: InvoicePayment) -> Payee | None:
    statement = (
        select(PaymentMethod.sealed, PaymentMethod.billing_details, Customer.name)
        .select_from(DirectDebit)
        .join(Mandate, Mandate.id == DirectDebit.mandate_id)
        .join(PaymentMethod, PaymentMethod.id == Mandate.payment_method_id)
        .join(Customer, Customer.id == DirectDebit.customer_id)
        .where(DirectDebit.invoice_id == payment.invoice_id, DirectDebit.invoice_payment_id == payment.id)
    )
    found = db.execute(statement).first()
    if found is None or found.sealed is None:
        return None
    return Payee((found.billing_details or {}).get("name") or found.name or "", found.sealed)


def _transferred(db: Session, payment: InvoicePayment) -> Payee | None:
    statement = (
        select(BankTransaction.payer_sealed, BankTransaction.payer_name)
        .join(BankAllocation, BankAllocation.bank_transaction_id == BankTransaction.id)
        .where(BankAllocation.invoice_payment_id == payment.id, BankAllocation.released_at.is_(None))
    )
    found = db.execute(statement).first()
    return Payee(found.payer_name or "", found.payer_sealed) if found and found.payer_sealed else None
