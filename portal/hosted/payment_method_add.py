"""Adding a bank account: its number, and the mandate that the customer agrees to."""

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.billing.payment_methods import mandates, own_methods
from portal.hosted import collection_offers, flows, mandate_words
from portal.hosted.account_form import AccountForm
from portal.hosted.page import PageResponse, page
from portal.hosted.visits import Visit
from portal.rules import permissions
from portal.rules.creditors import Creditor
from portal.web.services import services

blueprint = Blueprint("payment_method_add", __name__, url_prefix="/p")


@page(
    blueprint,
    "/payment-methods/add",
    allows=permissions.may_update_methods,
    flows=(flows.PAYMENT,),
    methods=("GET", "POST"),
)
def add(visit: Visit) -> PageResponse:
    """Add a bank account; with `?replaces=` another one is removed then."""
    if "sepa_debit" not in visit.method_types:
        abort(404)
    if visit.in_flow and visit.flow_completed_at is not None:
        return redirect(flows.entry_path(visit))
    form = AccountForm()
    with visit.reading() as db:
        customer = visit.find_customer(db)
        creditor = mandates.find_creditor(db) or abort(404)
        reference = own_methods.next_reference(db, customer, visit.id)
        known = mandates.find_by_reference(db, form.reference.data) if form.is_submitted() else None
        old = find_replaced(db, visit)
    if known is not None and known.session_id == visit.id:
        return redirect(path_after_adding(visit), 303)  # an earlier click has added it
    if form.reference.data not in {None, "", reference}:
        form.agree.data = False  # the words have changed since
    if form.validate_on_submit():
        return redirect(_add_account(visit, form, creditor, reference, old), 303)
    form.reference.data = reference
    if request.method == "GET":
        form.name.data = customer.name
    answer = render_template(
        "hosted/payment_method_add.html",
        visit=visit,
        form=form,
        facts=mandate_words.list_facts(creditor, reference),
        paragraphs=mandate_words.list_paragraphs(creditor),
        old=old,
    )
    return make_response(answer, 400 if form.errors else 200)


def find_replaced(db: Session, visit: Visit) -> str | None:
    """The id of the method that is to be replaced. Raises `ResourceMissing` for one that is not the customer's."""
    id = request.args.get("replaces")
    return own_methods.find_own(db, visit.customer_id, id).id if id and not visit.in_flow else None


def _add_account(visit: Visit, form: AccountForm, creditor: Creditor, reference: str, old: str | None) -> str:
    """Add what was typed, and give the path that it leads to."""
    consent = mandate_words.agreed(creditor, reference, visit.id, now=visit.now)
    with visit.writing() as db:
        own_methods.add(
            db, visit.customer_id, form.command(), consent, replaces=old, seal=services().seal, now=visit.now
        )
        path = flows.complete(visit, db) if visit.in_flow else path_after_adding(visit)
    flash(_("Your bank account is added. Your bills are collected from it from now on."))
    with visit.reading() as db:
        has_older = collection_offers.find_offer(db, visit) is not None
    return f"{visit.path}collect" if has_older else path


def path_after_adding(visit: Visit) -> str:
    """Where a customer who has added a payment method goes on."""
    return flows.entry_path(visit) if visit.flow else f"{visit.path}payment-methods"
