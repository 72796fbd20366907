"""The change of a customer's email address: request it, prove the new address by a code, notify the old one."""

from flask import Blueprint, flash, make_response, redirect, render_template
from flask_babel import gettext as _

from portal import clock
from portal.billing.customer_portal import codes
from portal.billing.customers import email_changes
from portal.errors import StalePage, Unavailable
from portal.hosted import email_change_mails, flows
from portal.hosted.forms import CodeForm, EmailForm
from portal.hosted.page import PageResponse, page
from portal.hosted.visits import Visit
from portal.models import EmailChange
from portal.outbox.messages import UndeliverableMail
from portal.rules import permissions
from portal.web.services import services

blueprint = Blueprint("email_change", __name__, url_prefix="/p")

FLOWS = (flows.UPDATE,)


def may_change(features: permissions.Features) -> bool:
    """Whether the customer may change the address."""
    return permissions.may_update(features, "email")


@page(blueprint, "/details/email", allows=may_change, flows=FLOWS, methods=("GET", "POST"))
def ask(visit: Visit) -> PageResponse:
    """Ask for the new address and send a code to it."""
    form = EmailForm()
    status = 200
    if form.is_submitted():
        status = _send_code(visit, form) if form.validate() else 400
        if status == 303:
            return redirect(f"{visit.path}details/email/code", 303)
    return make_response(render_template("hosted/email_edit.html", visit=visit, form=form), status)


@page(blueprint, "/details/email/code", allows=may_change, flows=FLOWS, methods=("GET", "POST"))
def code(visit: Visit) -> PageResponse:
    """Ask for the code; the right one makes the change."""
    with visit.reading() as db:
        change = email_changes.find_pending(db, visit.customer_id, visit.id, now=clock.now())
    if change is None:
        return _answer_no_pending_change(visit)
    form = CodeForm()
    if form.validate_on_submit() and _confirm_with_code(visit, form):
        flash(_("Your email address is changed."))
        return redirect(f"{visit.path}details", 303)
    answer = render_template("hosted/email_code.html", visit=visit, form=form, change=change)
    return make_response(answer, 400 if form.errors else 200)


def _send_code(visit: Visit, form: EmailForm) -> int:
    """303 when a code was sent, else the status of the page that says why not."""
    email = form.email.data
    if email.casefold() == (visit.customer_email or "").casefold():
        form.email.errors = [_("This is your email address already.")]
        return 400
    fresh = codes.new_code(services().settings.secret_key)
    try:
        with visit.writing() as db:
            customer = visit.find_customer(db)
            wanted = email_changes.RequestEmailChange(visit.id, email, fresh.hash)
            change = email_changes.request(db, customer, wanted, now=clock.now())
    except codes.TooManyCodes as error:
        form.form_errors.append(_("Too many codes were asked for. Please try again later."))
        return error.status
    return _mail_code(visit, form, change, fresh)


def _mail_code(visit: Visit, form: EmailForm, change: EmailChange, fresh: codes.EmailCode) -> int:
    try:
        email_change_mails.send_code(visit, change.new_email, fresh.digits)
        return 303
    except UndeliverableMail as error:
        form.email.errors = [_("This address does not accept mail. Please check it.")]
        status = error.status
    except Unavailable as error:
        form.form_errors.append(_mail_unavailable_text())
        status = error.status
    with visit.writing() as db:
        email_changes.withdraw(db, change.id)
    return status


def _answer_no_pending_change(visit: Visit) -> PageResponse:
    """The answer where no code can be entered: an earlier click used it, or it has expired."""
    with visit.reading() as db:
        done = email_changes.has_just_confirmed(db, visit.customer_id, visit.id, now=clock.now())
    if done:
        flash(_("Your email address is changed."))
        return redirect(f"{visit.path}details", 303)
    flash(_("The code doesn't work any more. Ask for a new one."), "attention")
    return redirect(f"{visit.path}details/email", 303)


def _confirm_with_code(visit: Visit, form: CodeForm) -> bool:
    with visit.writing() as db:
        change = email_changes.count_attempt(db, visit.customer_id, visit.id, now=clock.now())
    if change and codes.matches(change.code_hash, form.code.data, services().settings.secret_key):
        return _notify_and_confirm(visit, form, change)
    form.show_wrong_code(codes.MOST_TRIES - change.tries if change else 0)
    return False


def _notify_and_confirm(visit: Visit, form: CodeForm, change: EmailChange) -> bool:
    """Notify the old address first, so that no change goes unnoticed, then make the change."""
    try:
        undo_hash = email_change_mails.notify_old_address(visit, change)
        command = email_changes.ConfirmEmailChange(visit.customer_email, undo_hash)
        with visit.writing() as db:
            email_changes.confirm(db, change.id, command, now=clock.now())
    except Unavailable:
        form.form_errors.append(_mail_unavailable_text())
        return False
    except StalePage:
        form.form_errors.append(_("Your email address was changed elsewhere in the meantime. Please start again."))
        return False
    return True


def _mail_unavailable_text() -> str:
    words: str = _("We can't send mail at the moment, so nothing was changed. Please try again later.")
    return words
