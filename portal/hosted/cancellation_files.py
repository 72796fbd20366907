"""The documents of cancellations and withdrawals, for the links on pages and in the API."""

from flask import Response
from flask_babel import gettext as _

from portal.db import Scope, find_row
from portal.documents.build_cancellations import build_cancellation, build_withdrawal
from portal.hosted import document_files
from portal.models import PlanCancellation, PlanWithdrawal
from portal.rules.document_kinds import DOCUMENT_KINDS
from portal.web.services import services


def download_cancellation(scope: Scope, id: str) -> Response:
    """The confirmation as a PDF. Raises `ResourceMissing`, and `Unavailable` as PDFs do."""
    with services().database.reading(scope) as db:
        document = build_cancellation(db, find_row(db, PlanCancellation, id, noun="cancellation"))
    content, kind = services().documents.pdf_of_value(document), DOCUMENT_KINDS["cancellation"]
    return document_files.pdf_response(content, _(kind.heading), document.number)


def download_withdrawal(scope: Scope, id: str) -> Response:
    """The receipt as a PDF. Raises as `download_cancellation` does."""
    with services().database.reading(scope) as db:
        document = build_withdrawal(db, find_row(db, PlanWithdrawal, id, noun="withdrawal"))
    content, kind = services().documents.pdf_of_value(document), DOCUMENT_KINDS["withdrawal"]
    return document_files.pdf_response(content, _(kind.heading), document.number)
