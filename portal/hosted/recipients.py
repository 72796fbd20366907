"""Further recipients of a customer's documents by mail: add one, or remove one."""

from __future__ import annotations

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _

from portal import i18n
from portal.billing.customers import recipients
from portal.billing.customers.params import EmailRecipient
from portal.hosted import flows
from portal.hosted.page import PageResponse, page
from portal.hosted.recipient_forms import DOCUMENT_NAMES, RecipientForm
from portal.hosted.visits import Visit
from portal.rules import permissions
from portal.rules.mail_recipients import MOST_RECIPIENTS
from portal.wire.commands import parse_command

blueprint = Blueprint("recipients", __name__, url_prefix="/p")

FLOWS = (flows.UPDATE,)


def may_edit(features: permissions.Features) -> bool:
    """Whether the customer may add and remove recipients."""
    return permissions.may_update(features, "email_recipients")


@page(blueprint, "/details/recipients", allows=may_edit, flows=FLOWS, methods=("GET", "POST"))
def add(visit: Visit) -> PageResponse:
    """The form for one more recipient; the customer's own address is told of it by mail."""
    form = RecipientForm(data=dict.fromkeys(DOCUMENT_NAMES, True))
    if form.validate_on_submit() and _add_recipient(visit, form):
        flash(_("%(email)s gets copies from now on.", email=i18n.isolate_text(form.email.data)))
        return redirect(f"{visit.path}details", 303)
    answer = render_template("hosted/recipient_add.html", visit=visit, form=form)
    return make_response(answer, 400 if form.errors else 200)


@page(blueprint, "/details/recipients/<key>/remove", allows=may_edit, flows=FLOWS, methods=("GET", "POST"))
def remove(visit: Visit, key: str) -> PageResponse:
    """Ask for confirmation, then remove it; a second click finds it removed."""
    if request.method == "POST":
        with visit.writing() as db:
            recipients.remove(db, visit.customer_id, key)
        flash(_("The recipient is removed."))
        return redirect(f"{visit.path}details", 303)
    with visit.reading() as db:
        recipient = recipients.find(visit.find_customer(db), key) or abort(404)
    return render_template("hosted/recipient_remove.html", visit=visit, recipient=recipient)


def _add_recipient(visit: Visit, form: RecipientForm) -> bool:
    sent = {"email": form.email.data, "documents": form.documents}
    try:
        command = parse_command(EmailRecipient, sent)
        with visit.writing() as db:
            recipients.add(db, visit.customer_id, command)
    except recipients.RecipientExists:
        form.email.errors = [_("This address gets your documents already.")]
        return False
    except recipients.TooManyRecipients:
        words = _("There can be at most %(most)s further recipients. Remove one first.", most=MOST_RECIPIENTS)
        form.form_errors.append(words)
        return False
    return True
