"""Builds the usual calls of a noun (create, retrieve, change, delete, list) from its type and use cases."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal.api import endpoint
from portal.api.endpoint import AnswerType
from portal.api.kept_lists import KeptLists
from portal.billing.customers import test_clocks
from portal.db import find_row, scope_of
from portal.errors import ResourceMissing, params_within
from portal.objects import OBJECT_TYPES, deleted_stub, expand_answer, render, render_one, select_rows
from portal.recording import remember_rendered
from portal.web.services import services
from portal.wire.commands import Command, ExpandableCommand, ListCommand
from portal.wire.page import cut_page, page_cursor, select_page
from portal.wire.shape import Links, render_list

#: `create(db, command, now=…)` answers with the new row.
CreateFunction = Callable[..., Any]
#: `change(db, row, command, now=…)` answers with the changed row.
ChangeFunction = Callable[..., Any]
#: `choose(command)` answers with a select of the kind's entities.
SelectFunction = Callable[[Any], Select[Any]]


class Resource:
    """One noun of the API: its type, its path below `/v1` and its calls, added one by one."""

    def __init__(self, blueprint: Blueprint, type: str, path: str) -> None:
        self.blueprint = blueprint
        self.type = type
        self.path = f"/{path}"
        if type not in OBJECT_TYPES:
            raise LookupError(f"No module of portal/objects registers the object type {type!r}.")
        self.kind = OBJECT_TYPES[type]
        self.answers = AnswerType(type)

    def create(self, command: type[Command], function: CreateFunction, verb: str = "") -> None:
        """POST on the path, or on what `verb` names below it."""

        def create_object(db: Session, params: ExpandableCommand) -> dict[str, Any]:
            return render_answer(
                db, self.type, function(db, params, now=test_clocks.time_for_call(db, None, params)), params
            )

        rule = f"{self.path}/{verb}" if verb else self.path
        endpoint.add(self.blueprint, "POST", rule, command, create_object, self.answers)

    def retrieve(self) -> None:
        """GET of one object."""

        def retrieve_object(db: Session, params: ExpandableCommand, id: str) -> dict[str, Any]:
            return render_answer(db, self.type, self.find_row(db, id), params)

        endpoint.add(self.blueprint, "GET", f"{self.path}/<id>", ExpandableCommand, retrieve_object, self.answers)

    def change(self, command: type[Command], function: ChangeFunction, verb: str = "", method: str = "POST") -> None:
        """A call on one object: an update, or what `verb` names."""
        rule = f"{self.path}/<id>/{verb}" if verb else f"{self.path}/<id>"

        def change_object(db: Session, params: ExpandableCommand, id: str) -> dict[str, Any]:
            row = self.find_row(db, id)
            changed = function(db, row, params, now=test_clocks.time_for_call(db, row, params))
            return render_answer(db, self.type, changed, params)

        endpoint.add(self.blueprint, method, rule, command, change_object, self.answers)

    def delete(self, function: Callable[..., None]) -> None:
        """DELETE; answers with the stub of a deleted object."""

        def delete_object(db: Session, params: ExpandableCommand, id: str) -> dict[str, Any]:
            row = self.find_row(db, id)
            function(db, row, now=test_clocks.time_for_call(db, row))
            return deleted_stub(self.type, id)

        endpoint.add(
            self.blueprint,
            "DELETE",
            f"{self.path}/<id>",
            ExpandableCommand,
            delete_object,
            AnswerType(self.type, "deleted"),
        )

    def list(self, command: type[ListCommand], choose: SelectFunction) -> None:
        """GET on the path: a page of what `choose` selects."""

        url, kept = f"/v1{self.path}", KeptLists(self.kind, command, choose) if self.kind.kept else None

        def list_objects(db: Session, params: ListCommand) -> dict[str, Any]:
            if kept is not None and not params.expand:
                return _render_kept_page(db, kept, self.type, params, url)
            return render_page(db, self.type, choose(params), params, url)

        endpoint.add(self.blueprint, "GET", self.path, command, list_objects, AnswerType(self.type, "list"))

    def find_row(self, db: Session, id: str) -> Any:
        """The row with this id. Raises `ResourceMissing`."""
        return find_row(db, self.kind.model, id, noun=self.kind.noun)


def links_of(db: Session) -> Links:
    """The addresses of pages of the account that a session is for."""
    return services().links_of(scope_of(db))


def render_answer(db: Session, type: str, row: Any, params: ExpandableCommand) -> dict[str, Any]:
    """A row as its wire object, expanded as the call asks."""
    if db.info["writes"]:
        db.flush()
    answer = render_one(db, type, row, services().links)
    if not params.expand:
        remember_rendered(db, row, answer)
    return expand_as_asked(db, answer, params)


def render_page(db: Session, type: str, statement: Select[Any], params: ListCommand, url: str) -> dict[str, Any]:
    """A page of a select's rows as the list object. Raises what `find_page` does."""
    rows, has_more = find_page(db, type, statement, params)
    return render_objects(db, render(db, type, rows, services().links), params, url, has_more=has_more)


def _render_kept_page(db: Session, kept: KeptLists, type: str, params: ListCommand, url: str) -> dict[str, Any]:
    found, has_more = kept.find_page(db, services(), params, _cursor_position(db, type, params))
    if not found:
        _refuse_unknown_filters(db, params)
    return render_list(found, url, has_more=has_more)


def render_none(noun: str, params: ListCommand, url: str) -> dict[str, Any]:
    """The list object of what there is none of here. Raises `ResourceMissing` for a cursor, as it leads nowhere."""
    if named := page_cursor(params):
        param, id = named
        raise ResourceMissing(noun, id, param=param)
    return render_list([], url)


def render_objects(
    db: Session, objects: list[dict[str, Any]], params: ListCommand, url: str, *, has_more: bool
) -> dict[str, Any]:
    """A page of wire objects as the list object, expanded as the call asks."""
    return expand_as_asked(db, render_list(objects, url, has_more=has_more), params)


def expand_as_asked(db: Session, answer: dict[str, Any], params: ExpandableCommand) -> dict[str, Any]:
    """An answer with the ids that the call names in `expand[]` replaced by objects."""
    return expand_answer(db, answer, params.expand, services().links)


def find_page(db: Session, type: str, statement: Select[Any], params: ListCommand) -> tuple[list[Any], bool]:
    """The rows of a page of a select, newest first, and whether there are more.

    Raises `ResourceMissing` for an unknown cursor, and for a filter that names an object which is not there.
    """
    rows, has_more = cut_page(select_rows(db, type, _select_page(db, type, statement, params)), params)
    if not rows:
        _refuse_unknown_filters(db, params)
    return rows, has_more


def _refuse_unknown_filters(db: Session, params: Command) -> None:
    for name, value in params.sent_values().items():
        kind = OBJECT_TYPES.get(_FILTER_TYPES.get(name, name))
        if isinstance(value, Command):
            with params_within(name):
                _refuse_unknown_filters(db, value)
        elif kind and isinstance(value, str):
            find_row(db, kind.model, value, noun=kind.noun, param=name)


#: The types of those filters that bear another name than their type.
_FILTER_TYPES = {"plan": "price", "test_clock": "test_helpers.test_clock"}


def _select_page(db: Session, type: str, statement: Select[Any], params: ListCommand) -> Select[Any]:
    at, backwards = _cursor_position(db, type, params), params.ending_before is not None
    return select_page(statement, OBJECT_TYPES[type].model, at, params.limit + 1, backwards=backwards)


def _cursor_position(db: Session, type: str, params: ListCommand) -> tuple[int, str] | None:
    """(created, id) of the object that the cursor names; None without a cursor.

    Raises `ResourceMissing` where there is no such object.
    """
    named = page_cursor(params)
    if named is None:
        return None
    param, id = named
    model = OBJECT_TYPES[type].model
    found = db.execute(select(model.created, model.id).where(model.id == id)).first()
    if found is None:
        raise ResourceMissing(OBJECT_TYPES[type].noun, id, param=param)
    return found.created, found.id
