"""Quotes: what is offered, as a page and as a PDF, and the customer's answer."""

from flask import Blueprint, abort, render_template
from flask_babel import gettext as _

from portal.hosted import document_files, flows, own_quotes, quote_answers, shown_quotes
from portal.hosted.page import PageResponse, page
from portal.hosted.shown_quotes import ShownQuote
from portal.hosted.visits import Visit
from portal.rules import permissions
from portal.web.services import services

blueprint = Blueprint("quotes", __name__, url_prefix="/p")

ALLOWS = permissions.may_answer_quotes
FLOWS = (flows.ACCEPT,)


@page(blueprint, "/quotes", allows=ALLOWS)
def overview(visit: Visit) -> PageResponse:
    """Every quote, the newest first."""
    with visit.reading() as db:
        rows = [(row, own_quotes.find_state(row, visit.now)) for row in own_quotes.list_all(db, visit)]
    return render_template("hosted/quotes.html", rows=rows, visit=visit)


@page(blueprint, "/quotes/<id>", allows=ALLOWS, flows=FLOWS)
def quote(visit: Visit, id: str) -> PageResponse:
    """What is offered, until when, and how it stands."""
    return shown_quotes.render(_find(visit, id))


@page(blueprint, "/quotes/<id>/pdf", allows=ALLOWS, flows=FLOWS)
def pdf(visit: Visit, id: str) -> PageResponse:
    """The quote as a file."""
    row = _find(visit, id).quote
    content = services().documents.pdf(visit.scope, "quote", id)
    return document_files.pdf_response(content, _("Quote"), row.number or "")


@page(blueprint, "/quotes/<id>/accept", allows=ALLOWS, flows=FLOWS, methods=("GET", "POST"))
def accept(visit: Visit, id: str) -> PageResponse:
    """What follows from a yes, and the button."""
    return quote_answers.accept(_find(visit, id))


@page(blueprint, "/quotes/<id>/decline", allows=ALLOWS, flows=FLOWS, methods=("GET", "POST"))
def decline(visit: Visit, id: str) -> PageResponse:
    """Why not, if the customer wants to say so, and the button."""
    return quote_answers.decline(_find(visit, id))


def _find(visit: Visit, id: str) -> ShownQuote:
    if not flows.may_show(visit, id):
        abort(404)
    with visit.reading() as db:
        row = own_quotes.find(db, visit, id)
    return ShownQuote(row, f"{visit.path}quotes/{id}", visit.now, visit.reading, visit.writing, visit)
