"""Calls for bank statements and the transfers on them (beyond the reference)."""

import io
from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal import clock
from portal.api import endpoint
from portal.api.resource import Resource, render_answer
from portal.billing.bank import assignments, importing, params
from portal.models import BankStatement, BankTransaction
from portal.web.services import services
from portal.wire.page import equal_conditions, range_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of both nouns."""
    statement = Resource(blueprint, "bank_statement", "bank_statements")
    endpoint.add(
        blueprint,
        "POST",
        statement.path,
        params.ImportStatement,
        _import_statement,
        statement.answers,
        uploads=True,
    )
    statement.retrieve()
    statement.list(params.ListStatements, _select_statements)

    transaction = Resource(blueprint, "bank_transaction", "bank_transactions")
    transaction.retrieve()
    transaction.list(params.ListTransactions, _select_transactions)
    transaction.change(params.AssignTransaction, assignments.assign, "assign")
    transaction.change(params.ReverseTransaction, assignments.reverse, "reverse")


def _import_statement(db: Session, sent: params.ImportStatement) -> dict[str, Any]:
    file = io.BytesIO(sent.file.content)
    row = importing.import_file(
        db, file, sent.file.filename, partial=sent.partial, seal=services().seal, now=clock.now()
    )
    return render_answer(db, "bank_statement", row, sent)


def _select_statements(sent: params.ListStatements) -> Select[Any]:
    return select(BankStatement).where(*range_conditions(BankStatement.created, sent.created))


def _select_transactions(sent: params.ListTransactions) -> Select[Any]:
    filters = equal_conditions(
        sent,
        bank_statement=BankTransaction.bank_statement_id,
        customer=BankTransaction.customer_id,
        status=BankTransaction.status,
    )
    return select(BankTransaction).where(*range_conditions(BankTransaction.created, sent.created), *filters)
