"""Numbers of invoices: one's own, else the next of the customer, or of the account where that counts for all."""

from __future__ import annotations

from itertools import count
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.db import scope_of
from portal.dialects import by_dialect
from portal.errors import InvalidRequest
from portal.models import Account, Customer, Invoice, InvoiceSequence
from portal.objects.accounts import NUMBERING
from portal.rules.numbering import invoice_number

#: How many numbers are looked at in one query where some are taken already.
BATCH = 1000


def give(db: Session, customer: Customer, invoice: Invoice) -> None:
    """Number an invoice that has none. The caller holds the customer's row; of the account one waits for the other."""
    if invoice.number is not None:
        return
    setting = of_account(db)
    if setting["scheme"] == "account":
        shared = _shared(db)
        sequence = _free(db, setting["prefix"], shared.last + 1)
        invoice.number, shared.last = invoice_number(setting["prefix"], sequence), sequence
    else:
        sequence = _free(db, customer.invoice_prefix, customer.next_invoice_sequence)
        invoice.number = invoice_number(customer.invoice_prefix, sequence)
        customer.next_invoice_sequence = sequence + 1


def choose(db: Session, invoice: Invoice, number: str | None) -> None:
    """Give a draft a number of the merchant's own. Raises `InvalidRequest` for one that another invoice has."""
    if number and db.scalar(select(Invoice.id).where(Invoice.number == number, Invoice.id != invoice.id)):
        raise InvalidRequest(
            f"An invoice with the number '{number}' already exists.", param="number", code="resource_already_exists"
        )
    invoice.number = number


def go_on_from(db: Session, sequence: int) -> None:
    """Let the account's sequence go on with this one."""
    _shared(db).last = sequence - 1


def of_account(db: Session) -> dict[str, Any]:
    """How the account numbers its invoices."""
    settings = db.get_one(Account, scope_of(db).account_id).settings
    return {**NUMBERING, **settings.get("invoices", {}).get("numbering", {})}


def _shared(db: Session) -> InvoiceSequence:
    """The account's sequence in this mode, locked until the commit."""
    tenant_id = scope_of(db).tenant_id
    db.execute(_FIRST_SEQUENCE[db.get_bind().dialect.name], {"tenant_id": tenant_id, "last": 0})
    return db.get_one(InvoiceSequence, tenant_id, with_for_update=True, populate_existing=True)


def _free(db: Session, prefix: str, first: int) -> int:
    """The first sequence from `first` on whose number no invoice has, as numbers may be chosen by hand."""
    if not db.scalar(select(Invoice.id).where(_same(invoice_number(prefix, first)))):
        return first
    for start in count(first, BATCH):
        wanted = {invoice_number(prefix, each): each for each in range(start, start + BATCH)}
        taken = set(db.scalars(select(Invoice.number).where(Invoice.number.in_(wanted))))
        if free := [each for number, each in wanted.items() if number not in taken]:
            return free[0]
    raise AssertionError("numbers never end")


def _same(number: str) -> Any:
    # by the index of searches, which looks in lower case
    return (func.lower(Invoice.number) == number.lower()) & (Invoice.number == number)


_FIRST_SEQUENCE = by_dialect(lambda insert: insert(InvoiceSequence).on_conflict_do_nothing())
