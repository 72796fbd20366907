"""`portal bank`: lists the transfers that wait, and says what one is for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from portal.commands.options import ACCOUNT_OPTION, JSON_OPTION, LIVE_OPTION, find_scope

if TYPE_CHECKING:
    from portal.db import Database
    from portal.models import BankTransaction


@click.group()
def bank() -> None:
    """Bank statements of an account, and the transfers on them."""


@bank.command("list")
@ACCOUNT_OPTION
@LIVE_OPTION
@JSON_OPTION
@click.pass_obj
def list_waiting(open_database: Any, account_id: str, live: bool, as_json: bool) -> None:
    """List the transfers that wait, oldest first.

    Each comes with the invoices that are suggested.
    """
    from sqlalchemy import select

    from portal.commands.environment import print_rows
    from portal.models import BankTransaction

    database: Database = open_database()
    with database.reading(find_scope(database, account_id, live)) as db:
        waiting = select(BankTransaction).where(BankTransaction.status == "waiting")
        rows = db.scalars(waiting.order_by(BankTransaction.created, BankTransaction.id)).all()
        print_rows([_describe(row) for row in rows], as_json=as_json)
    if not rows:
        click.echo("Nothing waits.", err=True)


@bank.command("assign")
@click.argument("transaction_id")
@ACCOUNT_OPTION
@LIVE_OPTION
@click.option("--invoice", "invoices", multiple=True, help="An invoice that it pays; ID=AMOUNT gives it minor units.")
@click.option("--customer-balance", metavar="CUSTOMER", help="The rest goes to the balance of this customer.")
@click.option("--set-aside", is_flag=True, help="The rest is used for nothing here.")
@click.option("--suggested", is_flag=True, help="Pay the invoices that are suggested.")
@click.option("--reverse", is_flag=True, help="Take back what the transfer was used for, before all else.")
@click.pass_obj
def assign_transaction(
    open_database: Any, /, transaction_id: str, account_id: str, live: bool, reverse: bool, **sent: Any
) -> None:
    """Say what a transfer is for.

    It pays invoices; the rest goes to a customer's balance, or is set aside.
    """
    from portal import clock
    from portal.billing.bank import assignments
    from portal.billing.bank.params import AssignTransaction, ReverseTransaction
    from portal.db import find_row
    from portal.models import BankTransaction
    from portal.wire.commands import parse_command

    database: Database = open_database()
    with database.writing(find_scope(database, account_id, live)) as db:
        row = find_row(db, BankTransaction, transaction_id, noun="bank transaction")
        if reverse:
            assignments.reverse(db, row, ReverseTransaction(), now=clock.now())
        if values := _read_options(**sent):
            assignments.assign(db, row, parse_command(AssignTransaction, values), now=clock.now())
    click.echo(f"{row.id} is {row.status}: {row.amount_assigned} of {row.amount} {row.currency} assigned")


def _read_options(
    invoices: Sequence[str], customer_balance: str | None, set_aside: bool, suggested: bool
) -> dict[str, Any]:
    wanted = []
    for each in invoices:
        id, _, amount = each.partition("=")
        wanted.append({"invoice": id, "amount": amount} if amount else {"invoice": id})
    values: dict[str, Any] = {"invoices": wanted} if wanted else {}
    values |= {"customer_balance": customer_balance} if customer_balance else {}
    values |= {"set_aside": "true"} if set_aside else {}
    return values | ({"suggested": "true"} if suggested else {})


def _describe(row: BankTransaction) -> dict[str, str]:
    from portal import i18n

    left = i18n.decimal_amount(row.amount - row.amount_assigned, row.currency)
    return {
        "id": row.id,
        "booked_on": row.booked_on.isoformat(),
        "left": f"{'-' if row.type == 'reversal' else ''}{left} {row.currency}",
        "payer": row.payer_name or "-",
        "purpose": " ".join(row.purpose.split())[:140] or "-",
        "suggestions": " ".join(f"{each['invoice']}={each['amount']}" for each in row.suggestions) or "-",
    }
