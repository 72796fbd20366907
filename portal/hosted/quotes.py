"""Quotes: what is offered, as a page and as a PDF, and the customer's answer."""

from flask import Blueprint, flash, make_response, redirect, render_template
from flask_babel import gettext as _

from portal.billing.quotes import acceptance, declining
from portal.billing.quotes.declining import DeclineQuote
from portal.documents import build_quotes
from portal.errors import InvalidRequest
from portal.hosted import document_files, own_quotes
from portal.hosted.page import PageResponse, page
from portal.hosted.quote_forms import AcceptForm, DeclineForm
from portal.hosted.visits import Visit
from portal.rules import permissions
from portal.web.services import services
from portal.wire.commands import Command, parse_command

blueprint = Blueprint("quotes", __name__, url_prefix="/p")

ALLOWS = permissions.may_answer_quotes


@page(blueprint, "/quotes", allows=ALLOWS)
def overview(visit: Visit) -> PageResponse:
    """Every quote, the newest first."""
    with visit.reading() as db:
        rows = [(row, own_quotes.find_state(row, visit.now)) for row in own_quotes.list_all(db, visit)]
    return render_template("hosted/quotes.html", rows=rows, visit=visit)


@page(blueprint, "/quotes/<id>", allows=ALLOWS)
def quote(visit: Visit, id: str) -> PageResponse:
    """What is offered, until when, and how it stands."""
    return _render(visit, id, "hosted/quote.html")


@page(blueprint, "/quotes/<id>/pdf", allows=ALLOWS)
def pdf(visit: Visit, id: str) -> PageResponse:
    """The quote as a file."""
    with visit.reading() as db:
        row = own_quotes.find(db, visit, id)
    content = services().documents.pdf(visit.scope, "quote", id)
    return document_files.pdf_response(content, _("Quote"), row.number or "")


@page(blueprint, "/quotes/<id>/accept", allows=ALLOWS, methods=("GET", "POST"))
def accept(visit: Visit, id: str) -> PageResponse:
    """What follows from a yes, and the button."""
    form = AcceptForm()
    if not form.validate_on_submit():
        return _answer_page(visit, id, "hosted/quote_accept.html", form)
    try:
        _accept_once(visit, id)
    except InvalidRequest:
        flash(_("The quote could not be accepted. Please ask us."), "attention")
    else:
        flash(_("Thank you. The quote is accepted."))
    return redirect(f"{visit.path}quotes/{id}", 303)


@page(blueprint, "/quotes/<id>/decline", allows=ALLOWS, methods=("GET", "POST"))
def decline(visit: Visit, id: str) -> PageResponse:
    """Why not, if the customer wants to say so, and the button."""
    form = DeclineForm()
    if not form.validate_on_submit():
        return _answer_page(visit, id, "hosted/quote_decline.html", form)
    command = parse_command(DeclineQuote, {"reason": form.reason.data} if form.reason.data else {})
    with visit.writing() as db:
        row = own_quotes.lock(db, visit, id)
        if own_quotes.find_state(row, visit.now) == "open":
            declining.decline(db, row, command, now=visit.now)
    flash(_("The quote is declined."))
    return redirect(f"{visit.path}quotes/{id}", 303)


def _accept_once(visit: Visit, id: str) -> None:
    """A second click changes nothing. Raises `InvalidRequest` for a quote that can't be accepted any more."""
    with visit.writing() as db:
        row = own_quotes.lock(db, visit, id)
        if row.status != "accepted":
            acceptance.accept(db, row, Command(), now=visit.now)


def _answer_page(visit: Visit, id: str, template: str, form: AcceptForm | DeclineForm) -> PageResponse:
    with visit.reading() as db:
        row = own_quotes.find(db, visit, id)
    if own_quotes.find_state(row, visit.now) != "open":
        return redirect(f"{visit.path}quotes/{id}", 303)
    return make_response(_render(visit, id, template, form=form), 400 if form.errors else 200)


def _render(visit: Visit, id: str, template: str, **shown: object) -> str:
    with visit.reading() as db:
        row = own_quotes.find(db, visit, id)
        document = build_quotes.quote(db, row)
    state = own_quotes.find_state(row, visit.now)
    return render_template(template, quote=row, document=document, state=state, visit=visit, **shown)
