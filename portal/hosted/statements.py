"""Statements of account: the years there are, and each as PDF and as a table."""

from __future__ import annotations

from flask import Blueprint, Response, abort, render_template
from flask_babel import gettext as _

from portal.billing.customers import statements
from portal.db import Scope, find
from portal.documents.build_statements import statement
from portal.documents.statements import table
from portal.hosted import documents
from portal.hosted.page import Answer, page
from portal.hosted.visits import Visit
from portal.models import Customer
from portal.rules import permissions
from portal.web import as_file, services

blueprint = Blueprint("statements", __name__, url_prefix="/p")


@page(blueprint, "/statements", allows=permissions.may_see_invoices)
def years(visit: Visit) -> Answer:
    """Each year with what was owed before and after it."""
    with visit.reading() as db:
        found = statements.of_customer(db, find(db, Customer, visit.customer_id, noun="customer"))
    return render_template("hosted/statements.html", statements=found)


@page(blueprint, "/statements/<year>-<currency>.<format>", allows=permissions.may_see_invoices)
def file(visit: Visit, year: str, currency: str, format: str) -> Answer:
    """A statement as a file."""
    return file_of(visit.scope, visit.customer_id, year, currency, format)


def file_of(scope: Scope, customer_id: str, year: str, currency: str, format: str) -> Response:
    """A statement to be saved, `pdf` or `csv`. Raises `ResourceMissing` for none, `Unavailable` as PDFs do."""
    if format not in {"pdf", "csv"}:
        abort(404)
    with services().database.reading(scope) as db:
        document = statement(db, find(db, Customer, customer_id, noun="customer"), year, currency)
    name = _("Statement of account")
    if format == "csv":
        return as_file(table(document), "text/csv", f"{name} {document.number}.csv")
    return documents.download(services().documents.made(document), name, document.number)
