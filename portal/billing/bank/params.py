"""Parameters of bank statements and the transfers on them."""

from typing import Annotated, Literal

from pydantic import PlainValidator

from portal.billing.accounts.files import Upload, parse_upload
from portal.wire.commands import (
    MAX_AMOUNT,
    Command,
    ExpandableCommand,
    Flag,
    Id,
    ListCommand,
    ListOf,
    TimestampFilter,
    integer_between,
    schema_override,
)


class ImportStatement(ExpandableCommand):
    """A file of a bank; `partial` takes in what can be read of it."""

    file: Annotated[Upload, PlainValidator(parse_upload), schema_override(type="string", format="binary")]
    partial: Flag = False


class ListStatements(ListCommand):
    created: TimestampFilter = None


class ListTransactions(ListCommand):
    bank_statement: Id | None = None
    created: TimestampFilter = None
    customer: Id | None = None
    status: Literal["assigned", "pending", "reversed", "set_aside", "waiting"] | None = None


class AssignedInvoice(Command):
    """An invoice, and what it gets; without an amount what remains to be paid, as far as the transfer reaches."""

    amount: Annotated[int, integer_between(1, MAX_AMOUNT)] | None = None
    invoice: Id


class AssignTransaction(ExpandableCommand):
    """What a transfer is for: invoices, and then a customer's balance or nothing for the rest of it."""

    customer_balance: Id | None = None
    invoices: ListOf[AssignedInvoice] = []
    set_aside: Flag = False
    suggested: Flag = False


class ReverseTransaction(ExpandableCommand):
    """`reversed_by` is the transaction by which the bank took the money back."""

    reversed_by: Id | None = None
