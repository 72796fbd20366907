"""The people of a customer, for its owners: who has access, an invitation, another role, and a removal."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _

from portal import clock, i18n
from portal.billing.customer_portal import sessions
from portal.billing.customers import contacts, invitations
from portal.errors import InvalidRequest
from portal.hosted.contact_forms import InviteForm, RoleForm
from portal.hosted.contact_words import invited_words, show_contacts, why_not
from portal.hosted.page import PageResponse, page
from portal.hosted.visits import Visit
from portal.rules import permissions

blueprint = Blueprint("contacts", __name__, url_prefix="/p")

_MAY = permissions.may_manage_contacts


@page(blueprint, "/contacts", allows=_MAY)
def people(visit: Visit) -> PageResponse:
    """Everybody who has access or gets mails, the customer's own address first."""
    with visit.reading() as db:
        customer, rows = visit.find_customer(db), invitations.list_of_customer(db, visit.customer_id)
    shown = show_contacts(rows, now=clock.now())
    return render_template("hosted/contacts.html", visit=visit, customer=customer, shown=shown)


@page(blueprint, "/contacts/invite", allows=_MAY, methods=("GET", "POST"))
def invite(visit: Visit) -> PageResponse:
    """The form for one more; a second click finds that the address is there."""
    form = InviteForm.blank()
    if form.validate_on_submit() and _add(visit, form):
        flash(invited_words(form.email.data, form.role.data))
        return redirect(f"{visit.path}contacts", 303)
    answer = render_template("hosted/contact_invite.html", visit=visit, form=form)
    return make_response(answer, 400 if form.errors else 200)


@page(blueprint, "/contacts/<id>", allows=_MAY, methods=("GET", "POST"))
def change(visit: Visit, id: str) -> PageResponse:
    """Another role, which applies at once."""
    with visit.reading() as db:
        contact = contacts.find_for_customer(db, visit.customer_id, id)
    form = RoleForm(data={"role": contact.role})
    if form.validate_on_submit() and _give_role(visit, id, form):
        flash(_("The role of %(email)s is changed.", email=i18n.isolate_text(contact.email)))
        return redirect(f"{visit.path}contacts", 303)
    answer = render_template("hosted/contact_role.html", visit=visit, form=form, contact=contact)
    return make_response(answer, 400 if form.errors else 200)


@page(blueprint, "/contacts/<id>/invite", allows=_MAY, methods=("POST",))
def invite_again(visit: Visit, id: str) -> PageResponse:
    """A new invitation; who has joined meanwhile needs none."""
    try:
        with visit.writing() as db:
            contact = contacts.find_for_customer(db, visit.customer_id, id)
            email = contact.email
            contacts.invite(db, contact, now=clock.now())
        flash(invited_words(email, "accountant"))
    except InvalidRequest as error:
        flash(why_not(error), "attention")
    return redirect(f"{visit.path}contacts", 303)


@page(blueprint, "/contacts/<id>/remove", allows=_MAY, methods=("GET", "POST"))
def remove(visit: Visit, id: str) -> PageResponse:
    """Ask for confirmation, then remove the contact, whose visits end at once."""
    with visit.reading() as db:
        contact = contacts.find_for_customer(db, visit.customer_id, id)
    if request.method == "GET":
        return render_template("hosted/contact_remove.html", visit=visit, contact=contact)
    try:
        with visit.writing() as db:
            contacts.delete(db, contacts.find_for_customer(db, visit.customer_id, id), now=clock.now())
        flash(_("%(email)s has no access any more.", email=i18n.isolate_text(contact.email)))
    except InvalidRequest as error:
        flash(why_not(error), "attention")
    return redirect(f"{visit.path}contacts", 303)


def _add(visit: Visit, form: InviteForm) -> bool:
    try:
        with visit.writing() as db:
            command = form.to_command(sessions.find_session(db, visit.id).configuration_id)
            contacts.create(db, visit.customer_id, command, now=clock.now())
    except InvalidRequest as error:
        form.show_refusal(error)
        return False
    return True


def _give_role(visit: Visit, id: str, form: RoleForm) -> bool:
    try:
        with visit.writing() as db:
            contact = contacts.find_for_customer(db, visit.customer_id, id)
            contacts.update(db, contact, form.to_update(), now=clock.now())
    except InvalidRequest as error:
        form.form_errors.append(why_not(error))
        return False
    return True
