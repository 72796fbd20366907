"""The page behind the button of mails about cancellations and changes of plan: keeps the plan as it is."""

from flask import Blueprint, abort, redirect, render_template, request
from sqlalchemy.orm import Session

from portal import clock
from portal.billing.customer_portal import plan_undo
from portal.db import Scope, find_row, lock_row
from portal.hosted import frames, languages
from portal.hosted.changeable_plan import upcoming_change
from portal.hosted.own_subscriptions import named_items, plan_name
from portal.hosted.page import PageResponse
from portal.models import Account, Customer, Subscription, Tenant
from portal.web.policies import declare_policy
from portal.web.requests import request_origin
from portal.web.services import services

blueprint = Blueprint("plan_undo", __name__)


@blueprint.route("/keep/<token>", methods=["GET", "POST"])
def keep(token: str) -> PageResponse:
    """Show what the link takes back, and do it on a post; opening the page changes nothing, as scanners open it too."""
    scope, subscription_id, mark = _parse_token(token)
    now = clock.now()
    with services().database.reading(scope) as db:
        account = db.get(Account, scope.account_id) or abort(404)
        subscription = find_row(db, Subscription, subscription_id, noun="subscription")
        customer = find_row(db, Customer, subscription.customer_id, noun="customer")
        languages.use_customer_language(customer)
        languages.use_zone_of(account)
        name, present = plan_name(db, subscription.id), named_items(db, subscription.id)
        undoable = plan_undo.find_undoable(db, subscription, mark, now=now)
        without = _state_without_undo(db, subscription)
    if request.method == "POST":
        with services().database.writing(scope, request_origin("customer", customer.id)) as db:
            _undo(db, subscription, mark, now)
        return redirect(request.path, 303)
    frames.use_frame(frames.frame_of_account(account, livemode=scope.livemode))
    return render_template(
        "hosted/plan_undo.html",
        state=undoable.kind if undoable else without,
        name=name,
        parts_of_plan=present,
        subscription=subscription,
        undoable=undoable,
    )


def _state_without_undo(db: Session, subscription: Subscription) -> str:
    """What to say where a link takes nothing back: it is outdated where something else is to come."""
    if subscription.ended_at is not None:
        return "gone"
    if subscription.cancel_at_period_end or upcoming_change(db, subscription):
        return "outdated"
    return "kept" if subscription.cancel_at is None else "gone"


def _undo(db: Session, found: Subscription, mark: str, now: int) -> None:
    lock_row(db, Customer, found.customer_id, noun="customer")
    plan_undo.undo(db, lock_row(db, Subscription, found.id, noun="subscription"), mark, now=now)


def _parse_token(token: str) -> tuple[Scope, str, str]:
    """The scope, the subscription's id and the mark of what is to be taken back."""
    link = services().links.read(token, "plan_undo") or abort(404)
    mark, _, subscription_id = link.id.partition(":")
    with services().database.reading() as db:
        tenant = db.get(Tenant, link.tenant_id) or abort(404)
    return Scope.of_tenant(tenant), subscription_id, mark


declare_policy("plan_undo.keep", "link")
