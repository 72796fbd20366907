"""A customer's tax IDs: add one (first the country, then kind and number), or remove one."""

from flask import Blueprint, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _

from portal import i18n
from portal.billing.ledger import tax_ids
from portal.errors import InvalidRequest, ResourceMissing
from portal.hosted import flows, visit_notes
from portal.hosted.forms import TaxIdForm
from portal.hosted.languages import locale, number_name
from portal.hosted.page import PageResponse, page
from portal.hosted.visits import Visit
from portal.rules import permissions
from portal.rules import tax_ids as tax_id_rules
from portal.wire.commands import parse_command

blueprint = Blueprint("tax_ids", __name__, url_prefix="/p")

FLOWS = (flows.UPDATE,)
#: Notes of the visit: the tax ID that it has removed last, and the one that it has added last.
_REMOVED, _ADDED = "removed_tax_id", "added_tax_id"


def may_edit(features: permissions.Features) -> bool:
    """Whether the customer may add and remove tax IDs."""
    return permissions.may_update(features, "tax_id")


@page(blueprint, "/details/tax-ids", allows=may_edit, flows=FLOWS, methods=("GET", "POST"))
def add(visit: Visit) -> PageResponse:
    """Two steps: without `?country=` choose the country, with it choose among that country's kinds."""
    country = request.args.get("country", "").upper()
    if not tax_id_rules.types_for_country(country):
        return _country_page(visit)
    form = TaxIdForm.for_country(country)
    if form.validate_on_submit() and _add_tax_id(visit, form, country):
        return redirect(f"{visit.path}details", 303)
    answer = render_template("hosted/tax_id_add.html", visit=visit, form=form, country=country)
    return make_response(answer, 400 if form.errors else 200)


@page(blueprint, "/details/tax-ids/<tax_id>/remove", allows=may_edit, flows=FLOWS, methods=("GET", "POST"))
def remove(visit: Visit, tax_id: str) -> PageResponse:
    """Ask for confirmation, then remove it; a second click finds it removed."""
    try:
        if request.method == "GET":
            return _removal_page(visit, tax_id)
        with visit.writing() as db:
            row = tax_ids.find_for_customer(db, visit.customer_id, tax_id)
            tax_ids.delete(db, row, now=visit.now)
            visit_notes.note(db, visit, _REMOVED, f"{tax_id} {row.value}")
        value = row.value
    except ResourceMissing:
        with visit.reading() as db:
            removed, _blank, value = (visit_notes.find_note(db, visit, _REMOVED) or "").partition(" ")
        if removed != tax_id:
            raise
    flash(_("The tax ID %(value)s is removed.", value=i18n.isolate_text(value)))
    return redirect(f"{visit.path}details", 303)


def _removal_page(visit: Visit, tax_id: str) -> str:
    with visit.reading() as db:
        row = tax_ids.find_for_customer(db, visit.customer_id, tax_id)
    return render_template("hosted/tax_id_remove.html", visit=visit, tax_id=row, label=number_name(row.type, row.value))


def _country_page(visit: Visit) -> PageResponse:
    with visit.reading() as db:
        customer = visit.find_customer(db)
        count = len(tax_ids.list_for_customer(db, customer.id))
    return render_template(
        "hosted/tax_id_country.html",
        visit=visit,
        countries=[pair for pair in i18n.list_countries(locale()) if tax_id_rules.types_for_country(pair[0])],
        own=(customer.address or {}).get("country"),
        is_full=count >= tax_ids.MOST_PER_CUSTOMER,
        most=tax_ids.MOST_PER_CUSTOMER,
    )


def _add_tax_id(visit: Visit, form: TaxIdForm, country: str) -> bool:
    sent = {"type": form.type.data, "value": form.value.data, "customer": visit.customer_id}
    try:
        command = parse_command(tax_ids.CreateTaxId, sent)
        with visit.writing() as db:
            added = tax_ids.create(db, command, now=visit.now)
            visit_notes.note(db, visit, _ADDED, f"{added.type} {added.value}")
    except InvalidRequest as error:
        if not _has_just_added(visit, form, error):
            _explain_refusal(form, error, country)
            return False
    flash(_("Your tax ID is added. It shows on your next invoices."))
    return True


def _has_just_added(visit: Visit, form: TaxIdForm, error: InvalidRequest) -> bool:
    """Whether it is refused as this visit itself has added it, by an earlier click."""
    if error.code != "resource_already_exists":
        return False
    value = tax_id_rules.normalize_value(form.type.data, form.value.data)
    with visit.reading() as db:
        return visit_notes.find_note(db, visit, _ADDED) == f"{form.type.data} {value}"


def _explain_refusal(form: TaxIdForm, error: InvalidRequest, country: str) -> None:
    """Say in the page's language why the tax ID was refused."""
    if error.code == "tax_ids_limit_reached":
        form.form_errors.append(
            _("There can be at most %(most)s tax IDs. Remove one first.", most=tax_ids.MOST_PER_CUSTOMER)
        )
    elif error.code == "resource_already_exists":
        form.value.errors = [_("You have this tax ID already.")]
    else:
        form.value.errors = [_wrong_number_text(form.type.data, country)]


def _wrong_number_text(type: str, country: str) -> str:
    example = tax_id_rules.example_value(type, country)
    words: str = _(
        "Check the number: %(kind)s (%(country)s) looks like %(example)s.",
        kind=i18n.isolate_text(number_name(type, example)),
        country=i18n.country_name(country, locale()),
        example=i18n.isolate_text(example),
    )
    return words
