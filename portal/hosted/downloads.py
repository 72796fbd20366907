"""All documents of a year as one file: choosing the year, waiting for what has still to be made, and the ZIP."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date
from itertools import chain

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, session
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal import clock
from portal.db import among
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
#: Bytes of the pieces that a file is sent in; the server takes up to six ahead of a reader.
PIECE = 2 * 2**20
#: Files that are read at the same time.
AT_ONCE = 8

ASKED = "year_asked_for"

#: A reader who takes one long answer slowly holds one of a process's few threads, and so there is one such at a time.
_long = threading.BoundedSemaphore()


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
    return render_template("hosted/download.html", late=late, **values)


@page(blueprint, "/downloads/<year>.zip", allows=permissions.may_see_invoices)
def file(visit: Visit, year: str) -> Answer:
    """Every document of a year as it is at this moment, in one file."""
    found = _issued(visit, year)
    if sum(each.fingerprint is None for each in found) > FEW:
        return redirect(f"{visit.path}downloads/{year}", 303)
    answer = _sent(visit, year, _complete(visit, year, found))
    if answer is None:
        flash(_("Others are downloading at the moment. Please try again in a minute."), "attention")
        return redirect(f"{visit.path}downloads/{year}", 303)
    return answer


def _sent(visit: Visit, year: str, found: Sequence[Issued]) -> Response | None:
    """The file, in pieces; None where it is a long one and another one is under way."""
    words = {"invoice": _("Invoice"), "credit_note": _("Credit note")}
    names = bundle.names(f"{words[each.kind]} {each.number}" for each in found)
    length = bundle.size(names, _sizes(found))
    content = bundle.zipped(_read(services().documents, found, names), PIECE)
    first = next(content)
    with ExitStack() as held:
        if len(first) != length:
            if not _long.acquire(blocking=False):
                return None
            held.callback(_long.release)
        documents.tell(visit.scope, visit.customer_id, lambda db: _rows(db, found))
        response = as_file(chain([first], content), "application/zip", f"{visit.merchant} {year}.zip".strip())
        if length is not None:
            response.content_length = length
        response.call_on_close(held.pop_all().close)
    return response


def _issued(visit: Visit, year: str) -> Sequence[Issued]:
    if not re.fullmatch("(19|20)[0-9]{2}", year, re.ASCII):
        abort(404)
    return years.issued(reader(), visit.scope.tenant_id, visit.customer_id, int(year)) or abort(404)


def _complete(visit: Visit, year: str, found: Sequence[Issued]) -> Sequence[Issued]:
    """The documents of a year once those are made that are missing; all are looked at where a file has got lost."""
    lost = _size(found) is None
    missing = [each for each in found if lost or each.fingerprint is None]
    for each in missing:
        services().documents.pdf(visit.scope, each.kind, each.id)
    return _issued(visit, year) if missing else found


def _size(found: Iterable[Issued]) -> int | None:
    """Bytes of all that is ready; None where a file has got lost, which a click makes anew."""
    try:
        return sum(_sizes(found))
    except FileNotFoundError:
        return None


def _sizes(found: Iterable[Issued]) -> list[int]:
    """Raises `FileNotFoundError`, and `Unavailable` where the store is out of order."""
    try:
        return services().documents.store.sizes(each.fingerprint for each in found if each.fingerprint)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Unavailable("The documents can't be read at the moment. Please try again.") from error


def _read(library: Library, found: Sequence[Issued], names: Sequence[str]) -> Iterator[tuple[str, date, bytes]]:
    """The files of a ZIP. Raises `Unavailable` for one that is gone, which breaks off what is being sent."""
    # an object store takes its time for each
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for start in range(0, len(found), AT_ONCE):
            few = found[start : start + AT_ONCE]
            contents = list(threads.map(lambda each: library.stored(each.fingerprint or ""), few))
            for each, name, content in zip(few, names[start:], contents, strict=False):
                if content is None:
                    raise Unavailable(f"The document {each.id} is gone from the store.")
                yield name, each.day, content


def _rows(db: Session, found: Iterable[Issued]) -> Iterator[Invoice | CreditNote]:
    ids = [(each.kind, each.id) for each in found]
    rows: dict[str, Invoice | CreditNote] = {
        **among(db, Invoice, [id for kind, id in ids if kind == "invoice"]),
        **among(db, CreditNote, [id for kind, id in ids if kind == "credit_note"]),
    }
    return (rows[id] for _kind, id in ids)
