"""The balance of a customer: what it is, and how it came about."""

from flask import Blueprint, render_template, request

from portal.billing.refunds import balances
from portal.hosted import balance_entries, payouts
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
        payout = balances.find_open(db, customer.id)
        offered = payouts.is_offered(db, visit, customer)
    shown = {"customer": customer, "found": found, "payout": payout, "offered": offered}
    return render_template("hosted/balance.html", visit=visit, paged=bool(before), **shown)
