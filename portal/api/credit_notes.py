"""Calls for credit notes and their lines."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal.api import endpoint
from portal.api.endpoint import AnswerType
from portal.api.lines import page_of_lines
from portal.api.resource import Resource
from portal.billing.credit_notes import credit_notes
from portal.billing.credit_notes.params import CreateCreditNote, ListCreditNotes, UpdateCreditNote
from portal.db import find_row
from portal.models import CreditNote, CreditNoteLine
from portal.wire.commands import ExpandableCommand, ListCommand
from portal.wire.page import equal_conditions, range_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of both nouns."""
    resource = Resource(blueprint, "credit_note", "credit_notes")
    resource.create(CreateCreditNote, credit_notes.create)
    resource.retrieve()
    resource.change(UpdateCreditNote, credit_notes.update)
    resource.change(ExpandableCommand, credit_notes.void, "void")
    resource.list(ListCreditNotes, _select_credit_notes)
    lines = AnswerType("credit_note_line_item", "list")
    endpoint.add(blueprint, "GET", "/credit_notes/<id>/lines", ListCommand, _list_lines, lines)


def _list_lines(db: Session, params: ListCommand, id: str) -> dict[str, Any]:
    find_row(db, CreditNote, id, noun="credit note")
    statement = select(CreditNoteLine).where(CreditNoteLine.credit_note_id == id)
    url = f"/v1/credit_notes/{id}/lines"
    return page_of_lines(db, "credit_note_line_item", statement, CreditNoteLine, params, url)


def _select_credit_notes(params: ListCreditNotes) -> Select[Any]:
    statement = select(CreditNote).where(*range_conditions(CreditNote.created, params.created))
    return statement.where(*equal_conditions(params, customer=CreditNote.customer_id, invoice=CreditNote.invoice_id))
