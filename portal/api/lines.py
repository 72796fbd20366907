"""Lists of lines, which keep the order of their document instead of newest first."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal.errors import ResourceMissing
from portal.objects import KINDS, expanded, render
from portal.web import services
from portal.wire.page import cut
from portal.wire.params import Listing
from portal.wire.shape import listing


def page_of_lines(
    db: Session, type: str, statement: Select[Any], model: Any, params: Listing, url: str
) -> dict[str, Any]:
    """A page of lines by position. Raises `ResourceMissing` for an unknown cursor."""
    backwards = params.ending_before is not None
    id = params.ending_before or params.starting_after
    if id is not None:
        position = db.scalar(select(model.position).where(model.id == id))
        if position is None:
            raise ResourceMissing(KINDS[type].noun, id, param="ending_before" if backwards else "starting_after")
        statement = statement.where(model.position < position if backwards else model.position > position)
    order = model.position.desc() if backwards else model.position
    rows, has_more = cut(list(db.scalars(statement.order_by(order).limit(params.limit + 1))), params)
    links = services().links
    return expanded(db, listing(render(db, type, rows, links), url, has_more=has_more), params.expand, links)
