"""Paying an open invoice in the portal."""

from flask import Blueprint, redirect

from portal.hosted import own_documents, pay_offers, pay_pages
from portal.hosted.page import PageResponse, page
from portal.hosted.visits import Visit
from portal.rules import permissions

blueprint = Blueprint("invoice_pay", __name__, url_prefix="/p")


@page(blueprint, "/invoices/<id>/pay", allows=permissions.may_have_collected, methods=("GET", "POST"))
def pay(visit: Visit, id: str) -> PageResponse:
    """Choose how much is paid, and by what."""
    with visit.reading() as db:
        row = own_documents.find_own(db, visit, "invoice", id)
        offer = pay_offers.find_offer(db, row, visit.id, offered=visit.method_types, shows_kept=True)
        default = visit.find_customer(db).default_payment_method_id is None
    back = f"{visit.path}invoices/{id}"
    if offer is None:
        return redirect(back, 303)
    return pay_pages.answer(
        offer, back, lambda payment: f"{visit.path}payments/{payment}/confirm", visit.writing, default=default
    )
