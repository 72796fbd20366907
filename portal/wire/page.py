"""Keyset pages of a list: newest first by (created, id), never counted, never OFFSET."""

import base64
import hashlib
from typing import Any

from sqlalchemy import ColumnElement, Select, tuple_

from portal.errors import InvalidRequest
from portal.wire.commands import Command, ListCommand, SearchCommand, TimestampRange


def range_conditions(column: Any, limits: TimestampRange | None) -> list[ColumnElement[bool]]:
    """The conditions on a column for a filter such as `created[gte]=…`."""
    if limits is None:
        return []
    conditions = {
        "gt": column.__gt__,
        "gte": column.__ge__,
        "lt": column.__lt__,
        "lte": column.__le__,
    }
    return [compare(value) for name, compare in conditions.items() if (value := getattr(limits, name)) is not None]


def equal_conditions(params: Command, **columns: Any) -> list[ColumnElement[bool]]:
    """The conditions on columns for the filters, by name, that were sent."""
    return [column == value for name, column in columns.items() if (value := getattr(params, name)) is not None]


def clock_conditions(params: Command, column: Any) -> list[ColumnElement[bool]]:
    """The condition on the column of test clocks: objects of any are listed by `test_clock` or `customer` alone."""
    named = getattr(params, "test_clock", None)
    if named is not None:
        return [column == named]
    return [] if getattr(params, "customer", None) else [column.is_(None)]


def page_cursor(listing: ListCommand) -> tuple[str, str] | None:
    """(parameter, id) of the object that the page begins or ends at. Raises `InvalidRequest` for two."""
    if listing.starting_after and listing.ending_before:
        raise InvalidRequest("Send either starting_after or ending_before, not both.", param="ending_before")
    if listing.ending_before:
        return "ending_before", listing.ending_before
    return ("starting_after", listing.starting_after) if listing.starting_after else None


def select_page(statement: Select[Any], table: Any, at: Any, most: Any, *, backwards: bool) -> Select[Any]:
    """The statement for one page: the rows before `at` (created, id) or, `backwards`, those after it; at most `most`.

    Ask for one more than the page holds, and cut it by `cut_page`.
    """
    position = tuple_(table.created, table.id)
    if backwards and at is not None:
        return statement.where(position > tuple_(*at)).order_by(table.created, table.id).limit(most)
    if at is not None:
        statement = statement.where(position < tuple_(*at))
    return statement.order_by(table.created.desc(), table.id.desc()).limit(most)


def cut_page(rows: list[Any], listing: ListCommand) -> tuple[list[Any], bool]:
    """The rows of the page, newest first, and whether there are more in this direction."""
    page, has_more = rows[: listing.limit], len(rows) > listing.limit
    return (page[::-1] if listing.ending_before is not None else page), has_more


def next_page_token(query: str, at: tuple[int, str]) -> str:
    """The `next_page` of a search: the page's last position, sealed with the query it belongs to."""
    position = f"{at[0]}:{at[1]}".encode()
    return base64.urlsafe_b64encode(_token_seal(query, position) + position).decode().rstrip("=")


def parse_page_token(search: SearchCommand) -> tuple[int, str] | None:
    """(created, id) of the last row of the previous page. Raises `InvalidRequest` for a token not made here."""
    if search.page is None:
        return None
    try:
        sealed = base64.urlsafe_b64decode(search.page + "=" * (-len(search.page) % 4))
        seal, position = sealed[:_SEAL_BYTES], sealed[_SEAL_BYTES:]
        if seal != _token_seal(search.query, position):
            raise ValueError
        created, _, id = position.decode().partition(":")
        return int(created), id
    except ValueError:
        message = "Invalid page: send the next_page of an answer to the same query."
        raise InvalidRequest(message, param="page") from None


# no secret is needed: whoever forges a place sees no more than by searching from the start
_SEAL_BYTES = 9


def _token_seal(query: str, position: bytes) -> bytes:
    return hashlib.blake2b(query.encode() + b"\n" + position, digest_size=_SEAL_BYTES).digest()
