"""The invoice history: one prebuilt statement a page, and finished rows kept in memory.

Links in a row are relative to the visit's start, so a kept row serves every visit of its customer.
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
from portal.hosted.page import Answer, page
from portal.hosted.visits import Visit
from portal.models import CreditNote, Invoice
from portal.rules import permissions
from portal.web import reader

Reader = Session | Connection

blueprint = Blueprint("invoices", __name__, url_prefix="/p")

ROWS = 24
MOST_KEPT = 8192
STATUSES = ("open", "paid", "void", "uncollectible")

_CURSOR = re.compile(r"(?P<created>[0-9]{1,12})\.(?P<id>[A-Za-z0-9_]{1,255})", re.ASCII)
_END = 10**12  # after every moment there is


@dataclass(frozen=True)
class Asked:
    """What the address asks for: a filter, and from which row on, backwards or forwards in time."""

    status: str | None
    year: int | None
    cursor: tuple[int, str] | None
    newer: bool

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Asked:
        """The query as it was meant; parts that mean nothing are left out."""
        year, newer = query.get("year", ""), "after" in query
        found = _CURSOR.fullmatch(query.get("after" if newer else "before", ""))
        return cls(
            status=query["status"] if query.get("status") in STATUSES else None,
            year=int(year) if re.fullmatch(r"(19|20)[0-9]{2}", year, re.ASCII) else None,
            cursor=(int(found["created"]), found["id"]) if found else None,
            newer=newer and found is not None,
        )

    @property
    def bounds(self) -> tuple[int, int]:
        """The first second asked for and the first one after."""
        return (_start_of(self.year), _start_of(self.year + 1)) if self.year else (0, _END)


@dataclass(frozen=True)
class Found:
    """A page of invoices, newest first, and the cursors of the pages around it."""

    rows: Sequence[Any]
    newer: str | None
    older: str | None


@page(blueprint, "/invoices", allows=permissions.may_see_invoices)
def history(visit: Visit) -> Answer:
    """Every finalized invoice of the customer, with its credit notes beneath it."""
    asked = Asked.read(request.args)
    db = reader()
    found = _found(db, visit, asked)
    rows = shown(db, visit, found.rows)
    first = found.rows[0].first_created if found.rows else _first_created(db, visit)
    this_year = clock.day(visit.now).year
    years = range(this_year, (clock.day(first).year if first else this_year) - 1, -1)
    values = {"rows": rows or None, "newer": found.newer, "older": found.older}
    return page_cache.filled(
        "hosted/invoices.html", (asked.status, asked.year, years), values, asked=asked, years=years
    )


def newest(db: Reader, visit: Visit, limit: int) -> Sequence[Any]:
    """The first invoices of the history."""
    return db.execute(_STATEMENTS[False, False], _values(visit, _END, "", 0, _END, limit)).all()


def shown(db: Reader, visit: Visit, rows: Sequence[Any]) -> page_cache.Finished:
    """The rows as finished HTML, each with its credit notes.

    A credit note, like any other change, gives its invoice a new revision.
    """
    tenant_id, locale = visit.scope.tenant_id, languages.locale()
    keys = [(row.id, row.revision, row.overdue, tenant_id, locale) for row in rows]
    kept = [_KEPT.get(key) for key in keys]
    if None in kept:
        notes = _credit_notes(db, tenant_id, [row.id for row in rows])
        kept = [html or _rendered(key, row, notes) for html, key, row in zip(kept, keys, rows, strict=True)]
    return page_cache.Finished("".join(kept))  # type: ignore[arg-type]


def _found(db: Reader, visit: Visit, asked: Asked) -> Found:
    since, until = asked.bounds
    created, id = asked.cursor or (until, "")
    statement = _STATEMENTS[asked.newer, asked.status is not None]
    values = {**_values(visit, created, id, since, until, ROWS + 1), "status": asked.status}
    rows = db.execute(statement, values).all()
    if asked.newer and len(rows) <= ROWS:
        # the newest page is always a full one
        return _found(db, visit, Asked(asked.status, asked.year, None, newer=False))
    more, rows = len(rows) > ROWS, rows[:ROWS]
    if asked.newer:
        return Found(rows[::-1], _cursor(rows[-1]), _cursor(rows[0]))
    return Found(rows, _cursor(rows[0]) if rows and asked.cursor else None, _cursor(rows[-1]) if more else None)


def _values(visit: Visit, created: int, id: str, since: int, until: int, limit: int) -> dict[str, Any]:
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


def _start_of(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp())


def _cursor(row: Any) -> str:
    return f"{row.created}.{row.id}"


def _first_created(db: Reader, visit: Visit) -> int | None:
    values = {"tenant_id": visit.scope.tenant_id, "customer_id": visit.customer_id}
    return db.execute(select(_FIRST), values).scalar()


def _credit_notes(db: Reader, tenant_id: int, invoice_ids: list[str]) -> dict[str, tuple[Any, ...]]:
    notes = db.execute(_CREDIT_NOTES, {"tenant_id": tenant_id, "invoice_ids": invoice_ids})
    return {id: tuple(group) for id, group in groupby(notes, attrgetter("invoice_id"))}


def _rendered(key: tuple[Any, ...], invoice: Any, notes: Mapping[str, Sequence[Any]]) -> str:
    template = current_app.jinja_env.get_template("hosted/_invoice_row.html")
    html = template.render(invoice=invoice, notes=notes.get(invoice.id, ()))
    with _LOCK:
        while len(_KEPT) >= MOST_KEPT:
            del _KEPT[next(iter(_KEPT))]
        _KEPT[key] = html
    return html


#: Rows by all that shows in them, the oldest first; a plain dict, because a page looks up twenty-four.
_KEPT: dict[tuple[Any, ...], str] = {}
_LOCK = Lock()

_I, _N = Invoice.__table__, CreditNote.__table__


def _of_customer(statement: Select[Any]) -> Select[Any]:
    mine = (_I.c.tenant_id == bindparam("tenant_id"), _I.c.customer_id == bindparam("customer_id"))
    return statement.where(*mine, _I.c.status != "draft")


_FIRST = _of_customer(select(_I.c.created)).order_by(_I.c.created, _I.c.id).limit(1).scalar_subquery()


def _statement(newer: bool, filtered: bool) -> Select[Any]:
    place = tuple_(_I.c.created, _I.c.id)
    cursor = tuple_(bindparam("created", type_=_I.c.created.type), bindparam("id", type_=_I.c.id.type))
    columns = (
        "id created number status due_date effective_at currency total amount_paid amount_remaining revision"
        " starting_balance ending_balance"
    )
    overdue = (_I.c.status == "open") & (func.coalesce(_I.c.due_date, _END) < bindparam("now"))
    extra = (overdue.label("overdue"), _FIRST.label("first_created"))
    statement = (
        _of_customer(select(*(_I.c[name] for name in columns.split()), *extra))
        .where(place > cursor if newer else place < cursor)
        .where(_I.c.created >= bindparam("since"), _I.c.created < bindparam("until"))
        .order_by(*((_I.c.created, _I.c.id) if newer else (_I.c.created.desc(), _I.c.id.desc())))
        .limit(bindparam("limit", type_=_I.c.created.type))
    )
    return statement.where(_I.c.status == bindparam("status")) if filtered else statement


#: By direction and whether a status is asked for.
_STATEMENTS = {(newer, filtered): _statement(newer, filtered) for newer in (False, True) for filtered in (False, True)}

_CREDIT_NOTES = (
    select(*(_N.c[name] for name in "id invoice_id number status effective_at currency total revision".split()))
    .where(_N.c.tenant_id == bindparam("tenant_id"), _N.c.invoice_id.in_(bindparam("invoice_ids", expanding=True)))
    .order_by(_N.c.invoice_id, _N.c.created, _N.c.id)
)
