"""What all invoices of a history come to: how many there are, their sums, and which filters would find any.

A history that is on the page as a whole is counted there; a longer one takes one more statement.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, select, tuple_

from portal.hosted import invoice_search
from portal.hosted.invoice_history import (
    IS_WITHIN_DAYS,
    NO_CURSOR,
    STATUSES,
    HistoryPage,
    HistoryQuery,
    Reader,
    restrict_to_customer,
)
from portal.hosted.visits import Visit
from portal.models import Invoice


@dataclass(frozen=True)
class CurrencySum:
    """The sums of one currency in minor units. What is void was not billed, and what was corrected is billed once."""

    currency: str
    billed: int
    paid: int
    to_pay: int


@dataclass(frozen=True)
class HistoryTally:
    """All invoices of the customer: their `statuses`, `years` and `currencies`; and of those that the filter lets
    through, `count` and `sums`. `first` to `last` are the places of the page's rows among them, counted from 1.
    """

    statuses: tuple[str, ...]
    years: tuple[int, ...]
    currencies: tuple[str, ...]
    count: int
    first: int
    last: int
    sums: tuple[CurrencySum, ...]


@dataclass(frozen=True)
class _Group:
    """The invoices of one status and currency: when the oldest and the newest were issued, and the sums of the hits."""

    status: str
    currency: str
    oldest: date
    newest: date
    count: int
    total: int
    paid: int
    remaining: int
    before: int


def tally_history(db: Reader, visit: Visit, asked: HistoryQuery, found: HistoryPage) -> HistoryTally:
    """Count the history that `found` is a page of."""
    is_whole = not asked.filter and not found.newer and not found.older
    groups = _group_rows(found.rows) if is_whole else _read_groups(db, visit, asked, found)
    hits = [each for each in groups if each.count and asked.status in {None, each.status}]
    before = sum(each.before for each in hits)
    present = {each.status for each in groups}
    return HistoryTally(
        statuses=tuple(status for status in STATUSES if status in present),
        years=_list_years(groups),
        currencies=tuple(sorted({each.currency for each in groups})),
        count=sum(each.count for each in hits),
        first=before + 1,
        last=before + len(found.rows),
        sums=tuple(_sum_up(currency, hits) for currency in sorted({each.currency for each in hits})),
    )


def _group_rows(rows: Iterable[Any]) -> list[_Group]:
    groups: defaultdict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in rows:
        groups[row.status, row.currency].append(row)
    return [
        _Group(
            status,
            currency,
            oldest=min(row.issued_on for row in group),
            newest=max(row.issued_on for row in group),
            count=len(group),
            total=sum(row.total for row in group if row.latest_revision_id is None),
            paid=sum(row.amount_paid for row in group),
            remaining=sum(row.amount_remaining for row in group),
            before=0,
        )
        for (status, currency), group in groups.items()
    ]


def _read_groups(db: Reader, visit: Visit, asked: HistoryQuery, found: HistoryPage) -> list[_Group]:
    first, last = asked.days
    created, id = (found.rows[0].created, found.rows[0].id) if found.rows else NO_CURSOR
    values = {
        "tenant_id": visit.scope.tenant_id,
        "customer_id": visit.customer_id,
        "first": first,
        "last": last,
        "created": created,
        "id": id,
    }
    statement = _build_statement(invoice_search.matches(asked.search)) if asked.search else _STATEMENT
    rows = db.execute(statement, values)
    return [_Group(*row[:4], *(int(value or 0) for value in row[4:])) for row in rows]


def _list_years(groups: Sequence[_Group]) -> tuple[int, ...]:
    """From the year of the newest invoice down to that of the oldest."""
    if not groups:
        return ()
    newest, oldest = max(each.newest for each in groups), min(each.oldest for each in groups)
    return tuple(range(newest.year, oldest.year - 1, -1))


def _sum_up(currency: str, hits: Sequence[_Group]) -> CurrencySum:
    own = [each for each in hits if each.currency == currency]
    return CurrencySum(
        currency,
        billed=sum(each.total for each in own if each.status != "void"),
        paid=sum(each.paid for each in own if each.status != "void"),
        to_pay=sum(each.remaining for each in own if each.status != "void"),
    )


_INVOICES = Invoice.__table__


def _build_statement(*conditions: ColumnElement[bool]) -> Select[Any]:
    """The groups; what `conditions` leave out counts as no hit."""
    hit = and_(IS_WITHIN_DAYS, *conditions)
    place = tuple_(bindparam("created", type_=_INVOICES.c.created.type), bindparam("id", type_=_INVOICES.c.id.type))
    paid, remaining = (func.sum(_INVOICES.c[name]).filter(hit) for name in ("amount_paid", "amount_remaining"))
    # what was corrected is billed by the invoice that takes its place
    total = func.sum(_INVOICES.c.total).filter(hit, _INVOICES.c.latest_revision_id.is_(None))
    columns: tuple[ColumnElement[Any], ...] = (
        _INVOICES.c.status,
        _INVOICES.c.currency,
        func.min(_INVOICES.c.issued_on),
        func.max(_INVOICES.c.issued_on),
        func.count().filter(hit),
        total,
        paid,
        remaining,
        func.count().filter(hit, tuple_(_INVOICES.c.created, _INVOICES.c.id) > place),
    )
    return restrict_to_customer(select(*columns)).group_by(_INVOICES.c.status, _INVOICES.c.currency)


_STATEMENT = _build_statement()
