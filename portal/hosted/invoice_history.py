"""The invoices of a customer, page by page: prebuilt statements, each filled with the values of a request.

The year of an invoice is that of the date printed on it, as in the file of all documents of a year.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection, Select, bindparam, func, select, tuple_
from sqlalchemy.orm import Session

from portal.hosted import invoice_search, kept_pages
from portal.hosted.visits import Visit
from portal.models import Invoice

Reader = Session | Connection

PAGE_SIZE = 24
STATUSES = ("open", "paid", "void", "uncollectible")

_CURSOR = re.compile(r"(?P<created>[0-9]{1,12})\.(?P<id>[A-Za-z0-9_]{1,255})", re.ASCII)
_END_OF_TIME = 10**12  # after every moment there is
#: Where the history begins.
NO_CURSOR = (_END_OF_TIME, "")
_EVERY_DAY = (date.min, date.max)


@dataclass(frozen=True)
class HistoryQuery:
    """The request's query: a filter, and the row to start from, backwards or forwards in time.

    `search` is what was typed to find invoices by number, amount or product; `first` and `last` are days of issue.
    """

    status: str | None
    year: int | None
    first: date | None
    last: date | None
    search: str | None
    cursor: tuple[int, str] | None
    newer: bool

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> HistoryQuery:
        """Parse the query; parameters that are not valid are ignored."""
        year, newer = query.get("year", ""), "after" in query
        found = _CURSOR.fullmatch(query.get("after" if newer else "before", ""))
        return cls(
            status=query["status"] if query.get("status") in STATUSES else None,
            year=int(year) if re.fullmatch(r"(19|20)[0-9]{2}", year, re.ASCII) else None,
            first=_parse_day(query.get("from", "")),
            last=_parse_day(query.get("to", "")),
            search=_searchable(query.get("q", "")),
            cursor=(int(found["created"]), found["id"]) if found else None,
            newer=newer and found is not None,
        )

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day of issue: those that were asked for, within the year if there is one."""
        first, last = (date(self.year, 1, 1), date(self.year, 12, 31)) if self.year else _EVERY_DAY
        return max(first, self.first or first), min(last, self.last or last)

    @property
    def filter(self) -> dict[str, str | int]:
        """The parameters of the filter, without those of the place."""
        days = {name: day and day.isoformat() for name, day in (("from", self.first), ("to", self.last))}
        given = {"q": self.search, "status": self.status, "year": self.year, **days}
        return {name: value for name, value in given.items() if value}

    @property
    def filter_query(self) -> str:
        """The filter as the beginning of a URL's query, to be followed by further parameters."""
        return f"{urlencode(self.filter)}&" if self.filter else ""


@dataclass(frozen=True)
class HistoryPage:
    """A page of invoices, newest first, and the cursors of the pages around it."""

    rows: Sequence[Any]
    newer: str | None
    older: str | None


def list_newest(db: Reader, visit: Visit, limit: int) -> Sequence[Any]:
    """The first invoices of the history."""
    return db.execute(_STATEMENTS[False, False], _query_values(visit, NO_CURSOR, _EVERY_DAY, limit)).all()


def find_page(db: Reader, visit: Visit, asked: HistoryQuery) -> HistoryPage:
    """The page of invoices that was requested."""
    values = _query_values(visit, asked.cursor or NO_CURSOR, asked.days, PAGE_SIZE + 1) | {"status": asked.status}
    rows = db.execute(statement_for(asked), values).all()
    if asked.newer and len(rows) <= PAGE_SIZE:
        # the newest page is always a full one
        return find_page(db, visit, replace(asked, cursor=None, newer=False))
    more, rows = len(rows) > PAGE_SIZE, rows[:PAGE_SIZE]
    if asked.newer:
        return HistoryPage(rows[::-1], _row_cursor(rows[-1]), _row_cursor(rows[0]))
    return HistoryPage(
        rows, _row_cursor(rows[0]) if rows and asked.cursor else None, _row_cursor(rows[-1]) if more else None
    )


def first_overdue(rows: Iterable[Any], now: int) -> int | None:
    """When the next of these invoices is overdue, if it is not paid until then."""
    return kept_pages.soonest((row.due_date + 1 for row in rows if row.status == "open" and row.due_date), now)


def list_matching(db: Reader, visit: Visit, asked: HistoryQuery) -> Sequence[Any]:
    """Every invoice that the filter lets through, newest first, on one page."""
    values = _query_values(visit, NO_CURSOR, asked.days, 0) | {"status": asked.status}
    return db.execute(statement_for(replace(asked, cursor=None, newer=False)).limit(None), values).all()


def statement_for(asked: HistoryQuery) -> Select[Any]:
    """The statement of a page; it binds what every page does."""
    statement = _STATEMENTS[asked.newer, asked.status is not None]
    return statement.where(invoice_search.matches(asked.search)) if asked.search else statement


def _searchable(typed: str) -> str | None:
    """What was typed, where it is something to look for; no database takes a null character."""
    return typed.strip().replace("\0", "")[: invoice_search.MOST_CHARACTERS] or None


def _parse_day(typed: str) -> date | None:
    """A day as date fields of forms send it."""
    if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", typed, re.ASCII):
        return None
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def _query_values(visit: Visit, cursor: tuple[int, str], days: tuple[date, date], limit: int) -> dict[str, Any]:
    return {
        "tenant_id": visit.scope.tenant_id,
        "customer_id": visit.customer_id,
        "created": cursor[0],
        "id": cursor[1],
        "first": days[0],
        "last": days[1],
        "limit": limit,
        "now": visit.now,
    }


def _row_cursor(row: Any) -> str:
    return f"{row.created}.{row.id}"


_INVOICES = Invoice.__table__
#: The time zone in which an invoice counts its days; null for those from before accounts had one.
ZONE = _INVOICES.c.seller["timezone"].as_string().label("timezone")
#: That an invoice is of the days that were asked for; binds `first` and `last`.
IS_WITHIN_DAYS = _INVOICES.c.issued_on.between(bindparam("first"), bindparam("last"))


def restrict_to_customer(statement: Select[Any]) -> Select[Any]:
    """`statement` for the finalized invoices of one customer; it binds `tenant_id` and `customer_id`."""
    mine = (_INVOICES.c.tenant_id == bindparam("tenant_id"), _INVOICES.c.customer_id == bindparam("customer_id"))
    return statement.where(*mine, _INVOICES.c.status != "draft")


def _build_statement(newer: bool, filtered: bool) -> Select[Any]:
    place = tuple_(_INVOICES.c.created, _INVOICES.c.id)
    cursor = tuple_(bindparam("created", type_=_INVOICES.c.created.type), bindparam("id", type_=_INVOICES.c.id.type))
    columns = (
        "id created number status due_date issued_on currency total tax amount_paid amount_remaining revision"
        " starting_balance ending_balance latest_revision_id"
    )
    overdue = (_INVOICES.c.status == "open") & (func.coalesce(_INVOICES.c.due_date, _END_OF_TIME) < bindparam("now"))
    shown = (*(_INVOICES.c[name] for name in columns.split()), ZONE, overdue.label("overdue"))
    statement = (
        restrict_to_customer(select(*shown))
        .where(place > cursor if newer else place < cursor)
        .where(IS_WITHIN_DAYS)
        .order_by(
            *((_INVOICES.c.created, _INVOICES.c.id) if newer else (_INVOICES.c.created.desc(), _INVOICES.c.id.desc()))
        )
        .limit(bindparam("limit", type_=_INVOICES.c.created.type))
    )
    return statement.where(_INVOICES.c.status == bindparam("status")) if filtered else statement


#: By direction and whether a status is asked for.
_STATEMENTS = {
    (newer, filtered): _build_statement(newer, filtered) for newer in (False, True) for filtered in (False, True)
}
