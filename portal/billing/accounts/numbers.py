"""Invoice numbers: set by the merchant, or the next number of the customer or of the account."""

from itertools import count
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from portal.billing.accounts import accounts
from portal.db import scope_of
from portal.dialects import by_dialect
from portal.errors import InvalidRequest
from portal.models import Customer, Invoice, InvoiceSequence
from portal.objects.accounts import NUMBERING_DEFAULTS
from portal.rules.numbering import invoice_number

#: How many numbers are looked at in one query where some are taken already.
BATCH = 1000


def assign_number(db: Session, customer: Customer, invoice: Invoice) -> None:
    """Give an invoice its number, if it has none. The caller has locked the customer."""
    if invoice.number is not None:
        return
    setting = account_numbering(db)
    if setting["scheme"] == "account":
        shared = _lock_account_sequence(db)
        sequence = _first_free_sequence(db, setting["prefix"], shared.last + 1)
        invoice.number, shared.last = invoice_number(setting["prefix"], sequence), sequence
    else:
        sequence = _first_free_sequence(db, customer.invoice_prefix, customer.next_invoice_sequence)
        invoice.number = invoice_number(customer.invoice_prefix, sequence)
        customer.next_invoice_sequence = sequence + 1


def set_number(db: Session, invoice: Invoice, number: str | None) -> None:
    """Set the merchant's own number on a draft. Raises `InvalidRequest` for a number that another invoice has."""
    if number and db.scalar(select(Invoice.id).where(Invoice.number == number, Invoice.id != invoice.id)):
        raise InvalidRequest(
            f"An invoice with the number '{number}' already exists.", param="number", code="resource_already_exists"
        )
    invoice.number = number


def continue_from(db: Session, sequence: int) -> None:
    """Make this the next sequence of the account."""
    _lock_account_sequence(db).last = sequence - 1


def account_numbering(db: Session) -> dict[str, Any]:
    """The numbering setting of the account."""
    settings = accounts.find_account(db, scope_of(db).account_id).settings
    return {**NUMBERING_DEFAULTS, **settings.get("invoices", {}).get("numbering", {})}


def _lock_account_sequence(db: Session) -> InvoiceSequence:
    """The account's sequence in this mode, locked until the commit."""
    tenant_id = scope_of(db).tenant_id
    db.execute(_FIRST_SEQUENCE[db.get_bind().dialect.name], {"tenant_id": tenant_id, "last": 0})
    return db.get_one(InvoiceSequence, tenant_id, with_for_update=True, populate_existing=True)


def _first_free_sequence(db: Session, prefix: str, first: int) -> int:
    """The first sequence from `first` on whose number is not used, as merchants may set numbers by hand."""
    wanted_first = invoice_number(prefix, first)
    if not db.scalar(_HOLDER_OF_NUMBER, {"number": wanted_first, "folded": wanted_first.lower()}):
        return first
    for start in count(first, BATCH):
        wanted = {invoice_number(prefix, each): each for each in range(start, start + BATCH)}
        taken = set(db.scalars(select(Invoice.number).where(Invoice.number.in_(wanted))))
        if free := [each for number, each in wanted.items() if number not in taken]:
            return free[0]
    raise AssertionError("numbers never end")


#: By the index of searches, which looks in lower case.
_HOLDER_OF_NUMBER = (
    select(Invoice.id)
    .where(func.lower(Invoice.number) == bindparam("folded"), Invoice.number == bindparam("number"))
    .execution_options(prebuilt=True)
)
_FIRST_SEQUENCE = by_dialect(lambda insert: insert(InvoiceSequence).on_conflict_do_nothing())
