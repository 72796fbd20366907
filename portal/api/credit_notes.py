"""Calls for credit notes and their lines, and for previews of credit notes."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal import clock
from portal.api import endpoint
from portal.api.endpoint import AnswerType
from portal.api.lines import page_of_lines
from portal.api.resource import Resource
from portal.billing.credit_notes import credit_notes
from portal.billing.credit_notes.params import (
    CreateCreditNote,
    ListCreditNotes,
    PreviewCreditNoteLines,
    UpdateCreditNote,
)
from portal.db import find_row, scope_of
from portal.errors import ResourceMissing
from portal.models import CreditNote, CreditNoteLine
from portal.objects import expand_answer
from portal.objects.credit_notes import CREDIT_NOTE_LINE, render_preview
from portal.web.services import services
from portal.wire.commands import ExpandableCommand, ListCommand
from portal.wire.page import equal_conditions, page_cursor, range_conditions
from portal.wire.shape import Context, render_list


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    resource = Resource(blueprint, "credit_note", "credit_notes")
    resource.create(CreateCreditNote, credit_notes.create)
    endpoint.add(
        blueprint,
        "GET",
        "/credit_notes/preview",
        CreateCreditNote,
        _preview_credit_note,
        AnswerType("credit_note"),
    )
    endpoint.add(
        blueprint,
        "GET",
        "/credit_notes/preview/lines",
        PreviewCreditNoteLines,
        _list_preview_lines,
        AnswerType("credit_note_line_item", "list"),
    )
    resource.retrieve()
    resource.change(UpdateCreditNote, credit_notes.update)
    resource.change(ExpandableCommand, credit_notes.void, "void")
    resource.list(ListCreditNotes, _select_credit_notes)
    endpoint.add(
        blueprint,
        "GET",
        "/credit_notes/<id>/lines",
        ListCommand,
        _list_lines,
        AnswerType("credit_note_line_item", "list"),
    )


def _preview_credit_note(db: Session, params: CreateCreditNote) -> dict[str, Any]:
    note, lines = credit_notes.preview(db, params, now=clock.now())
    return expand_answer(db, render_preview(note, lines, _wire_context(db)), params.expand, services().links)


def _list_preview_lines(db: Session, params: PreviewCreditNoteLines) -> dict[str, Any]:
    """A page of the preview's lines; the cursor is a line's id, from which its position follows."""
    _, lines = credit_notes.preview(db, params, now=clock.now())
    places = {line.id: line.position for line in lines}
    at = page_cursor(params)
    if at and at[1] not in places:
        raise ResourceMissing("credit note line item", at[1], param=at[0])
    if params.ending_before:
        before = lines[: places[params.ending_before]]
        rows, has_more = before[-params.limit :], len(before) > params.limit
    else:
        after = lines[places[params.starting_after] + 1 :] if params.starting_after else lines
        rows, has_more = after[: params.limit], len(after) > params.limit
    context = _wire_context(db)
    data = [CREDIT_NOTE_LINE.shape(line, context) for line in rows]
    answer = render_list(data, "/v1/credit_notes/preview/lines", has_more=has_more)
    return expand_answer(db, answer, params.expand, services().links)


def _wire_context(db: Session) -> Context:
    return Context(scope_of(db).livemode, services().links)


def _list_lines(db: Session, params: ListCommand, id: str) -> dict[str, Any]:
    find_row(db, CreditNote, id, noun="credit note")
    statement = select(CreditNoteLine).where(CreditNoteLine.credit_note_id == id)
    url = f"/v1/credit_notes/{id}/lines"
    return page_of_lines(db, "credit_note_line_item", statement, CreditNoteLine, params, url)


def _select_credit_notes(params: ListCreditNotes) -> Select[Any]:
    statement = select(CreditNote).where(*range_conditions(CreditNote.created, params.created))
    return statement.where(*equal_conditions(params, customer=CreditNote.customer_id, invoice=CreditNote.invoice_id))
