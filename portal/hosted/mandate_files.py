"""The document of a mandate: within a visit beside its account, and behind a link."""

from flask import Blueprint, Response
from flask_babel import gettext as _

from portal.billing.payment_methods import mandates
from portal.db import Scope, find_row
from portal.documents.build_mandates import build_mandate
from portal.errors import ResourceMissing
from portal.hosted import document_files
from portal.hosted.page import PageResponse, page
from portal.hosted.visits import Visit
from portal.models import Customer, Mandate
from portal.rules import permissions
from portal.rules.document_kinds import DOCUMENT_KINDS
from portal.web.services import services

blueprint = Blueprint("mandate_files", __name__, url_prefix="/p")


@page(blueprint, "/payment-methods/<method>/mandate.pdf", allows=permissions.may_update_methods)
def file(visit: Visit, method: str) -> PageResponse:
    """The mandate by which a payment method of the customer is collected, as a download."""
    with visit.reading() as db:
        found = mandates.find_active(db, method)
    if found is None or found.customer_id != visit.customer_id:
        raise ResourceMissing("mandate", method)
    return download_mandate(visit.scope, found.id)


def download_mandate(scope: Scope, id: str) -> Response:
    """A mandate as a PDF. Raises `ResourceMissing` for one of nobody, and `Unavailable` as PDFs do."""
    with services().database.reading(scope) as db:
        row = find_row(db, Mandate, id, noun="mandate")
        if row.customer_id is None:
            raise ResourceMissing("mandate", id)
        document = build_mandate(db, row, find_row(db, Customer, row.customer_id, noun="customer"))
    content = services().documents.pdf_of_value(document)
    return document_files.pdf_response(content, _(DOCUMENT_KINDS["mandate"].heading), document.number)
