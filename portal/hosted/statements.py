"""Statements of account: the list of years, and each statement as PDF and CSV."""

from flask import Blueprint, Response, abort, render_template
from flask_babel import gettext as _

from portal.billing.customers import statements
from portal.db import Scope, find_row
from portal.documents.build_statements import build_statement
from portal.documents.statements import render_csv
from portal.hosted import document_files
from portal.hosted.page import PageResponse, page
from portal.hosted.visits import Visit
from portal.models import Customer
from portal.rules import permissions
from portal.rules.document_kinds import DOCUMENT_KINDS
from portal.web.responses import file_response
from portal.web.services import services

blueprint = Blueprint("statements", __name__, url_prefix="/p")


@page(blueprint, "/statements", allows=permissions.may_see_invoices)
def years(visit: Visit) -> PageResponse:
    """Each year, with what was owed before and after it."""
    with visit.reading() as db:
        found = statements.list_for_customer(db, find_row(db, Customer, visit.customer_id, noun="customer"))
    return render_template("hosted/statements.html", statements=found)


@page(blueprint, "/statements/<year>-<currency>.<format>", allows=permissions.may_see_invoices)
def file(visit: Visit, year: str, currency: str, format: str) -> PageResponse:
    """A statement as a file."""
    return download_statement(visit.scope, visit.customer_id, year, currency, format)


def download_statement(scope: Scope, customer_id: str, year: str, currency: str, format: str) -> Response:
    """A statement as a download, `pdf` or `csv`. Raises `ResourceMissing`, and `Unavailable` as PDFs do."""
    kind = DOCUMENT_KINDS["statement"]
    if format not in kind.files:
        abort(404)
    with services().database.reading(scope) as db:
        document = build_statement(db, find_row(db, Customer, customer_id, noun="customer"), year, currency)
    name = _(kind.heading)
    if format == "csv":
        return file_response(render_csv(document), "text/csv", f"{name} {document.number}.csv")
    return document_files.pdf_response(services().documents.pdf_of_value(document), name, document.number)
