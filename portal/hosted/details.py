"""The billing information page: what is stored of the customer, and the forms that edit it, one for each part."""

from flask import Blueprint, flash, make_response, redirect, render_template
from flask_babel import gettext as _

from portal.billing.customers import customers
from portal.billing.customers.params import UpdateCustomer
from portal.billing.ledger import tax_ids
from portal.errors import InvalidRequest
from portal.hosted import flows
from portal.hosted.detail_forms import DETAIL_FIELDS, DetailsForm, language_name
from portal.hosted.languages import number_name
from portal.hosted.page import PageResponse, page
from portal.hosted.purchase_orders import find_order
from portal.hosted.recipient_forms import show_recipients
from portal.hosted.visits import Visit
from portal.rules import permissions
from portal.wire.commands import parse_command

blueprint = Blueprint("details", __name__, url_prefix="/p")

FLOWS = (flows.UPDATE,)


@page(blueprint, "/details", allows=permissions.may_see_details, flows=FLOWS)
def details(visit: Visit) -> PageResponse:
    """What is stored, each part with a link to change it."""
    with visit.reading() as db:
        customer = visit.find_customer(db)
        numbers = tax_ids.list_for_customer(db, customer.id)
    parts = (*DETAIL_FIELDS, "email", "email_recipients", "tax_id")
    allowed = [name for name in parts if permissions.may_update(visit.features, name)]
    return render_template(
        "hosted/details.html",
        visit=visit,
        customer=customer,
        tax_ids=numbers,
        recipients=show_recipients(customer),
        purchase_order=find_order(customer),
        language=language_name(customer),
        allowed=allowed,
        number_name=lambda row: number_name(row.type, row.value),
        most_tax_ids=tax_ids.MOST_PER_CUSTOMER,
        finishing=visit.in_flow == flows.UPDATE,
    )


@page(blueprint, "/details/edit", allows=permissions.may_see_details, flows=FLOWS)
def first_form(visit: Visit) -> PageResponse:
    """Where all parts had one form, for links and bookmarks: leads to the first that may be changed."""
    parts = [name for name in DETAIL_FIELDS if permissions.may_update(visit.features, name)]
    return redirect(f"{visit.path}{'/'.join(('details', *parts[:1]))}", 303)


def _declare_form(part: str) -> None:
    def edit(visit: Visit) -> PageResponse:
        return _edit_page(visit, part)

    edit.__name__ = f"edit_{part}"

    def may_edit(features: permissions.Features) -> bool:
        return permissions.may_update(features, part)

    page(blueprint, f"/details/{part}", allows=may_edit, flows=FLOWS, methods=("GET", "POST"))(edit)


def _edit_page(visit: Visit, part: str) -> PageResponse:
    """The form of one part; saves it and leads back to all of them."""
    with visit.reading() as db:
        customer = visit.find_customer(db)
    form = DetailsForm.for_customer(customer, part)
    if form.validate_on_submit() and _save_details(visit, form):
        flash(_("Your billing information is saved."))
        return redirect(f"{visit.path}details", 303)
    return make_response(
        render_template("hosted/details_edit.html", visit=visit, form=form, part=part), 400 if form.errors else 200
    )


def _save_details(visit: Visit, form: DetailsForm) -> bool:
    try:
        command = parse_command(UpdateCustomer, form.update_params)
    except InvalidRequest as error:
        form.show_error_at_field(error, _("There are characters in it that can't be used."))
        return False
    with visit.writing() as db:
        customer = visit.find_customer(db)
        customers.update(db, customer, command, now=visit.now)
    return True


for _part in DETAIL_FIELDS:
    _declare_form(_part)
