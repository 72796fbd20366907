"""Pages of line items, which keep the order of their document instead of newest first."""

from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from portal.errors import ResourceMissing
from portal.objects import OBJECT_TYPES, expand_answer, render
from portal.web.services import services
from portal.wire.commands import ListCommand
from portal.wire.page import cut_page, page_cursor
from portal.wire.shape import render_list


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
    links = services().links
    return expand_answer(db, render_list(render(db, type, rows, links), url, has_more=has_more), params.expand, links)
