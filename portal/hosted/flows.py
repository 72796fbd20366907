"""Flows: visits that are for one task only, where they start, and where they lead when the task is done."""

from flask import Blueprint, Response, abort, redirect, render_template
from sqlalchemy.orm import Session

from portal import clock
from portal.billing.customer_portal import sessions
from portal.hosted.page import PageResponse, page
from portal.hosted.visits import Visit

blueprint = Blueprint("flows", __name__, url_prefix="/p")

CANCEL = "subscription_cancel"
UPDATE = "customer_update"
CHANGE = "subscription_update"
CONFIRM = "subscription_update_confirm"
PAUSE = "subscription_pause"
START = "subscription_create"
WITHDRAW = "subscription_withdrawal"
PAYMENT = "payment_method_update"
CORRECT = "invoice_correction"
ACCEPT = "quote_accept"
EVERY = (CANCEL, UPDATE, CHANGE, CONFIRM, PAUSE, START, WITHDRAW, PAYMENT, CORRECT, ACCEPT)
#: Of flows about one object: the key that names it, and the page of the task.
_PAGES_OF_ONE = {
    CANCEL: ("subscription", "subscriptions/{id}/cancel"),
    CHANGE: ("subscription", "subscriptions/{id}/change"),
    CONFIRM: ("subscription", "subscriptions/{id}/change/confirm"),
    PAUSE: ("subscription", "subscriptions/{id}/pause"),
    WITHDRAW: ("subscription", "subscriptions/{id}/withdraw"),
    CORRECT: ("invoice", "invoices/{id}/correct"),
    ACCEPT: ("quote", "quotes/{id}"),
}


def entry_path(visit: Visit) -> str:
    """The path of a flow's task, or of what follows once it is done; the start page for a visit without a flow."""
    if visit.flow is None:
        return visit.path
    if visit.flow_completed_at is not None:
        return _path_after_completion(visit)
    type = visit.flow["type"]
    if type == CANCEL and visit.flow[CANCEL]["retention"]:
        return f"{visit.path}subscriptions/{visit.flow[CANCEL]['subscription']}/offer"
    if type in _PAGES_OF_ONE:
        key, place = _PAGES_OF_ONE[type]
        return visit.path + place.format(id=visit.flow[type][key])
    if type == START:
        return f"{visit.path}subscribe"
    if type == PAYMENT:
        return f"{visit.path}payment-methods/{'add' if 'sepa_debit' in visit.method_types else 'card'}"
    return f"{visit.path}details"


def is_for(visit: Visit, type: str) -> bool:
    """Whether this visit was opened for a flow of this type, be it done or not."""
    return visit.flow is not None and bool(visit.flow["type"] == type)


def may_show(visit: Visit, id: str) -> bool:
    """Whether an object may be shown: in a flow about one of them only that one, else any."""
    if visit.flow is None or visit.in_flow not in _PAGES_OF_ONE:
        return True
    return bool(visit.flow[visit.in_flow][_PAGES_OF_ONE[visit.in_flow][0]] == id)


def complete(visit: Visit, db: Session) -> str:
    """Note that the task is done, and give the path that `after_completion` leads to."""
    session = sessions.find_session(db, visit.id)
    session.flow_completed_at = session.flow_completed_at or clock.now()
    return _path_after_completion(visit)


@page(blueprint, "/details/done", flows=(UPDATE,), methods=("POST",))
def finish(visit: Visit) -> PageResponse:
    """The customer confirms that all details are right."""
    if visit.flow is None or visit.flow["type"] != UPDATE:
        abort(404)
    with visit.writing() as db:
        return redirect(complete(visit, db), 303)


@page(blueprint, "/done", flows=EVERY)
def done(visit: Visit) -> PageResponse:
    """What a finished flow shows: the merchant's words, or the way on to the merchant's page."""
    if visit.flow is None or visit.flow_completed_at is None:
        abort(404)
    after = visit.flow["after_completion"]
    # the page that shows this one within is told, and goes on by itself
    onward = None if visit.embed else (after["redirect"] or {}).get("return_url")
    message = (after["hosted_confirmation"] or {}).get("custom_message")
    response = Response(
        render_template("hosted/flow_done.html", visit=visit, message=message, onward=onward), mimetype="text/html"
    )
    if onward:
        # a page of its own: a form's answer must not redirect to another origin (form-action)
        response.headers["Refresh"] = f"0; url={onward}"
    return response


def _path_after_completion(visit: Visit) -> str:
    after = visit.flow["after_completion"]["type"] if visit.flow else "portal_homepage"
    return visit.path if after == "portal_homepage" else f"{visit.path}done"
