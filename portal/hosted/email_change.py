"""The change of a customer's email address: request it, prove the new address by a code, notify the old one."""

from flask import Blueprint, flash, make_response, redirect, render_template
from flask_babel import gettext as _

from portal import clock
from portal.billing.customer_portal import codes
from portal.billing.customers import email_changes
from portal.errors import StalePage
from portal.hosted import email_change_mails, flows
from portal.hosted.forms import CodeForm, EmailForm
from portal.hosted.page import PageResponse, page
from portal.hosted.visits import Visit
from portal.models import EmailChange
from portal.recording import notices
from portal.rules import permissions
from portal.web.services import services

blueprint = Blueprint("email_change", __name__, url_prefix="/p")

FLOWS = (flows.UPDATE,)


def may_change(features: permissions.Features) -> bool:
    """Whether the customer may change the address."""
    return permissions.may_update(features, "email")


@page(blueprint, "/details/email", allows=may_change, flows=FLOWS, methods=("GET", "POST"))
def ask(visit: Visit) -> PageResponse:
    """Ask for the new address and put a code to it on its way."""
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
        refused = change is not None and notices.has_failed(db, notices.email_code_key(change.id))
    if change is None:
        return _answer_no_pending_change(visit)
    if refused:
        flash(_("This address does not accept mail. Please check it."), "attention")
        return redirect(f"{visit.path}details/email", 303)
    form = CodeForm()
    if form.validate_on_submit() and _confirm_with_code(visit, form):
        flash(_("Your email address is changed."))
        return redirect(f"{visit.path}details", 303)
    answer = render_template("hosted/email_code.html", visit=visit, form=form, change=change)
    return make_response(answer, 400 if form.errors else 200)


def _send_code(visit: Visit, form: EmailForm) -> int:
    """303 when a code is on its way, else the status of the page that says why not."""
    email = form.email.data
    if email.casefold() == (visit.customer_email or "").casefold():
        form.email.errors = [_("This is your email address already.")]
        return 400
    try:
        _queue_code(visit, email)
    except codes.TooManyCodes as error:
        form.form_errors.append(_("Too many codes were asked for. Please try again later."))
        return error.status
    return 303


def _queue_code(visit: Visit, email: str) -> None:
    """Store the change and queue its code. The limits are asked before the code too, as it is costly to make."""
    now = clock.now()
    with visit.reading() as db:
        email_changes.refuse_over_limit(db, visit.customer_id, email, now=now)
    fresh = codes.new_code(services().settings.secret_key)
    with visit.writing() as db:
        wanted = email_changes.RequestEmailChange(visit.id, email, fresh.hash)
        change = email_changes.request(db, visit.find_customer(db), wanted, now=now)
        email_change_mails.queue_code(db, visit, change, fresh.digits)


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
        return _confirm_and_notify(visit, form, change)
    form.show_wrong_code(codes.MOST_TRIES - change.tries if change else 0)
    return False


def _confirm_and_notify(visit: Visit, form: CodeForm, change: EmailChange) -> bool:
    """Make the change, and queue the notice to the old address with it, so that no change goes unnoticed."""
    now = clock.now()
    try:
        with visit.writing() as db:
            undo_hash = email_change_mails.queue_notice(db, visit, change, now=now)
            command = email_changes.ConfirmEmailChange(visit.customer_email, undo_hash)
            email_changes.confirm(db, change.id, command, now=now)
    except StalePage:
        form.form_errors.append(_("Your email address was changed elsewhere in the meantime. Please start again."))
        return False
    return True
