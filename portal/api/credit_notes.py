"""Credit notes with their lines."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal.api import endpoint
from portal.api.endpoint import Answers
from portal.api.lines import page_of_lines
from portal.api.resource import Resource
from portal.billing import credit_notes
from portal.db import find
from portal.models import CreditNote, CreditNoteLine
from portal.wire.page import between
from portal.wire.params import Expanding, Listing


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    resource = Resource(blueprint, "credit_note", "credit_notes")
    resource.create(credit_notes.CreateCreditNote, credit_notes.create)
    resource.retrieve()
    resource.change(credit_notes.UpdateCreditNote, credit_notes.update)
    resource.change(Expanding, credit_notes.void, "void")
    resource.list(credit_notes.ListCreditNotes, _credit_notes)
    endpoint.add(
        blueprint, "GET", "/credit_notes/<id>/lines", Listing, _lines, Answers("credit_note_line_item", "list")
    )


def _lines(db: Session, params: Listing, id: str) -> dict[str, Any]:
    find(db, CreditNote, id, noun="credit note")
    statement = select(CreditNoteLine).where(CreditNoteLine.credit_note_id == id)
    url = f"/v1/credit_notes/{id}/lines"
    return page_of_lines(db, "credit_note_line_item", statement, CreditNoteLine, params, url)


def _credit_notes(params: credit_notes.ListCreditNotes) -> Select[Any]:
    statement = select(CreditNote).where(*between(CreditNote.created, params.created))
    if params.customer is not None:
        statement = statement.where(CreditNote.customer_id == params.customer)
    return statement.where(CreditNote.invoice_id == params.invoice) if params.invoice is not None else statement
