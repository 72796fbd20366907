"""The change of a customer's email address: request it, prove the new address by a code, notify the old one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template
from flask_babel import gettext as _
from flask_babel import ngettext

from portal import clock
from portal.billing.customer_portal import codes, session_secrets
from portal.billing.customers import email_changes, email_undo
from portal.billing.customers.email_undo import UNDO_LIFETIME
from portal.db import find_row
from portal.errors import StalePage, Unavailable
from portal.hosted import flows
from portal.hosted.forms import CodeForm, EmailForm
from portal.hosted.page import PageResponse, page
from portal.hosted.visits import Visit, mask_email
from portal.models import Customer, EmailChange
from portal.outbox import mails
from portal.rules import permissions
from portal.web import services

blueprint = Blueprint("email_change", __name__, url_prefix="/p")

FLOWS = (flows.UPDATE,)


def may_change(features: Mapping[str, Any]) -> bool:
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
            customer = find_row(db, Customer, visit.customer_id, noun="customer")
            wanted = email_changes.RequestEmailChange(visit.id, email, fresh.hash)
            change = email_changes.request(db, customer, wanted, now=clock.now())
    except codes.TooManyCodes as error:
        form.form_errors.append(_("Too many codes were asked for. Please try again later."))
        return error.status
    return _mail_code(visit, form, change, fresh)


def _mail_code(visit: Visit, form: EmailForm, change: EmailChange, fresh: codes.EmailCode) -> int:
    minutes = codes.LIFETIME // clock.MINUTE
    try:
        _send_mail(visit, "email_code", change.new_email, code=fresh.digits, minutes=minutes)
        return 303
    except mails.UndeliverableMail as error:
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
    left = codes.MOST_TRIES - change.tries if change else 0
    if left:
        words = ngettext(
            "That is not the code. You have %(num)s try left.",
            "That is not the code. You have %(num)s tries left.",
            left,
        )
    else:
        words = _("That is not the code, and it doesn't work any more. Ask for a new one.")
    form.code.errors = [words]
    return False


def _notify_and_confirm(visit: Visit, form: CodeForm, change: EmailChange) -> bool:
    """Notify the old address first, so that no change goes unnoticed, then make the change."""
    token = email_undo.undo_token(change, services().settings.secret_key)
    try:
        undo_hash = session_secrets.hash_secret(token) if _notify_old_address(visit, change, token) else None
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


def _notify_old_address(visit: Visit, change: EmailChange, token: str) -> bool:
    """Whether the notice was sent; it can't be without an old address or to one that doesn't accept mail."""
    if visit.customer_email is None:
        return False
    try:
        _send_mail(
            visit,
            "email_changed",
            visit.customer_email,
            new_email=mask_email(change.new_email),
            hours=UNDO_LIFETIME // clock.HOUR,
            undo_url=f"{services().settings.base_url}/undo/{token}",
        )
    except mails.UndeliverableMail:
        return False
    return True


def _send_mail(visit: Visit, name: str, to: str, **context: Any) -> None:
    letter = mails.OutgoingMail(
        to=to,
        locale=visit.locale,
        merchant=visit.merchant,
        reply_to=visit.support.get("support_email"),
        color=visit.branding.get("primary_color"),
        context=context,
    )
    mails.send(services().settings, name, letter)


def _mail_unavailable_text() -> str:
    words: str = _("We can't send mail at the moment, so nothing was changed. Please try again later.")
    return words
