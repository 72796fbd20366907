"""The invoice history: one prebuilt statement per page, and a cache of rendered rows.

Links in a row are relative to the visit's start, so a cached row serves every visit of its customer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from threading import Lock
from typing import Any

from flask import Blueprint, current_app, request
from sqlalchemy import Connection, Select, bindparam, func, select, tuple_
from sqlalchemy.orm import Session

from portal import clock
from portal.hosted import languages, page_cache
from portal.hosted.page import PageResponse, page
from portal.hosted.visits import Visit
from portal.models import CreditNote, Invoice
from portal.rules import permissions
from portal.web.services import read_connection

Reader = Session | Connection

blueprint = Blueprint("invoices", __name__, url_prefix="/p")

PAGE_SIZE = 24
MOST_CACHED_ROWS = 8192
STATUSES = ("open", "paid", "void", "uncollectible")

_CURSOR = re.compile(r"(?P<created>[0-9]{1,12})\.(?P<id>[A-Za-z0-9_]{1,255})", re.ASCII)
_END_OF_TIME = 10**12  # after every moment there is


@dataclass(frozen=True)
class HistoryQuery:
    """The request's query: a filter, and the row to start from, backwards or forwards in time."""

    status: str | None
    year: int | None
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
            cursor=(int(found["created"]), found["id"]) if found else None,
            newer=newer and found is not None,
        )

    @property
    def created_range(self) -> tuple[int, int]:
        """The first second of the year and the first one after it; all of time without a year."""
        return (_start_of_year(self.year), _start_of_year(self.year + 1)) if self.year else (0, _END_OF_TIME)


@dataclass(frozen=True)
class HistoryPage:
    """A page of invoices, newest first, and the cursors of the pages around it."""

    rows: Sequence[Any]
    newer: str | None
    older: str | None


@page(blueprint, "/invoices", allows=permissions.may_see_invoices)
def history(visit: Visit) -> PageResponse:
    """Every finalized invoice of the customer, each with its credit notes."""
    asked = HistoryQuery.parse(request.args)
    db = read_connection()
    found = _find_page(db, visit, asked)
    rows = render_rows(db, visit, found.rows)
    first = found.rows[0].first_created if found.rows else _find_first_created(db, visit)
    this_year = clock.utc_date(visit.now).year
    years = range(this_year, (clock.utc_date(first).year if first else this_year) - 1, -1)
    values = {"rows": rows or None, "newer": found.newer, "older": found.older}
    return page_cache.render_page(
        "hosted/invoices.html", (asked.status, asked.year, years), values, asked=asked, years=years
    )


def newest(db: Reader, visit: Visit, limit: int) -> Sequence[Any]:
    """The first invoices of the history."""
    return db.execute(_STATEMENTS[False, False], _query_values(visit, _END_OF_TIME, "", 0, _END_OF_TIME, limit)).all()


def render_rows(db: Reader, visit: Visit, rows: Sequence[Any]) -> page_cache.RenderedHtml:
    """The rows as rendered HTML, each with its credit notes.

    A credit note, like any other change, gives its invoice a new revision.
    """
    tenant_id, locale = visit.scope.tenant_id, languages.locale()
    keys = [(row.id, row.revision, row.overdue, tenant_id, locale) for row in rows]
    kept = [_ROW_CACHE.get(key) for key in keys]
    if None in kept:
        notes = _credit_notes_by_invoice(db, tenant_id, [row.id for row in rows])
        kept = [html or _render_row(key, row, notes) for html, key, row in zip(kept, keys, rows, strict=True)]
    return page_cache.RenderedHtml("".join(kept))  # type: ignore[arg-type]


def _find_page(db: Reader, visit: Visit, asked: HistoryQuery) -> HistoryPage:
    since, until = asked.created_range
    created, id = asked.cursor or (until, "")
    statement = _STATEMENTS[asked.newer, asked.status is not None]
    values = {**_query_values(visit, created, id, since, until, PAGE_SIZE + 1), "status": asked.status}
    rows = db.execute(statement, values).all()
    if asked.newer and len(rows) <= PAGE_SIZE:
        # the newest page is always a full one
        return _find_page(db, visit, HistoryQuery(asked.status, asked.year, None, newer=False))
    more, rows = len(rows) > PAGE_SIZE, rows[:PAGE_SIZE]
    if asked.newer:
        return HistoryPage(rows[::-1], _row_cursor(rows[-1]), _row_cursor(rows[0]))
    return HistoryPage(
        rows, _row_cursor(rows[0]) if rows and asked.cursor else None, _row_cursor(rows[-1]) if more else None
    )


def _query_values(visit: Visit, created: int, id: str, since: int, until: int, limit: int) -> dict[str, Any]:
    return {
        "tenant_id": visit.scope.tenant_id,
        "customer_id": visit.customer_id,
        "created": created,
        "id": id,
        "since": since,
        "until": until,
        "limit": limit,
        "now": visit.now,
    }


def _start_of_year(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp())


def _row_cursor(row: Any) -> str:
    return f"{row.created}.{row.id}"


def _find_first_created(db: Reader, visit: Visit) -> int | None:
    values = {"tenant_id": visit.scope.tenant_id, "customer_id": visit.customer_id}
    return db.execute(select(_FIRST_CREATED), values).scalar()


def _credit_notes_by_invoice(db: Reader, tenant_id: int, invoice_ids: list[str]) -> dict[str, tuple[Any, ...]]:
    notes = db.execute(_NOTES_OF_INVOICES, {"tenant_id": tenant_id, "invoice_ids": invoice_ids})
    return {id: tuple(group) for id, group in groupby(notes, attrgetter("invoice_id"))}


def _render_row(key: tuple[Any, ...], invoice: Any, notes: Mapping[str, Sequence[Any]]) -> str:
    template = current_app.jinja_env.get_template("hosted/_invoice_row.html")
    html = template.render(invoice=invoice, notes=notes.get(invoice.id, ()))
    with _ROW_CACHE_LOCK:
        while len(_ROW_CACHE) >= MOST_CACHED_ROWS:
            del _ROW_CACHE[next(iter(_ROW_CACHE))]
        _ROW_CACHE[key] = html
    return html


#: Rows by all that shows in them, the oldest first; a plain dict, because a page looks up twenty-four.
_ROW_CACHE: dict[tuple[Any, ...], str] = {}
_ROW_CACHE_LOCK = Lock()

_INVOICES, _NOTES = Invoice.__table__, CreditNote.__table__


def _restrict_to_customer(statement: Select[Any]) -> Select[Any]:
    mine = (_INVOICES.c.tenant_id == bindparam("tenant_id"), _INVOICES.c.customer_id == bindparam("customer_id"))
    return statement.where(*mine, _INVOICES.c.status != "draft")


_FIRST_CREATED = (
    _restrict_to_customer(select(_INVOICES.c.created))
    .order_by(_INVOICES.c.created, _INVOICES.c.id)
    .limit(1)
    .scalar_subquery()
)


def _build_statement(newer: bool, filtered: bool) -> Select[Any]:
    place = tuple_(_INVOICES.c.created, _INVOICES.c.id)
    cursor = tuple_(bindparam("created", type_=_INVOICES.c.created.type), bindparam("id", type_=_INVOICES.c.id.type))
    columns = (
        "id created number status due_date effective_at currency total amount_paid amount_remaining revision"
        " starting_balance ending_balance"
    )
    overdue = (_INVOICES.c.status == "open") & (func.coalesce(_INVOICES.c.due_date, _END_OF_TIME) < bindparam("now"))
    extra = (overdue.label("overdue"), _FIRST_CREATED.label("first_created"))
    statement = (
        _restrict_to_customer(select(*(_INVOICES.c[name] for name in columns.split()), *extra))
        .where(place > cursor if newer else place < cursor)
        .where(_INVOICES.c.created >= bindparam("since"), _INVOICES.c.created < bindparam("until"))
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

_NOTES_OF_INVOICES = (
    select(*(_NOTES.c[name] for name in "id invoice_id number status effective_at currency total revision".split()))
    .where(
        _NOTES.c.tenant_id == bindparam("tenant_id"), _NOTES.c.invoice_id.in_(bindparam("invoice_ids", expanding=True))
    )
    .order_by(_NOTES.c.invoice_id, _NOTES.c.created, _NOTES.c.id)
)
