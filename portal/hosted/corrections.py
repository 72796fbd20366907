"""Customers correct what an invoice says of them: what is printed now, what it becomes, and the button."""

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _

from portal.billing.corrections.obstacles import NotCorrectable
from portal.billing.corrections.params import CorrectInvoice
from portal.billing.customer_portal import invoice_corrections
from portal.errors import InvalidRequest
from portal.hosted import flows, own_documents
from portal.hosted.correction_forms import CorrectionForm
from portal.hosted.page import PageResponse, page
from portal.hosted.visits import Visit
from portal.models import Invoice
from portal.rules import permissions
from portal.wire.commands import parse_command

blueprint = Blueprint("corrections", __name__, url_prefix="/p")


FLOWS = (flows.CORRECT,)


@page(
    blueprint,
    "/invoices/<id>/correct",
    allows=permissions.may_correct_invoices,
    flows=FLOWS,
    methods=("GET", "POST"),
)
def edit(visit: Visit, id: str) -> PageResponse:
    """The form, then the summary of what is made, then the correction itself."""
    if not flows.may_show(visit, id):
        abort(404)
    with visit.reading() as db:
        invoice = own_documents.find_own(db, visit, "invoice", id)
        is_open = invoice_corrections.may_correct(db, visit.features, invoice, now=visit.now)
    if invoice.latest_revision_id or not is_open:
        return _refuse(visit, id)
    printed = invoice_corrections.find_printed(invoice)
    form = CorrectionForm.for_buyer(printed, invoice_corrections.list_fields(visit.features, printed))
    if not form.validate_on_submit() or "edit" in request.form:
        return _form_page(visit, invoice, form)
    try:
        command = parse_command(CorrectInvoice, form.changes)
        is_sure = "confirmed" in request.form and form.revision.data == str(invoice.revision)
        return _correct_once(visit, id, command) if is_sure else _summary_page(visit, invoice, form, command)
    except NotCorrectable:
        return _refuse(visit, id)
    except InvalidRequest:
        form.form_errors.append(_("There are characters in it that can't be used."))
        return _form_page(visit, invoice, form)


def _correct_once(visit: Visit, id: str, command: CorrectInvoice) -> PageResponse:
    """Make the correction; a second click finds it made."""
    with visit.writing() as db:
        invoice = own_documents.find_own(db, visit, "invoice", id)
        new = invoice_corrections.correct_allowed(db, visit.features, invoice, command, now=visit.now)
        in_flow = flows.is_for(visit, flows.CORRECT)
        onward = flows.complete(visit, db) if in_flow else f"{visit.path}invoices/{new.id}"
    flash(_("The invoice is corrected.") if in_flow else _("The invoice is corrected. This one takes its place."))
    return redirect(onward, 303)


def _refuse(visit: Visit, id: str) -> PageResponse:
    """To the invoice, or to the one that takes its place by now; a flow whose invoice is corrected is at its end."""
    with visit.reading() as db:
        invoice = own_documents.find_own(db, visit, "invoice", id)
    corrected, words = invoice.latest_revision_id, _("This invoice can't be corrected here any more. Please ask us.")
    if visit.in_flow and corrected is None:
        return make_response(render_template("hosted/invoice_correct_gone.html", invoice=invoice, words=words), 409)
    if visit.in_flow:
        with visit.writing() as db:
            return redirect(flows.complete(visit, db), 303)
    if corrected is None:
        flash(words, "attention")
    return redirect(f"{visit.path}invoices/{corrected or id}", 303)


def _form_page(visit: Visit, invoice: Invoice, form: CorrectionForm) -> PageResponse:
    form.revision.data = str(invoice.revision)
    answer = render_template("hosted/invoice_correct.html", visit=visit, invoice=invoice, form=form)
    return make_response(answer, 400 if form.errors else 200)


def _summary_page(visit: Visit, invoice: Invoice, form: CorrectionForm, command: CorrectInvoice) -> PageResponse:
    """What is made, as it was tried: `stale` where the invoice has changed since the button was shown."""
    with visit.trying() as db:
        tried = own_documents.find_own(db, visit, "invoice", invoice.id)
        preview = invoice_corrections.preview(db, tried, command, now=visit.now)
    stale = "confirmed" in request.form
    form.revision.data = str(invoice.revision)
    shown = {
        "visit": visit,
        "invoice": invoice,
        "form": form,
        "preview": preview,
        "changes": form.changes,
        "stale": stale,
    }
    return make_response(render_template("hosted/invoice_correct_confirm.html", **shown), 409 if stale else 200)
