"""A quote behind its link, for anyone who has it: seen, and answered where the default configuration allows it."""

from collections.abc import Callable

from flask import Blueprint, abort
from sqlalchemy import select

from portal.billing.customers import test_clocks
from portal.hosted import document_links, quote_answers, shown_quotes
from portal.hosted.document_links import LinkedDocument
from portal.hosted.page import PageResponse
from portal.hosted.shown_quotes import ShownQuote
from portal.models import Configuration
from portal.rules import permissions
from portal.web.policies import declare_policy
from portal.web.requests import request_origin
from portal.web.services import services

blueprint = Blueprint("linked_quotes", __name__)


@blueprint.get("/q/<token>")
def quote(token: str) -> PageResponse:
    """What is offered, until when, and how it stands."""
    return _answer(token, shown_quotes.render, answers=False)


@blueprint.route("/q/<token>/accept", methods=["GET", "POST"])
def accept(token: str) -> PageResponse:
    """What follows from a yes, and the button."""
    return _answer(token, quote_answers.accept)


@blueprint.route("/q/<token>/decline", methods=["GET", "POST"])
def decline(token: str) -> PageResponse:
    """Why not, if the customer wants to say so, and the button."""
    return _answer(token, quote_answers.decline)


def _answer(token: str, view: Callable[[ShownQuote], PageResponse], *, answers: bool = True) -> PageResponse:
    linked = document_links.find_linked_document(token, "quote")
    if linked.expired:
        return document_links.expired_link_page(linked.account)
    shown = _show(linked, f"/q/{token}")
    if answers and not shown.may_answer:
        abort(404)
    return view(shown)


def _show(linked: LinkedDocument, at: str) -> ShownQuote:
    database, row = services().database, linked.row
    origin = request_origin("customer", row.customer_id, link="quote")
    with database.reading(linked.scope) as db:
        now = test_clocks.time_for_row(db, row)
        features = db.scalars(select(Configuration.features).where(Configuration.is_default)).first()
    return ShownQuote(
        row,
        at,
        now,
        reading=lambda: database.reading(linked.scope),
        writing=lambda: database.writing(linked.scope, origin),
        may_answer=permissions.may_answer_quotes(features or {}),
    )


for _name in ("quote", "accept", "decline"):
    declare_policy(f"linked_quotes.{_name}", "link")
