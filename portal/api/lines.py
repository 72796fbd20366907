"""Pages of line items, which keep the order of their document instead of newest first."""

from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from portal.api.resource import render_objects
from portal.errors import ResourceMissing
from portal.objects import OBJECT_TYPES, render
from portal.web.services import services
from portal.wire.commands import ListCommand
from portal.wire.page import cut_page, page_cursor


def page_of_lines(
    db: Session, type: str, statement: Select[Any], model: Any, params: ListCommand, url: str
) -> dict[str, Any]:
    """A page of lines by position. Raises `ResourceMissing` for a cursor that is not a line of the document."""
    backwards = params.ending_before is not None
    if named := page_cursor(params):
        param, id = named
        position = db.scalar(statement.with_only_columns(model.position).where(model.id == id))
        if position is None:
            raise ResourceMissing(OBJECT_TYPES[type].noun, id, param=param)
        statement = statement.where(model.position < position if backwards else model.position > position)
    order = model.position.desc() if backwards else model.position
    rows, has_more = cut_page(list(db.scalars(statement.order_by(order).limit(params.limit + 1))), params)
    return render_objects(db, render(db, type, rows, services().links), params, url, has_more=has_more)


def page_of_previewed_lines(
    db: Session, type: str, lines: list[dict[str, Any]], params: ListCommand, url: str
) -> dict[str, Any]:
    """A page of lines of a preview, which has no rows to select; `lines` are all of them in wire form, in order.

    Raises `ResourceMissing` for a cursor that is not one of them.
    """
    rest, backwards = lines, params.ending_before is not None
    if named := page_cursor(params):
        param, id = named
        at = next((index for index, line in enumerate(lines) if line["id"] == id), None)
        if at is None:
            raise ResourceMissing(OBJECT_TYPES[type].noun, id, param=param)
        rest = lines[:at][::-1] if backwards else lines[at + 1 :]
    page, has_more = cut_page(rest, params)
    return render_objects(db, page, params, url, has_more=has_more)
