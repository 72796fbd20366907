"""Paying an invoice behind its link on the provider's page: the way there, and back."""

from flask import Blueprint, redirect

from portal.billing.customers import test_clocks
from portal.billing.intents import own_intents
from portal.hosted import document_links, provider_payments
from portal.hosted.page import PageResponse
from portal.hosted.provider_payments import PagePayment, Unreachable
from portal.web.policies import declare_policy
from portal.web.requests import request_origin
from portal.web.services import services

blueprint = Blueprint("linked_confirm_elsewhere", __name__)


@blueprint.get("/i/<token>/confirm/start")
def start(token: str) -> PageResponse:
    """Lead to the provider's page."""
    payment = _find(token)
    try:
        address = provider_payments.find_address(payment) if payment else None
    except Unreachable:
        return provider_payments.excuse(f"/i/{token}/confirm")
    return redirect(address or f"/i/{token}", 303)


@blueprint.get("/i/<token>/confirm/back")
def back(token: str) -> PageResponse:
    """The provider is asked what came of it, and the invoice says so."""
    if payment := _find(token):
        provider_payments.come_back(payment)
    return redirect(f"/i/{token}", 303)


@blueprint.get("/i/<token>/confirm/cancel")
def cancel(token: str) -> PageResponse:
    """Nothing is paid, unless it was already; the invoice says so."""
    payment = _find(token)
    try:
        if payment:
            provider_payments.turn_back(payment)
    except Unreachable:
        return provider_payments.excuse(f"/i/{token}/confirm")
    return redirect(f"/i/{token}", 303)


def _find(token: str) -> PagePayment | None:
    """The payment of the invoice that waits for whoever has the link; None for a link that has expired, too."""
    linked = document_links.find_linked_document(token, "invoice")
    if linked.expired:
        return None
    database, row = services().database, linked.row
    with database.reading(linked.scope) as db:
        waiting = next(iter(own_intents.list_waiting(db, row.customer_id, row.id)), None)
        now = test_clocks.time_for_row(db, row)
    if waiting is None:
        return None
    origin = request_origin("customer", row.customer_id)
    return PagePayment(
        row.customer_id,
        waiting.id,
        f"/i/{token}/confirm",
        lambda: database.reading(linked.scope),
        lambda: database.writing(linked.scope, origin),
        now,
    )


for _name in ("start", "back", "cancel"):
    declare_policy(f"linked_confirm_elsewhere.{_name}", "link")
