"""The invoice history: every finalized invoice of a customer, to search and to filter, and as CSV."""

from flask import Blueprint, render_template, request
from flask_babel import gettext as _

from portal.hosted import invoice_history, kept_pages, page_cache
from portal.hosted.invoice_csv import render_csv
from portal.hosted.invoice_rows import render_rows
from portal.hosted.invoice_tally import HistoryTally, tally_history
from portal.hosted.kept_pages import BuiltPage
from portal.hosted.page import PageResponse, page
from portal.hosted.page_cache import RenderedHtml
from portal.hosted.visits import Visit
from portal.rules import permissions
from portal.web.responses import file_response
from portal.web.services import read_connection

blueprint = Blueprint("invoices", __name__, url_prefix="/p")


@page(blueprint, "/invoices", allows=permissions.may_see_invoices)
def history(visit: Visit) -> PageResponse:
    """Every finalized invoice of the customer, each with its credit notes."""
    return kept_pages.show(visit, lambda: _build_history(visit))


def _build_history(visit: Visit) -> BuiltPage:
    asked = invoice_history.HistoryQuery.parse(request.args)
    db = read_connection()
    found = invoice_history.find_page(db, visit, asked)
    tally = tally_history(db, visit, asked, found)
    values = {
        "rows": render_rows(db, visit, found.rows) or None,
        "newer": found.newer,
        "older": found.older,
        "search": asked.search,
        "first_day": asked.filter.get("from"),
        "last_day": asked.filter.get("to"),
        "query": asked.filter_query,
        "summary": _render_summary(tally) if tally.count else None,
    }
    may_see_spending = permissions.may_see_spending(visit.features)
    shown = {"statuses": tally.statuses, "years": tally.years, "currencies": tally.currencies}
    context = {"status": asked.status, "year": asked.year, "spending": may_see_spending, **shown}
    parts = page_cache.render_page("hosted/invoices.html", tuple(context.values()), values, **context)
    return BuiltPage(parts, invoice_history.first_overdue(found.rows, visit.now))


@page(blueprint, "/invoices.csv", allows=permissions.may_see_invoices)
def file(visit: Visit) -> PageResponse:
    """The invoices that the filter lets through, all of them in one file."""
    asked = invoice_history.HistoryQuery.parse(request.args)
    db = read_connection()
    content = render_csv(db, visit, invoice_history.list_matching(db, visit, asked))
    name = " ".join(str(each) for each in (_("Invoices"), asked.year or "") if each)
    return file_response(content, "text/csv", f"{name}.csv")


def _render_summary(tally: HistoryTally) -> RenderedHtml:
    """Count, place and sums."""
    return RenderedHtml(render_template("hosted/_invoice_summary.html", tally=tally))
