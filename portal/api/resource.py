"""Resources as records: which calls a noun has, and how its rows are found, paged and shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal.api import endpoint
from portal.api.endpoint import Answers
from portal.billing.customers import test_clocks
from portal.db import find
from portal.errors import ResourceMissing
from portal.objects import KINDS, cache, deleted, expanded, one, render, selected
from portal.web import services
from portal.wire.commands import Command, Expanding, Listing
from portal.wire.page import cursor, cut, windowed
from portal.wire.shape import listing

#: `create(db, command, now=…)` answers with the new row.
Create = Callable[..., Any]
#: `change(db, row, command, now=…)` answers with the changed row.
Change = Callable[..., Any]
#: `choose(command)` answers with a select of the kind's entities.
Choose = Callable[[Any], Select[Any]]


class Resource:
    """One noun of the API: its type, its path below `/v1` and its calls, added one by one."""

    def __init__(self, blueprint: Blueprint, type: str, path: str) -> None:
        self.blueprint = blueprint
        self.type = type
        self.path = f"/{path}"
        self.kind = KINDS[type]
        self.answers = Answers(type)

    def create(self, command: type[Command], function: Create, verb: str = "") -> None:
        """POST on the path, or on what `verb` names below it."""

        def view(db: Session, params: Expanding) -> dict[str, Any]:
            return answer(db, self.type, function(db, params, now=test_clocks.present(db, None, params)), params)

        rule = f"{self.path}/{verb}" if verb else self.path
        endpoint.add(self.blueprint, "POST", rule, command, view, self.answers)

    def retrieve(self) -> None:
        """GET of one object."""

        def view(db: Session, params: Expanding, id: str) -> dict[str, Any]:
            return answer(db, self.type, self.found(db, id), params)

        endpoint.add(self.blueprint, "GET", f"{self.path}/<id>", Expanding, view, self.answers)

    def change(self, command: type[Command], function: Change, verb: str = "", method: str = "POST") -> None:
        """A call on one object: an update, or what `verb` names."""
        rule = f"{self.path}/<id>/{verb}" if verb else f"{self.path}/<id>"

        def view(db: Session, params: Expanding, id: str) -> dict[str, Any]:
            row = self.found(db, id)
            changed = function(db, row, params, now=test_clocks.present(db, row, params))
            return answer(db, self.type, changed, params)

        endpoint.add(self.blueprint, method, rule, command, view, self.answers)

    def delete(self, function: Callable[..., None]) -> None:
        """DELETE; answers with the stub of a deleted object."""

        def view(db: Session, params: Expanding, id: str) -> dict[str, Any]:
            row = self.found(db, id)
            function(db, row, now=test_clocks.present(db, row))
            return deleted(self.type, id)

        endpoint.add(self.blueprint, "DELETE", f"{self.path}/<id>", Expanding, view, Answers(self.type, "deleted"))

    def list(self, command: type[Listing], choose: Choose) -> None:
        """GET on the path: a page of what `choose` selects."""

        def view(db: Session, params: Listing) -> dict[str, Any]:
            return page(db, self.type, choose(params), params, f"/v1{self.path}")

        endpoint.add(self.blueprint, "GET", self.path, command, view, Answers(self.type, "list"))

    def found(self, db: Session, id: str) -> Any:
        """The row, or `ResourceMissing`."""
        return find(db, self.kind.model, id, noun=self.kind.noun)


def answer(db: Session, type: str, row: Any, params: Expanding) -> dict[str, Any]:
    """A row as its wire object, as the call asked to have it expanded."""
    db.flush() if db.info["writes"] else None
    return one(db, type, row, services().links, params.expand)


def page(db: Session, type: str, statement: Select[Any], params: Listing, url: str) -> dict[str, Any]:
    """A page of entities as the list object. Raises `InvalidRequest` for an unknown cursor."""
    model = KINDS[type].model
    statement = windowed(statement, model, params, position(db, type, params))
    links = services().links
    if KINDS[type].kept and not params.expand:
        heads, has_more = cut(cache.heads(db, type, statement), params)
        return listing(cache.fragments(db, type, heads, links), url, has_more=has_more)
    rows, has_more = cut(selected(db, type, statement), params)
    return expanded(db, listing(render(db, type, rows, links), url, has_more=has_more), params.expand, links)


def position(db: Session, type: str, params: Listing) -> tuple[int, str] | None:
    """(created, id) of the object a cursor names. Raises `ResourceMissing` where there is none."""
    named = cursor(params)
    if named is None:
        return None
    param, id = named
    model = KINDS[type].model
    found = db.execute(select(model.created, model.id).where(model.id == id)).first()
    if found is None:
        raise ResourceMissing(KINDS[type].noun, id, param=param)
    return found.created, found.id
