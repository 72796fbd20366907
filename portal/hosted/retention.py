"""The offer before a cancellation: a coupon to accept or decline, in one click."""

from flask import Blueprint, abort, flash, redirect, render_template
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.billing.customer_portal import plan_previews, retention_offers
from portal.billing.customer_portal.bill_previews import BillPreview
from portal.billing.discounts import named_discounts
from portal.errors import InvalidRequest, ResourceMissing
from portal.hosted import flows
from portal.hosted.cancel_forms import OfferForm
from portal.hosted.own_subscriptions import lock_own_subscription, product_names
from portal.hosted.page import PageResponse, page
from portal.hosted.visits import Visit
from portal.models import Subscription
from portal.rules import permissions

blueprint = Blueprint("retention", __name__, url_prefix="/p")


@page(
    blueprint,
    "/subscriptions/<id>/offer",
    allows=permissions.may_cancel,
    flows=(flows.CANCEL,),
    methods=("GET", "POST"),
)
def offer(visit: Visit, id: str) -> PageResponse:
    """What staying would cost with the coupon; a customer who declines goes on to cancel."""
    form = OfferForm()
    if not form.validate_on_submit():
        return _offer_page(visit, id)
    if form.accept.data:
        return _accept_offer(visit, id)
    with visit.writing() as db:
        subscription = _lock_subscription(db, visit, id)
        if retention_offers.find_offered_coupon(db, subscription, _coupon_id(visit), now=visit.now):
            shown = retention_offers.record_shown(
                db, subscription, _coupon_id(visit), session_id=visit.id, now=visit.now
            )
            retention_offers.decline(shown, now=visit.now)
    return redirect(_cancel_path(visit, id), 303)


def _offer_page(visit: Visit, id: str) -> PageResponse:
    bills = _preview_bills(visit, id, _coupon_id(visit))
    if bills is None:
        return redirect(_cancel_path(visit, id), 303)
    with visit.writing() as db:
        subscription = _lock_subscription(db, visit, id)
        coupon = retention_offers.find_offered_coupon(db, subscription, _coupon_id(visit), now=visit.now)
        if coupon is None:
            return redirect(_cancel_path(visit, id), 303)
        retention_offers.record_shown(db, subscription, coupon.id, session_id=visit.id, now=visit.now)
        names = product_names(db, id)
    return render_template(
        "hosted/retention.html",
        visit=visit,
        subscription=subscription,
        coupon=coupon,
        named=named_discounts.summarize_coupon(coupon, subscription.currency),
        names=names,
        without=bills[0],
        bill=bills[1],
    )


def _preview_bills(visit: Visit, id: str, coupon_id: str) -> tuple[BillPreview | None, BillPreview | None] | None:
    """The next bill without the coupon and with it; None where the coupon can't be redeemed."""
    with visit.trying() as db:
        without = plan_previews.preview_next_bill(db, _lock_subscription(db, visit, id))
    try:
        with visit.trying() as db:
            subscription = _lock_subscription(db, visit, id)
            customer = visit.find_customer(db)
            retention_offers.redeem_coupon(db, customer, subscription, coupon_id, now=visit.now)
            return without, plan_previews.preview_next_bill(db, subscription)
    except (InvalidRequest, ResourceMissing):
        return None


def _accept_offer(visit: Visit, id: str) -> PageResponse:
    try:
        with visit.writing() as db:
            subscription = _lock_subscription(db, visit, id)
            shown = retention_offers.record_shown(
                db, subscription, _coupon_id(visit), session_id=visit.id, now=visit.now
            )
            retention_offers.accept(db, shown, now=visit.now)
            if not shown.accepted_at:
                return redirect(_cancel_path(visit, id), 303)
            onward = flows.complete(visit, db)
    except InvalidRequest:
        flash(_("This can't be had any more. Nothing was changed."), "attention")
        return redirect(_cancel_path(visit, id), 303)
    flash(_("The discount is yours. Your plan goes on."))
    return redirect(onward, 303)


def _coupon_id(visit: Visit) -> str:
    flow = visit.flow[flows.CANCEL] if visit.flow and visit.flow["type"] == flows.CANCEL else None
    if flow is None or flow["retention"] is None:
        abort(404)
    return str(flow["retention"]["coupon_offer"]["coupon"])


def _cancel_path(visit: Visit, id: str) -> str:
    return f"{visit.path}subscriptions/{id}/cancel"


def _lock_subscription(db: Session, visit: Visit, id: str) -> Subscription:
    """The flow's subscription under its lock; 404 if it is another one or has ended."""
    coupon_of = visit.flow[flows.CANCEL]["subscription"] if visit.flow and visit.flow["type"] == flows.CANCEL else None
    if coupon_of != id:
        abort(404)
    return lock_own_subscription(db, visit, id)
