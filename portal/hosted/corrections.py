"""Customers correct what an invoice says of them: what is printed now, what it becomes, and the button."""

from flask import Blueprint, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _

from portal.billing.corrections.corrections import correct
from portal.billing.corrections.obstacles import NotCorrectable
from portal.billing.corrections.params import CorrectInvoice
from portal.billing.customer_portal import invoice_corrections
from portal.errors import InvalidRequest
from portal.hosted import own_documents
from portal.hosted.correction_forms import CorrectionForm
from portal.hosted.page import PageResponse, page
from portal.hosted.visits import Visit
from portal.models import Invoice
from portal.rules import permissions
from portal.wire.commands import parse_command

blueprint = Blueprint("corrections", __name__, url_prefix="/p")


@page(blueprint, "/invoices/<id>/correct", allows=permissions.may_correct_invoices, methods=("GET", "POST"))
def edit(visit: Visit, id: str) -> PageResponse:
    """The form, then the summary of what is made, then the correction itself."""
    with visit.reading() as db:
        invoice = own_documents.find_own(db, visit, "invoice", id)
        is_open = invoice_corrections.may_correct(db, visit.features, invoice, now=visit.now)
    if invoice.latest_revision_id:
        return redirect(f"{visit.path}invoices/{invoice.latest_revision_id}", 303)
    if not is_open:
        return _refuse(visit, id)
    printed = invoice_corrections.find_printed(invoice)
    form = CorrectionForm.for_buyer(printed, invoice_corrections.list_fields(visit.features, printed))
    if not form.validate_on_submit() or "edit" in request.form:
        return _form_page(invoice, form)
    try:
        command = parse_command(CorrectInvoice, form.changes)
        is_sure = "confirmed" in request.form and form.revision.data == str(invoice.revision)
        return _correct_once(visit, id, command) if is_sure else _summary_page(visit, invoice, form, command)
    except NotCorrectable:
        return _refuse(visit, id)
    except InvalidRequest:
        form.form_errors.append(_("There are characters in it that can't be used."))
        return _form_page(invoice, form)


def _correct_once(visit: Visit, id: str, command: CorrectInvoice) -> PageResponse:
    """Make the correction; a second click finds it made."""
    with visit.writing() as db:
        invoice = own_documents.find_own(db, visit, "invoice", id)
        if not invoice_corrections.may_correct(db, visit.features, invoice, now=visit.now):
            raise NotCorrectable("corrected")
        new = correct(db, invoice, command, now=visit.now)
    flash(_("The invoice is corrected. This one takes its place."))
    return redirect(f"{visit.path}invoices/{new.id}", 303)


def _refuse(visit: Visit, id: str) -> PageResponse:
    """To the invoice, or to the one that takes its place by now."""
    with visit.reading() as db:
        invoice = own_documents.find_own(db, visit, "invoice", id)
    if invoice.latest_revision_id is None:
        flash(_("This invoice can't be corrected here any more. Please ask us."), "attention")
    return redirect(f"{visit.path}invoices/{invoice.latest_revision_id or id}", 303)


def _form_page(invoice: Invoice, form: CorrectionForm) -> PageResponse:
    form.revision.data = str(invoice.revision)
    answer = render_template("hosted/invoice_correct.html", invoice=invoice, form=form)
    return make_response(answer, 400 if form.errors else 200)


def _summary_page(visit: Visit, invoice: Invoice, form: CorrectionForm, command: CorrectInvoice) -> PageResponse:
    """What is made, as it was tried: `stale` where the invoice has changed since the button was shown."""
    with visit.trying() as db:
        tried = own_documents.find_own(db, visit, "invoice", invoice.id)
        preview = invoice_corrections.preview(db, tried, command, now=visit.now)
    stale = "confirmed" in request.form
    form.revision.data = str(invoice.revision)
    shown = {"invoice": invoice, "form": form, "preview": preview, "changes": form.changes, "stale": stale}
    return make_response(render_template("hosted/invoice_correct_confirm.html", **shown), 409 if stale else 200)
