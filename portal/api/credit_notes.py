"""Credit notes with their lines."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal import clock
from portal.api import endpoint
from portal.api.endpoint import Answers
from portal.api.lines import page_of_lines
from portal.api.resource import Resource
from portal.billing.credit_notes import credit_notes
from portal.db import find, scope_of
from portal.errors import ResourceMissing
from portal.models import CreditNote, CreditNoteLine
from portal.objects import expanded
from portal.objects.credit_notes import LINE
from portal.objects.credit_notes import preview as shown_preview
from portal.outbox import queue
from portal.web import services
from portal.wire.commands import Expanding, Listing
from portal.wire.page import between, cursor, equal_conditions
from portal.wire.shape import Context, listing


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    resource = Resource(blueprint, "credit_note", "credit_notes")
    resource.create(credit_notes.CreateCreditNote, _create)
    endpoint.add(
        blueprint, "GET", "/credit_notes/preview", credit_notes.CreateCreditNote, _preview, Answers("credit_note")
    )
    endpoint.add(
        blueprint,
        "GET",
        "/credit_notes/preview/lines",
        credit_notes.PreviewLines,
        _preview_lines,
        Answers("credit_note_line_item", "list"),
    )
    resource.retrieve()
    resource.change(credit_notes.UpdateCreditNote, credit_notes.update)
    resource.change(Expanding, credit_notes.void, "void")
    resource.list(credit_notes.ListCreditNotes, _credit_notes)
    endpoint.add(
        blueprint, "GET", "/credit_notes/<id>/lines", Listing, _lines, Answers("credit_note_line_item", "list")
    )


def _create(db: Session, command: credit_notes.CreateCreditNote, *, now: int) -> CreditNote:
    note = credit_notes.create(db, command, now=now)
    if command.email_type == "credit_note":
        key, now = f"credit_note:{note.id}", clock.now()
        queue.put(db, "credit_note", key, now=now, customer_id=note.customer_id, credit_note=note.id)
    return note


def _preview(db: Session, params: credit_notes.CreateCreditNote) -> dict[str, Any]:
    note, lines = credit_notes.preview(db, params, now=clock.now())
    return expanded(db, shown_preview(note, lines, _context(db)), params.expand, services().links)


def _preview_lines(db: Session, params: credit_notes.PreviewLines) -> dict[str, Any]:
    """A page of them by their ids, which say their places."""
    _, lines = credit_notes.preview(db, params, now=clock.now())
    places = {line.id: line.position for line in lines}
    at = cursor(params)
    if at and at[1] not in places:
        raise ResourceMissing("credit note line item", at[1], param=at[0])
    if params.ending_before:
        before = lines[: places[params.ending_before]]
        rows, has_more = before[-params.limit :], len(before) > params.limit
    else:
        after = lines[places[params.starting_after] + 1 :] if params.starting_after else lines
        rows, has_more = after[: params.limit], len(after) > params.limit
    context = _context(db)
    data = [LINE.shape(line, context) for line in rows]
    answer = listing(data, "/v1/credit_notes/preview/lines", has_more=has_more)
    return expanded(db, answer, params.expand, services().links)


def _context(db: Session) -> Context:
    return Context(scope_of(db).livemode, services().links)


def _lines(db: Session, params: Listing, id: str) -> dict[str, Any]:
    find(db, CreditNote, id, noun="credit note")
    statement = select(CreditNoteLine).where(CreditNoteLine.credit_note_id == id)
    url = f"/v1/credit_notes/{id}/lines"
    return page_of_lines(db, "credit_note_line_item", statement, CreditNoteLine, params, url)


def _credit_notes(params: credit_notes.ListCreditNotes) -> Select[Any]:
    statement = select(CreditNote).where(*between(CreditNote.created, params.created))
    return statement.where(*equal_conditions(params, customer=CreditNote.customer_id, invoice=CreditNote.invoice_id))
