"""What people decide about transfers: what one is for, and that it was not for that."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.bank import allocations, reversals
from portal.billing.bank.params import AssignedInvoice, AssignTransaction, ReverseTransaction
from portal.billing.invoices import statuses
from portal.billing.ledger import locks
from portal.billing.ledger.locks import Billed
from portal.db import find_row, lock_and_refresh, lock_row
from portal.errors import InvalidRequest, ResourceMissing, params_within
from portal.models import BankTransaction, Customer
from portal.rules.bank_matching import Part

_NOUN = "bank transaction"


def assign(db: Session, row: BankTransaction, command: AssignTransaction, *, now: int) -> BankTransaction:
    """Use what is left of a transfer for invoices, then for a customer's balance or for nothing.

    Of an amount larger than what remains of its invoice the rest becomes credit of the customer, as of any payment.
    What is named by nothing waits on. Raises `InvalidRequest` where nothing is left, or more is named than is left.
    """
    lock_and_refresh(db, row, noun=_NOUN)
    _refuse_unassignable(row, command)
    wanted = _list_wanted(row, command)
    further = [command.customer_balance] if command.customer_balance else []
    billed = locks.invoices(db, {each.invoice for each in wanted}, further)
    for number, each in enumerate(wanted):
        with params_within(f"invoices[{number}]"):
            _pay(db, row, each, billed, now=now)
    if row.amount_assigned < row.amount:
        _use_rest(db, row, command, now=now)
    row.suggestions = [] if row.amount_assigned == row.amount else row.suggestions
    allocations.update_status(row, allocations.list_current(db, [row.id])[row.id])
    return row


def reverse(db: Session, row: BankTransaction, command: ReverseTransaction, *, now: int) -> BankTransaction:
    """Take back everything that a transfer was used for: its invoices are open again, and it waits.

    With `reversed_by` the bank has taken the money back, and the transfer is `reversed`. Of a reversal it is taken
    back that it belongs to a transfer. Raises `InvalidRequest` where there is nothing to take back.
    """
    lock_and_refresh(db, row, noun=_NOUN)
    if row.type == "reversal":
        return _detach(db, row, now=now)
    reversal = _find_reversal(db, row, command.reversed_by) if command.reversed_by else None
    uses = allocations.list_current(db, [row.id])[row.id]
    if row.status == "reversed" or (not uses and reversal is None):
        raise InvalidRequest("There is nothing to take back: this transfer is used for nothing.")
    billed = locks.invoices(
        db,
        {use.invoice_id for use in uses if use.invoice_id},
        [use.customer_id for use in uses if use.customer_id],
    )
    reversals.take_back(db, row, uses, billed, outcome="failed" if reversal else "canceled", now=now)
    if reversal:
        reversals.link(row, reversal)
    return row


def _refuse_unassignable(row: BankTransaction, command: AssignTransaction) -> None:
    if row.status == "pending":
        raise InvalidRequest("This transfer is being matched; wait until its statement is complete.")
    if row.status == "reversed":
        raise InvalidRequest("The bank has taken this transfer back.")
    if row.amount_assigned == row.amount:
        raise InvalidRequest("Nothing is left of this transfer. Take back what it was used for first.")
    if row.type == "reversal" and not command.set_aside:
        raise InvalidRequest("A reversal can only be set aside, or named where the earlier transfer is reversed.")
    if command.customer_balance and command.set_aside:
        raise InvalidRequest("The rest goes to the balance, or is set aside.", param="set_aside")
    if command.suggested and command.invoices:
        raise InvalidRequest("Send the invoices, or suggested=true.", param="suggested")
    if not (command.suggested or command.invoices or command.customer_balance or command.set_aside):
        raise InvalidRequest("Say what the transfer is for: invoices, customer_balance, set_aside or suggested.")


def _list_wanted(row: BankTransaction, command: AssignTransaction) -> list[AssignedInvoice]:
    if not command.suggested:
        return _refuse_twice(command.invoices)
    if not row.suggestions:
        raise InvalidRequest("Nothing is suggested for this transfer.", param="suggested")
    return [AssignedInvoice(invoice=each["invoice"], amount=each["amount"]) for each in row.suggestions]


def _refuse_twice(wanted: list[AssignedInvoice]) -> list[AssignedInvoice]:
    if len({each.invoice for each in wanted}) < len(wanted):
        raise InvalidRequest("An invoice is named twice.", param="invoices")
    return wanted


def _pay(db: Session, row: BankTransaction, wanted: AssignedInvoice, billed: dict[str, Billed], *, now: int) -> None:
    found = billed.get(wanted.invoice)
    if found is None:
        raise ResourceMissing("invoice", wanted.invoice, param="invoice")
    statuses.refuse_wrong_status("pay", found.invoice)
    if found.invoice.currency != row.currency:
        raise InvalidRequest(
            f"The transfer is in {row.currency}, the invoice in {found.invoice.currency}.", param="invoice"
        )
    left = row.amount - row.amount_assigned
    amount = min(left, found.invoice.amount_remaining) if wanted.amount is None else wanted.amount
    if not 0 < amount <= left:
        raise InvalidRequest(f"Only {left} of the transfer is left.", param="amount")
    part = Part(found.invoice.id, found.customer.id, amount)
    allocations.pay_invoice(db, row, found, part, now=now)


def _use_rest(db: Session, row: BankTransaction, command: AssignTransaction, *, now: int) -> None:
    if command.customer_balance:
        customer = find_row(db, Customer, command.customer_balance, noun="customer", param="customer_balance")
        if customer.deleted_at is not None:
            raise ResourceMissing("customer", customer.id, param="customer_balance")
        allocations.credit_customer(db, row, customer, now=now)
    elif command.set_aside:
        allocations.set_aside(db, row, now=now)


def _find_reversal(db: Session, row: BankTransaction, id: str) -> BankTransaction:
    reversal = lock_row(db, BankTransaction, id, noun=_NOUN, param="reversed_by")
    if reversal.type != "reversal" or reversal.status != "waiting":
        raise InvalidRequest("That is no reversal that waits.", param="reversed_by")
    if (reversal.amount, reversal.currency) != (row.amount, row.currency):
        raise InvalidRequest("The reversal is over another amount.", param="reversed_by")
    return reversal


def _detach(db: Session, row: BankTransaction, *, now: int) -> BankTransaction:
    """Undo that a reversal belongs to a transfer, or that it was set aside."""
    uses = allocations.list_current(db, [row.id])[row.id]
    originals: Sequence[BankTransaction] = db.scalars(
        select(BankTransaction).where(BankTransaction.reversed_by_id == row.id).with_for_update()
    ).all()
    if not uses and not originals:
        raise InvalidRequest("There is nothing to take back: this reversal belongs to no transfer.")
    for original in originals:
        reversals.unlink(original, row)
    reversals.take_back(db, row, uses, {}, outcome="canceled", now=now)
    return row
