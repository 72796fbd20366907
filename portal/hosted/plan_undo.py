"""The page behind the button of mails about cancellations and changes of plan: keeps the plan as it is."""

from flask import Blueprint, abort, redirect, render_template, request
from sqlalchemy.orm import Session

from portal import clock
from portal.billing.customer_portal import plan_undo
from portal.db import Scope, find_row, lock_row
from portal.hosted import frames, languages
from portal.hosted.own_subscriptions import plan_name
from portal.hosted.page import PageResponse
from portal.models import Account, Customer, Subscription, Tenant
from portal.web.policies import declare_policy
from portal.web.requests import request_origin
from portal.web.services import services

blueprint = Blueprint("plan_undo", __name__)


@blueprint.route("/keep/<token>", methods=["GET", "POST"])
def keep(token: str) -> PageResponse:
    """Show what the link takes back, and do it on a post; opening the page changes nothing, as scanners open it too."""
    scope, subscription_id, at = _parse_token(token)
    now = clock.now()
    with services().database.reading(scope) as db:
        account = db.get(Account, scope.account_id) or abort(404)
        subscription = find_row(db, Subscription, subscription_id, noun="subscription")
        customer = find_row(db, Customer, subscription.customer_id, noun="customer")
        languages.use_customer_language(customer)
        name, undoable = plan_name(db, subscription.id), plan_undo.find_undoable(db, subscription, at, now=now)
    if request.method == "POST":
        with services().database.writing(scope, request_origin("customer", customer.id)) as db:
            _undo(db, subscription, at, now)
        return redirect(request.path, 303)
    frames.use_frame(frames.frame_of_account(account, livemode=scope.livemode))
    is_kept = subscription.ended_at is None and subscription.cancel_at is None
    return render_template(
        "hosted/plan_undo.html",
        state=undoable or ("kept" if is_kept else "gone"),
        name=name,
        subscription=subscription,
        at=at,
    )


def _undo(db: Session, found: Subscription, at: int, now: int) -> None:
    lock_row(db, Customer, found.customer_id, noun="customer")
    plan_undo.undo(db, lock_row(db, Subscription, found.id, noun="subscription"), at, now=now)


def _parse_token(token: str) -> tuple[Scope, str, int]:
    link = services().links.read(token, "plan_undo") or abort(404)
    subscription_id, _, at = link.id.partition(":")
    with services().database.reading() as db:
        tenant = db.get(Tenant, link.tenant_id) or abort(404)
    return Scope.of_tenant(tenant), subscription_id, int(at)


declare_policy("plan_undo.keep", "link")
