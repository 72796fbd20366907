"""Calls that preview credit notes and their lines."""

from typing import Any

from flask import Blueprint
from sqlalchemy.orm import Session

from portal import clock
from portal.api import endpoint
from portal.api.endpoint import AnswerType
from portal.api.lines import page_of_previewed_lines
from portal.api.resource import expand_as_asked
from portal.billing.credit_notes import credit_notes
from portal.billing.credit_notes.params import CreateCreditNote, PreviewCreditNoteLines
from portal.objects.credit_notes import CREDIT_NOTE_LINE, render_preview
from portal.objects.kinds import context_of
from portal.web.services import services
from portal.wire.shape import Context

PATH = "/credit_notes/preview"


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    note, lines = AnswerType("credit_note"), AnswerType("credit_note_line_item", "list")
    endpoint.add(blueprint, "GET", PATH, CreateCreditNote, _preview_credit_note, note)
    endpoint.add(blueprint, "GET", f"{PATH}/lines", PreviewCreditNoteLines, _list_preview_lines, lines)


def _preview_credit_note(db: Session, params: CreateCreditNote) -> dict[str, Any]:
    note, lines = credit_notes.preview(db, params, now=clock.now())
    return expand_as_asked(db, render_preview(note, lines, _wire_context(db)), params)


def _list_preview_lines(db: Session, params: PreviewCreditNoteLines) -> dict[str, Any]:
    _, lines = credit_notes.preview(db, params, now=clock.now())
    context = _wire_context(db)
    rendered = [CREDIT_NOTE_LINE.shape(line, context) for line in lines]
    return page_of_previewed_lines(db, "credit_note_line_item", rendered, params, f"/v1{PATH}/lines")


def _wire_context(db: Session) -> Context:
    return context_of(db, services().links)
