"""The rows of invoices in lists: rendered once, then taken from a cache.

Links in a row are relative to the visit's start, so a cached row serves every visit of its customer.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from threading import Lock
from typing import Any

from flask import current_app
from sqlalchemy import bindparam, select

from portal import zones
from portal.hosted import languages
from portal.hosted.invoice_history import Reader
from portal.hosted.page_cache import RenderedHtml
from portal.hosted.visits import Visit
from portal.models import CreditNote

MOST_CACHED_ROWS = 8192


def render_rows(db: Reader, visit: Visit, rows: Sequence[Any]) -> RenderedHtml:
    """The rows as rendered HTML, each with its credit notes.

    A credit note, like any other change, gives its invoice a new revision.
    """
    tenant_id, locale = visit.scope.tenant_id, languages.locale()
    keys = [(row.id, row.revision, row.overdue, tenant_id, locale) for row in rows]
    kept = [_ROW_CACHE.get(key) for key in keys]
    if None in kept:
        notes = _credit_notes_by_invoice(db, tenant_id, [row.id for row in rows])
        kept = [html or _render_row(key, row, notes) for html, key, row in zip(kept, keys, rows, strict=True)]
    return RenderedHtml("".join(kept))  # type: ignore[arg-type]


def _credit_notes_by_invoice(db: Reader, tenant_id: int, invoice_ids: list[str]) -> dict[str, tuple[Any, ...]]:
    notes = db.execute(_NOTES_OF_INVOICES, {"tenant_id": tenant_id, "invoice_ids": invoice_ids})
    return {id: tuple(group) for id, group in groupby(notes, attrgetter("invoice_id"))}


def _render_row(key: tuple[Any, ...], invoice: Any, notes: Mapping[str, Sequence[Any]]) -> str:
    template = current_app.jinja_env.get_template("hosted/_invoice_row.html")
    due_on = zones.day_of(invoice.due_date, invoice.timezone or zones.DEFAULT) if invoice.due_date else None
    html = template.render(invoice=invoice, due_on=due_on, notes=notes.get(invoice.id, ()))
    with _ROW_CACHE_LOCK:
        while len(_ROW_CACHE) >= MOST_CACHED_ROWS:
            del _ROW_CACHE[next(iter(_ROW_CACHE))]
        _ROW_CACHE[key] = html
    return html


#: Rows by all that shows in them, the oldest first; a plain dict, because a page looks up twenty-four.
_ROW_CACHE: dict[tuple[Any, ...], str] = {}
_ROW_CACHE_LOCK = Lock()

_NOTES = CreditNote.__table__
_NOTES_OF_INVOICES = (
    select(*(_NOTES.c[name] for name in "id invoice_id number status issued_on currency total revision".split()))
    .where(
        _NOTES.c.tenant_id == bindparam("tenant_id"), _NOTES.c.invoice_id.in_(bindparam("invoice_ids", expanding=True))
    )
    .order_by(_NOTES.c.invoice_id, _NOTES.c.created, _NOTES.c.id)
)
