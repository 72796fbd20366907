"""The invoice history: every finalized invoice of a customer, filtered by year and status."""

from flask import Blueprint, request

from portal import clock
from portal.hosted import invoice_history, page_cache
from portal.hosted.invoice_rows import render_rows
from portal.hosted.page import PageResponse, page
from portal.hosted.visits import Visit
from portal.rules import permissions
from portal.web.services import read_connection

blueprint = Blueprint("invoices", __name__, url_prefix="/p")


@page(blueprint, "/invoices", allows=permissions.may_see_invoices)
def history(visit: Visit) -> PageResponse:
    """Every finalized invoice of the customer, each with its credit notes."""
    asked = invoice_history.HistoryQuery.parse(request.args)
    db = read_connection()
    found = invoice_history.find_page(db, visit, asked)
    rows = render_rows(db, visit, found.rows)
    first = found.rows[0].first_created if found.rows else invoice_history.find_first_created(db, visit)
    this_year = clock.utc_date(visit.now).year
    years = range(this_year, (clock.utc_date(first).year if first else this_year) - 1, -1)
    values = {"rows": rows or None, "newer": found.newer, "older": found.older}
    return page_cache.render_page(
        "hosted/invoices.html", (asked.status, asked.year, years), values, asked=asked, years=years
    )
