"""Lists of objects whose finished JSON is kept: a prebuilt statement finds what is on the page, and in which revision.

The statement is made once for each set of filters that calls send, by the same function that other lists ask each time.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import orjson
from sqlalchemy import Integer, Select, bindparam
from sqlalchemy.orm import Session

from portal.assembly import Services
from portal.db import scope_of
from portal.hot_reads import HotStatement
from portal.objects import ObjectType, cache
from portal.wire.commands import ListCommand, TimestampRange
from portal.wire.page import cut_page, select_page

#: Statements that a list has at hand; there are few sets of filters that programs use.
MOST_STATEMENTS = 64


class KeptLists:
    """The pages of one list. `choose` makes the select of the model's entities for a command's filters.

    It may look at which filters were sent, and not at their values: it is given parameters of the statement instead.
    """

    def __init__(self, kind: ObjectType, command: type[ListCommand], choose: Callable[[Any], Select[Any]]) -> None:
        self._type = kind.shape.type
        self._model: Any = kind.model
        self._unsent = dict.fromkeys(command.model_fields)
        self._choose = choose
        self._statement = lru_cache(maxsize=MOST_STATEMENTS)(self._build_statement)

    def find_page(
        self, db: Session, services: Services, listing: ListCommand, at: tuple[int, str] | None
    ) -> tuple[list[orjson.Fragment], bool]:
        """The JSON of the objects of a page, newest first, and whether there are more; `at` is the cursor's place."""
        filters = dict(_sent_filters(listing))
        statement = self._statement(tuple(filters), at is not None, listing.ending_before is not None)
        values = {"tenant_id": scope_of(db).tenant_id, "most": listing.limit + 1, **filters}
        place = {"at_created": at[0], "at_id": at[1]} if at else {}
        heads, has_more = cut_page(services.database.hot.all(statement, {**values, **place}), listing)
        return cache.json_of(db, self._type, heads, services.links), has_more

    def _build_statement(self, filters: tuple[str, ...], starts: bool, backwards: bool) -> HotStatement:
        model = self._model
        found = self._choose(SimpleNamespace(**{**self._unsent, **_as_parameters(filters)}))
        found = found.where(model.tenant_id == bindparam("tenant_id"))
        at: Any = (bindparam("at_created"), bindparam("at_id")) if starts else None
        page = select_page(found, model, at, bindparam("most", type_=Integer), backwards=backwards)
        return HotStatement(page.with_only_columns(model.id, model.created, model.revision))


def _sent_filters(listing: ListCommand) -> Iterator[tuple[str, Any]]:
    """The filters that were sent by name, each limit of a range by itself: `created__gte`."""
    for name in type(listing).model_fields:
        value = getattr(listing, name) if name not in ListCommand.model_fields else None
        if isinstance(value, TimestampRange):
            yield from ((f"{name}__{end}", limit) for end, limit in value if limit is not None)
        elif value is not None:
            yield name, value


def _as_parameters(filters: tuple[str, ...]) -> dict[str, Any]:
    """The sent filters as parameters of a statement, those of a range together."""
    parameters: dict[str, Any] = {}
    for filter in filters:
        name, _, end = filter.partition("__")
        if end:
            limits = parameters.setdefault(name, SimpleNamespace(**dict.fromkeys(TimestampRange.model_fields)))
            setattr(limits, end, bindparam(filter))
        else:
            parameters[name] = bindparam(filter)
    return parameters
