"""Having credit paid out: the customer asks, and the merchant decides."""

from flask import Blueprint, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.billing.refunds import balances, payees, payouts
from portal.billing.refunds.payees import Payee
from portal.errors import InvalidRequest
from portal.hosted.page import PageResponse, page
from portal.hosted.payout_form import ANOTHER, PayoutForm
from portal.hosted.visits import Visit
from portal.models import Customer
from portal.rules import permissions, sepa
from portal.web.services import services

blueprint = Blueprint("payouts", __name__, url_prefix="/p")


@page(blueprint, "/balance/payout", allows=permissions.may_have_paid_out, methods=("GET", "POST"))
def ask(visit: Visit) -> PageResponse:
    """Choose the account; the whole credit is asked for, and is set aside until the merchant has decided."""
    form = PayoutForm()
    with visit.reading() as db:
        customer = visit.find_customer(db)
        if not is_offered(db, visit, customer):
            return redirect(f"{visit.path}balance", 303)
        form.offer(payees.list_kept(db, customer.id))
    if form.validate_on_submit():
        return _ask_for(visit, form)
    if request.method == "GET":
        form.name.data = customer.name
    answer = render_template("hosted/payout.html", visit=visit, form=form, customer=customer, another=ANOTHER)
    return make_response(answer, 400 if form.errors else 200)


def is_offered(db: Session, visit: Visit, customer: Customer) -> bool:
    """Whether the customer can ask now: there is credit, and no payout is under way."""
    allowed = permissions.may_have_paid_out(visit.features) and balances.can_pay_out(db, customer)
    return allowed and balances.find_open(db, customer.id) is None


def _ask_for(visit: Visit, form: PayoutForm) -> PageResponse:
    try:
        with visit.writing() as db:
            payouts.ask(db, visit.customer_id, _find_payee(visit, db, form), now=visit.now)
    except InvalidRequest:
        return redirect(f"{visit.path}balance", 303)  # asked for by another click, or used up meanwhile
    flash(_("We have got your request, and will transfer the money once it has been looked at."))
    return redirect(f"{visit.path}balance", 303)


def _find_payee(visit: Visit, db: Session, form: PayoutForm) -> Payee:
    if form.account.data != ANOTHER:
        return payees.find_kept(db, visit.customer_id, form.account.data)
    number = sepa.parse_iban(form.iban.data).iban
    return Payee(form.name.data or "", services().seal.encrypt(number.encode()))
