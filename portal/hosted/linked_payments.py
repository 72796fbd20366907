"""Paying an open invoice behind its link, by anyone who has it: what the customer has kept is not shown there."""

from contextlib import AbstractContextManager

from flask import Blueprint, abort, redirect, render_template, request
from sqlalchemy.orm import Session

from portal.billing.customers import test_clocks
from portal.billing.intents import own_intents, pages
from portal.hosted import document_links, pay_offers, pay_pages
from portal.hosted.document_links import LinkedDocument
from portal.hosted.page import PageResponse
from portal.web.policies import declare_policy
from portal.web.requests import request_origin
from portal.web.services import services

blueprint = Blueprint("linked_payments", __name__)


@blueprint.route("/i/<token>/pay", methods=["GET", "POST"])
def pay(token: str) -> PageResponse:
    """Choose how much is paid, and by what."""
    linked = document_links.find_linked_document(token, "invoice")
    if linked.expired:
        return document_links.expired_link_page(linked.account)
    with services().database.reading(linked.scope) as db:
        offer = pay_offers.find_offer(db, linked.row, f"link:{linked.row.id}", shows_kept=False)
    if offer is None:
        return redirect(f"/i/{token}", 303)
    return pay_pages.answer(
        offer, f"/i/{token}", lambda payment: f"/i/{token}/confirm", lambda: _writing(linked), default=False
    )


@blueprint.route("/i/<token>/confirm", methods=["GET", "POST"])
def confirm(token: str) -> PageResponse:
    """Ask for the confirmation of a payment that waits for it, then note the answer."""
    linked = document_links.find_linked_document(token, "invoice")
    if linked.expired:
        return document_links.expired_link_page(linked.account)
    row = linked.row
    with services().database.reading(linked.scope) as db:
        waiting = next(iter(own_intents.list_waiting(db, row.customer_id, row.id)), None)
        now, elsewhere = test_clocks.time_for_row(db, row), pages.has_pages(db)
    if waiting is None:
        return redirect(f"/i/{token}", 303)
    if request.method == "GET":
        start = f"/i/{token}/confirm/start" if elsewhere else None
        return render_template("hosted/linked_confirm.html", waiting=waiting, back=f"/i/{token}", elsewhere=start)
    if elsewhere:
        return redirect(f"/i/{token}/confirm/cancel", 303)
    if request.form.get("answer") not in {"confirm", "refuse"}:
        abort(400)
    with _writing(linked) as db:
        confirms = request.form["answer"] == "confirm"
        own_intents.answer(db, row.customer_id, waiting.id, confirms=confirms, now=now)
    return redirect(f"/i/{token}", 303)


def _writing(linked: LinkedDocument) -> AbstractContextManager[Session]:
    """A context with a writing database session within the merchant's account and mode."""
    return services().database.writing(linked.scope, request_origin("customer", linked.row.customer_id))


for _name in ("pay", "confirm"):
    declare_policy(f"linked_payments.{_name}", "link")
