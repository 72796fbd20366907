"""The customer's answer to a quote, in a visit and behind its link."""

from flask import flash, make_response, redirect
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.billing.quotes import acceptance, declining
from portal.db import find_row, lock_row
from portal.errors import InvalidRequest
from portal.hosted import flows, shown_quotes
from portal.hosted.own_quotes import find_state
from portal.hosted.page import PageResponse
from portal.hosted.quote_forms import AcceptForm, DeclineForm
from portal.hosted.shown_quotes import ShownQuote
from portal.models import Customer, Quote
from portal.wire.commands import Command, parse_command


def accept(shown: ShownQuote) -> PageResponse:
    """What follows from a yes, and the button; a second click changes nothing."""
    form = AcceptForm(meta=_form_meta(shown))
    if not form.validate_on_submit():
        return _form_page(shown, "quote_accept", form)
    try:
        with shown.writing() as db:
            row = _lock(db, shown)
            if row.status != "accepted":
                acceptance.accept(db, row, Command(), now=shown.now)
            onward = _complete(db, shown)
    except InvalidRequest:
        flash(_("The quote could not be accepted. Please ask us."), "attention")
        return make_response(shown_quotes.render(shown), 409)
    flash(_("Thank you. The quote is accepted."))
    return redirect(onward, 303)


def decline(shown: ShownQuote) -> PageResponse:
    """Why not, if the customer wants to say so, and the button; a no that is too late leads to the quote as it is."""
    form = DeclineForm(meta=_form_meta(shown))
    if not form.validate_on_submit():
        return _form_page(shown, "quote_decline", form)
    command = parse_command(declining.DeclineQuote, {"reason": form.reason.data} if form.reason.data else {})
    with shown.writing() as db:
        row = _lock(db, shown)
        if row.status == "open" and shown.now < row.expires_at:
            declining.decline(db, row, command, now=shown.now)
        declined = find_state(row, shown.now) == "declined"
        onward = _complete(db, shown) if declined else shown.at
    if declined:
        flash(_("The quote is declined."))
    return redirect(onward, 303)


def _complete(db: Session, shown: ShownQuote) -> str:
    """Where an answer leads: to the quote, or to the end of the flow that was for it."""
    if shown.visit is None or not flows.is_for(shown.visit, flows.ACCEPT):
        return shown.at
    return flows.complete(shown.visit, db)


def _form_meta(shown: ShownQuote) -> dict[str, bool]:
    """Behind a link there is no session for a token: its secret stands in the address of the form itself."""
    return {"csrf": shown.visit is not None}


def _lock(db: Session, shown: ShownQuote) -> Quote:
    """The quote, with a lock on its customer, so that one answer comes after the other."""
    lock_row(db, Customer, shown.quote.customer_id or "", noun="customer")
    return find_row(db, Quote, shown.quote.id, noun="quote")


def _form_page(shown: ShownQuote, template: str, form: AcceptForm | DeclineForm) -> PageResponse:
    if not shown.is_open:
        return redirect(shown.at, 303)
    return make_response(shown_quotes.render(shown, template, form=form), 400 if form.errors else 200)
