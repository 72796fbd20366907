"""Flows: a visit for one task only, where it starts, and where it leads when the task is done."""

from __future__ import annotations

from flask import Blueprint, Response, abort, redirect, render_template
from sqlalchemy.orm import Session

from portal import clock
from portal.billing.customer_portal import sessions
from portal.hosted.page import Answer, page
from portal.hosted.visits import Visit

blueprint = Blueprint("flows", __name__, url_prefix="/p")

CANCEL = "subscription_cancel"
UPDATE = "customer_update"
CHANGE = "subscription_update"
CONFIRM = "subscription_update_confirm"
EVERY = (CANCEL, UPDATE, CHANGE, CONFIRM)
#: The pages of flows about one subscription, below it.
_OF_SUBSCRIPTION = {CANCEL: "cancel", CHANGE: "change", CONFIRM: "change/confirm"}


def entry(visit: Visit) -> str:
    """The page of a flow's task; the start page for a visit without one, and what follows once it is done."""
    if visit.flow is None:
        return visit.path
    if visit.flow_completed_at is not None:
        return _next(visit)
    type = visit.flow["type"]
    if type == CANCEL and visit.flow[CANCEL]["retention"]:
        return f"{visit.path}subscriptions/{visit.flow[CANCEL]['subscription']}/offer"
    if type in _OF_SUBSCRIPTION:
        return f"{visit.path}subscriptions/{visit.flow[type]['subscription']}/{_OF_SUBSCRIPTION[type]}"
    return f"{visit.path}details"


def concerns(visit: Visit, subscription_id: str) -> bool:
    """Whether a subscription may show: any outside the flows about one, in those only that one."""
    if visit.flow is None or visit.in_flow not in _OF_SUBSCRIPTION:
        return True
    return bool(visit.flow[visit.in_flow]["subscription"] == subscription_id)


def completed(visit: Visit, db: Session, now: int) -> str:
    """Note that the task is done, and answer where `after_completion` leads."""
    session = sessions.of(db, visit.id)
    session.flow_completed_at = session.flow_completed_at or now
    return _next(visit)


@page(blueprint, "/details/done", flows=(UPDATE,), methods=("POST",))
def finish(visit: Visit) -> Answer:
    """The customer says that all details are right."""
    if visit.flow is None or visit.flow["type"] != UPDATE:
        abort(404)
    with visit.writing() as db:
        return redirect(completed(visit, db, clock.now()), 303)


@page(blueprint, "/done", flows=EVERY)
def done(visit: Visit) -> Answer:
    """What a finished flow shows: the merchant's words, or the way on to the merchant's page."""
    if visit.flow is None or visit.flow_completed_at is None:
        abort(404)
    after = visit.flow["after_completion"]
    onward = (after["redirect"] or {}).get("return_url")
    message = (after["hosted_confirmation"] or {}).get("custom_message")
    response = Response(
        render_template("hosted/flow_done.html", visit=visit, message=message, onward=onward), mimetype="text/html"
    )
    if onward:
        # a page of its own: a form's answer must not redirect to another origin (form-action)
        response.headers["Refresh"] = f"0; url={onward}"
    return response


def _next(visit: Visit) -> str:
    after = visit.flow["after_completion"]["type"] if visit.flow else "portal_homepage"
    return visit.path if after == "portal_homepage" else f"{visit.path}done"
