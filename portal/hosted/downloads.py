"""All documents of a year as one file: choosing the year, waiting for what has still to be made, and the ZIP."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date

from flask import Blueprint, abort, redirect, render_template, request, session
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal import clock
from portal.db import Scope, among
from portal.documents import bundle, years
from portal.documents.library import Library
from portal.documents.years import Issued
from portal.errors import Unavailable
from portal.hosted import documents
from portal.hosted.page import Answer, page
from portal.hosted.visits import Visit
from portal.models import CreditNote, Invoice
from portal.rules import permissions
from portal.web import as_file, reader, services

blueprint = Blueprint("downloads", __name__, url_prefix="/p")

#: Documents that a click makes by itself where they changed since the page was shown; more are made by the worker.
FEW = 3
#: Seconds for which a page looks by itself whether all is ready. Each look counts as activity of the session.
PATIENCE = 10 * clock.MINUTE
#: Bytes up to which a year comes as one file, else a file a month: hundreds of documents. A file is sent from memory,
#: as one that is sent bit by bit holds one of the server's few threads for as long as its reader likes.
LARGEST = 16 * 2**20
#: Files that are read at the same time.
AT_ONCE = 8

ASKED = "year_asked_for"


@page(blueprint, "/downloads", allows=permissions.may_see_invoices)
def choose(visit: Visit) -> Answer:
    """The years that have documents."""
    counts = years.counted(reader(), visit.scope.tenant_id, visit.customer_id)
    return render_template("hosted/downloads.html", counts=counts)


@page(blueprint, "/downloads", allows=permissions.may_see_invoices, methods=("POST",))
def prepare(visit: Visit) -> Answer:
    """Have what is not there yet made, and show how far it is."""
    year = request.form.get("year", "")
    missing = [each for each in _issued(visit, year) if each.fingerprint is None]
    services().documents.want(visit.scope, [(each.kind, each.id) for each in missing])
    session[ASKED] = [year, clock.now()]
    return redirect(f"{visit.path}downloads/{year}", 303)


@page(blueprint, "/downloads/<year>", allows=permissions.may_see_invoices)
def progress(visit: Visit, year: str) -> Answer:
    """How many documents of a year are ready, and once all are, the way to the file."""
    found = _issued(visit, year)
    ready = sum(each.fingerprint is not None for each in found)
    size = _size(found) if ready == len(found) else None
    asked_for, asked_at = session.get(ASKED, (None, 0))
    values = {"year": year, "total": len(found), "ready": ready, "size": size, "asked": asked_for == year}
    late = clock.now() >= asked_at + PATIENCE
    return render_template("hosted/download.html", months=_months(found, size), late=late, **values)


@page(blueprint, "/downloads/<period>.zip", allows=permissions.may_see_invoices)
def file(visit: Visit, period: str) -> Answer:
    """Every document of a year or a month (`2026-03`) as it is at this moment, in one file."""
    year, hyphen, month = period.partition("-")
    found = _issued(visit, year, month if hyphen else None)
    missing = [each for each in found if each.fingerprint is None]
    if len(missing) > FEW or (not month and _months(found, _size(found))):
        return redirect(f"{visit.path}downloads/{year}", 303)
    words = {"invoice": _("Invoice"), "credit_note": _("Credit note")}
    names = bundle.names(f"{words[each.kind]} {each.number}" for each in found)
    content = bundle.zipped(_read(services().documents, visit.scope, found, names))
    documents.tell(visit.scope, visit.customer_id, lambda db: _rows(db, found))
    return as_file(content, "application/zip", f"{visit.merchant} {period}.zip".strip())


def _issued(visit: Visit, year: str, month: str | None = None) -> Sequence[Issued]:
    if not re.fullmatch("(19|20)[0-9]{2}", year, re.ASCII):
        abort(404)
    found = years.issued(reader(), visit.scope.tenant_id, visit.customer_id, int(year))
    return [each for each in found if month is None or f"{each.day.month:02}" == month] or abort(404)


def _size(found: Iterable[Issued]) -> int | None:
    """Bytes of all that is ready; None where a file has got lost, which a click makes anew."""
    try:
        return sum(services().documents.store.sizes(each.fingerprint for each in found if each.fingerprint))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unavailable("The documents can't be read at the moment. Please try again.") from error


def _months(found: Iterable[Issued], size: int | None) -> dict[date, int]:
    """How many documents each month has, where the year is too large for one file."""
    return Counter(each.day.replace(day=1) for each in found) if size and size > LARGEST else {}


def _read(
    library: Library, scope: Scope, found: Iterable[Issued], names: Iterable[str]
) -> Iterator[tuple[str, date, bytes]]:
    # an object store takes its time for each
    with ThreadPoolExecutor(AT_ONCE) as threads:
        kept = threads.map(lambda each: library.stored(each.fingerprint) if each.fingerprint else None, found)
        for each, name, content in zip(found, names, kept, strict=True):
            yield name, each.day, content or library.pdf(scope, each.kind, each.id)


def _rows(db: Session, found: Iterable[Issued]) -> Iterator[Invoice | CreditNote]:
    ids = [(each.kind, each.id) for each in found]
    rows: dict[str, Invoice | CreditNote] = {
        **among(db, Invoice, [id for kind, id in ids if kind == "invoice"]),
        **among(db, CreditNote, [id for kind, id in ids if kind == "credit_note"]),
    }
    return (rows[id] for _kind, id in ids)
