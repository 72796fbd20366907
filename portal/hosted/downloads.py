"""All documents of a year as one ZIP file: choose the year, wait for missing PDFs, download."""

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
from portal.db import rows_by_id
from portal.documents import bundle, yearly_documents
from portal.documents.library import Library
from portal.documents.yearly_documents import IssuedDocument
from portal.errors import Unavailable
from portal.hosted.document_files import note_downloads
from portal.hosted.page import PageResponse, page
from portal.hosted.visits import Visit
from portal.models import CreditNote, Invoice
from portal.rules import permissions
from portal.rules.document_kinds import DOCUMENT_KINDS
from portal.web.responses import file_response
from portal.web.services import read_connection, services

blueprint = Blueprint("downloads", __name__, url_prefix="/p")

#: Documents that a click makes by itself where they changed since the page was shown; more are made by the worker.
MOST_RENDERED_ON_CLICK = 3
#: Seconds for which a page looks by itself whether all is ready. Each look counts as activity of the session.
POLLING_TIME = 10 * clock.MINUTE
#: Bytes of the pieces that a file is sent in; the server takes up to six ahead of a reader.
CHUNK_BYTES = 2 * 2**20
#: Files that are read at the same time.
PARALLEL_READS = 8

REQUESTED_YEAR = "year_asked_for"

#: A reader who takes one long answer slowly holds one of a process's few threads, and so there is one such at a time.
_long_download_slot = threading.BoundedSemaphore()


@page(blueprint, "/downloads", allows=permissions.may_see_invoices)
def choose(visit: Visit) -> PageResponse:
    """The years that have documents."""
    counts = yearly_documents.count_by_year(read_connection(), visit.scope.tenant_id, visit.customer_id)
    return render_template("hosted/downloads.html", counts=counts)


@page(blueprint, "/downloads", allows=permissions.may_see_invoices, methods=("POST",))
def prepare(visit: Visit) -> PageResponse:
    """Request the rendering of the PDFs that don't exist yet, and show the progress; the file where few are missing."""
    year = request.form.get("year", "")
    missing = [each for each in _documents_of_year(visit, year) if each.fingerprint is None]
    if len(missing) <= MOST_RENDERED_ON_CLICK:
        return redirect(f"{visit.path}downloads/{year}.zip", 303)
    services().documents.queue_renderings(visit.scope, [(each.kind, each.id) for each in missing])
    session[REQUESTED_YEAR] = [year, clock.now()]
    return redirect(f"{visit.path}downloads/{year}", 303)


@page(blueprint, "/downloads/<year>", allows=permissions.may_see_invoices)
def progress(visit: Visit, year: str) -> PageResponse:
    """How many documents of a year are ready, and once all are, the link to the file."""
    found = _documents_of_year(visit, year)
    ready = sum(each.fingerprint is not None for each in found)
    size = _total_size(found) if ready == len(found) else None
    asked_for, asked_at = session.get(REQUESTED_YEAR, (None, 0))
    values = {"year": year, "total": len(found), "ready": ready, "size": size, "asked": asked_for == year}
    late = clock.now() >= asked_at + POLLING_TIME
    return render_template("hosted/download.html", late=late, **values)


@page(blueprint, "/downloads/<year>.zip", allows=permissions.may_see_invoices)
def file(visit: Visit, year: str) -> PageResponse:
    """Every document of a year as it is at this moment, in one file."""
    found = _documents_of_year(visit, year)
    if sum(each.fingerprint is None for each in found) > MOST_RENDERED_ON_CLICK:
        return redirect(f"{visit.path}downloads/{year}", 303)
    answer = _zip_response(visit, year, _render_missing(visit, year, found))
    if answer is None:
        flash(_("Others are downloading at the moment. Please try again in a minute."), "attention")
        return redirect(f"{visit.path}downloads/{year}", 303)
    return answer


def _zip_response(visit: Visit, year: str, found: Sequence[IssuedDocument]) -> Response | None:
    """The file in chunks; None where it is a long one and another long one is being downloaded."""
    names = bundle.file_names(f"{_(DOCUMENT_KINDS[each.kind].heading)} {each.number}" for each in found)
    length = bundle.zip_size(names, _stored_sizes(found))
    content = bundle.zip_pieces(_read_files(services().documents, found, names), CHUNK_BYTES)
    first = next(content)
    with ExitStack() as held:
        if len(first) != length:
            if not _long_download_slot.acquire(blocking=False):
                return None
            held.callback(_long_download_slot.release)
        note_downloads(visit.scope, visit.customer_id, lambda db: _document_rows(db, found))
        response = file_response(chain([first], content), "application/zip", f"{visit.merchant} {year}.zip".strip())
        if length is not None:
            response.content_length = length
        response.call_on_close(held.pop_all().close)
    return response


def _documents_of_year(visit: Visit, year: str) -> Sequence[IssuedDocument]:
    if not re.fullmatch("(19|20)[0-9]{2}", year, re.ASCII):
        abort(404)
    tenant_id, connection = visit.scope.tenant_id, read_connection()
    return yearly_documents.list_issued(connection, tenant_id, visit.customer_id, int(year)) or abort(404)


def _render_missing(visit: Visit, year: str, found: Sequence[IssuedDocument]) -> Sequence[IssuedDocument]:
    """The documents of a year after rendering the missing ones; all of them where a stored file is lost."""
    lost = _total_size(found) is None
    missing = [each for each in found if lost or each.fingerprint is None]
    for each in missing:
        services().documents.pdf(visit.scope, each.kind, each.id)
    return _documents_of_year(visit, year) if missing else found


def _total_size(found: Iterable[IssuedDocument]) -> int | None:
    """Bytes of all files that are ready; None where a stored file is lost, which the next click renders again."""
    try:
        return sum(_stored_sizes(found))
    except FileNotFoundError:
        return None


def _stored_sizes(found: Iterable[IssuedDocument]) -> list[int]:
    """Bytes of each file that is ready. Raises `FileNotFoundError`; `Unavailable` where the store fails."""
    try:
        return services().documents.store.sizes(each.fingerprint for each in found if each.fingerprint)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Unavailable("The documents can't be read at the moment. Please try again.") from error


def _read_files(
    library: Library, found: Sequence[IssuedDocument], names: Sequence[str]
) -> Iterator[tuple[str, date, bytes]]:
    """The files of the ZIP. Raises `Unavailable` for one that is lost, which breaks off the download."""
    # an object store takes its time for each
    with ThreadPoolExecutor(PARALLEL_READS) as threads:
        for start in range(0, len(found), PARALLEL_READS):
            few = found[start : start + PARALLEL_READS]
            contents = list(threads.map(lambda each: library.read_pdf(each.fingerprint or ""), few))
            for each, name, content in zip(few, names[start:], contents, strict=False):
                if content is None:
                    raise Unavailable(f"The document {each.id} is gone from the store.")
                yield name, each.day, content


def _document_rows(db: Session, found: Iterable[IssuedDocument]) -> Iterator[Invoice | CreditNote]:
    ids = [(each.kind, each.id) for each in found]
    rows: dict[str, Invoice | CreditNote] = {
        **rows_by_id(db, Invoice, [id for kind, id in ids if kind == "invoice"]),
        **rows_by_id(db, CreditNote, [id for kind, id in ids if kind == "credit_note"]),
    }
    return (rows[id] for _kind, id in ids)
