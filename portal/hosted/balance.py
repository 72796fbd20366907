"""The balance of a customer: what it is, and how it came about."""

from flask import Blueprint, render_template, request

from portal.hosted import balance_entries
from portal.hosted.page import PageResponse, page
from portal.hosted.visits import Visit
from portal.rules import permissions

blueprint = Blueprint("balance", __name__, url_prefix="/p")


@page(blueprint, "/balance", allows=permissions.may_see_invoices)
def history(visit: Visit) -> PageResponse:
    """Every entry of the balance, the newest first; `?before=` is the cursor of an older page."""
    before = request.args.get("before", "")
    with visit.reading() as db:
        customer = visit.find_customer(db)
        found = balance_entries.find_page(db, visit, before)
    return render_template("hosted/balance.html", visit=visit, customer=customer, found=found, paged=bool(before))
