"""How the files of documents are answered: their names, their headers, and what is recorded of a download."""

import logging
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from urllib.parse import quote

from flask import Response, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal import i18n
from portal.billing.events import events
from portal.db import Scope
from portal.documents import build
from portal.documents.kinds import SOURCES, Source
from portal.documents.transfer_code import draw_transfer_code
from portal.documents.xml import offers
from portal.errors import ResourceMissing, Unavailable
from portal.hosted import visit_sessions
from portal.models import CreditNote, Invoice, Quote
from portal.rules.document_kinds import DOCUMENT_KINDS, KindName
from portal.rules.file_names import safe_file_name
from portal.web.requests import request_origin
from portal.web.responses import DOCUMENT_POLICY
from portal.web.services import services

log = logging.getLogger("portal")


def download_pdf(scope: Scope, kind: KindName, row: Source) -> Response:
    """The PDF of a finalized document as a download.

    Raises `ResourceMissing` where the row has no document of this kind, `Unavailable` where it can't be rendered now.
    """
    number = SOURCES[kind].number(row)
    if number is None:
        raise ResourceMissing(kind, row.id)
    content = services().documents.pdf(scope, kind, row.id)
    _note_row_download(scope, row)
    return pdf_response(content, _(DOCUMENT_KINDS[kind].heading), number)


def find_stored_pdf(scope: Scope, kind: KindName, id: str, customer_id: str, locale: str) -> Response | None:
    """A document that was made before, of which the merchant wants to be told nothing; None for any other."""
    stored = services().documents.find_stored_pdf(kind, scope.tenant_id, id)
    if not (stored and stored.number and stored.customer_id == customer_id and not stored.told):
        return None
    heading = i18n.translate(DOCUMENT_KINDS[kind].heading, locale)
    return pdf_response(stored.content, heading, stored.number)


def download_xml(scope: Scope, row: Invoice | CreditNote, format: str) -> Response:
    """A finalized document as an e-invoice download. Raises `ResourceMissing` where there is none."""
    kind: KindName = "invoice" if isinstance(row, Invoice) else "credit_note"
    content = services().documents.e_invoices(scope, kind, row.id).get(format)
    if content is None or format not in offers.seller_formats(row.seller or {}):
        raise ResourceMissing("e-invoice", format)
    _note_row_download(scope, row)
    name = re.sub(r"[^A-Za-z0-9-]+", "-", f"{row.number}-{format}").strip("-")
    headers = {"Content-Disposition": f'attachment; filename="{name}.xml"', "Content-Security-Policy": DOCUMENT_POLICY}
    return Response(content, mimetype=offers.XML_MEDIA_TYPE, headers=headers)


def transfer_code_response(db: Session, invoice: Invoice) -> Response:
    """The code for banking apps as a picture. Raises `ResourceMissing` where the invoice has none."""
    content = draw_transfer_code(build.invoice(db, invoice))
    if content is None:
        raise ResourceMissing("code", invoice.id)
    return Response(content, mimetype="image/svg+xml")


def note_downloads(scope: Scope, customer_id: str, taken: Callable[[Session], Iterable[Invoice | CreditNote]]) -> None:
    """Record downloads as events where the account wants them; otherwise a download writes nothing.

    What can't be recorded as the database takes no writes is downloaded nevertheless, and logged.
    """
    if request.method == "HEAD":
        return
    database = services().database
    with database.reading(scope) as db:
        if not events.is_enabled(db, "documents"):
            return
    visit = visit_sessions.load(request)
    origin = request_origin("customer", customer_id, session=visit.id if visit else None)
    try:
        with database.writing(scope, origin) as db:
            for row in taken(db):
                events.record_download(db, row)
    except Unavailable as error:
        log.warning("a download of %s is not recorded: %s", customer_id, error.message)


def _note_row_download(scope: Scope, row: Source) -> None:
    if isinstance(row, Quote):  # bills are told of, as a download can be a term's beginning
        return
    note_downloads(scope, row.customer_id, lambda db: [row])


def pdf_response(content: bytes, heading: str, number: str) -> Response:
    """A PDF as a download, named by the document's heading in the reader's language and by its number."""
    return Response(content, mimetype="application/pdf", headers=_pdf_headers(heading, number))


@lru_cache(maxsize=4096)
def _pdf_headers(heading: str, number: str) -> tuple[tuple[str, str], ...]:
    plain = re.sub(r"[^A-Za-z0-9-]+", "-", number).strip("-") or "document"
    spoken = quote(safe_file_name(f"{heading} {number}.pdf"), safe="")
    return (
        ("Content-Disposition", f"attachment; filename=\"{plain}.pdf\"; filename*=UTF-8''{spoken}"),
        ("Content-Security-Policy", DOCUMENT_POLICY),
    )
