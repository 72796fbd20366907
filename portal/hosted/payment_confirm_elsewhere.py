"""Paying or confirming a payment on the provider's page: the way there, and back."""

from flask import Blueprint, flash, redirect
from flask_babel import gettext as _

from portal.hosted import provider_payments
from portal.hosted.page import PageResponse, page
from portal.hosted.provider_payments import PagePayment, Unreachable
from portal.hosted.visits import Visit

blueprint = Blueprint("payment_confirm_elsewhere", __name__, url_prefix="/p")


@page(blueprint, "/payments/<payment>/confirm/start")
def start(visit: Visit, payment: str) -> PageResponse:
    """Lead to the provider's page, whose name the payment keeps: what is paid there is found by it."""
    try:
        return redirect(provider_payments.find_address(_describe(visit, payment)) or visit.path, 303)
    except Unreachable:
        return _excuse(visit)


@page(blueprint, "/payments/<payment>/confirm/back")
def back(visit: Visit, payment: str) -> PageResponse:
    """The provider is asked what came of it, once more if its webhook was faster."""
    if provider_payments.come_back(_describe(visit, payment)):
        flash(_("Thank you. Your payment is being made."))
    return redirect(visit.path, 303)


@page(blueprint, "/payments/<payment>/confirm/cancel")
def cancel(visit: Visit, payment: str) -> PageResponse:
    """Nothing is paid, unless it was already."""
    return cancel_payment(visit, payment)


def cancel_payment(visit: Visit, payment: str) -> PageResponse:
    """The same, for whoever decides so before."""
    try:
        provider_payments.turn_back(_describe(visit, payment))
    except Unreachable:
        return _excuse(visit)
    flash(_("You have not confirmed the payment, so the invoice is still to be paid."))
    return redirect(visit.path, 303)


def _describe(visit: Visit, payment: str) -> PagePayment:
    """A payment of the visit's customer."""
    path = f"{visit.path}payments/{payment}/confirm"
    return PagePayment(visit.customer_id, payment, path, visit.reading, visit.writing, visit.now)


def _excuse(visit: Visit) -> PageResponse:
    flash(_("The payment provider can't be reached at the moment. Please try again later."), "attention")
    return redirect(visit.path, 303)
