"""The offer before a plan is canceled: a coupon to take or to leave, and either way one click on."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import SubmitField

from portal import clock
from portal.billing.customer_portal import plan_previews, retention_offers
from portal.billing.customer_portal.plan_previews import Bill
from portal.billing.discounts import named_discounts
from portal.billing.subscriptions.items import items
from portal.db import among, find, locked
from portal.errors import InvalidRequest, ResourceMissing
from portal.hosted import flows
from portal.hosted.page import Answer, page
from portal.hosted.visits import Visit
from portal.models import Customer, Product, Subscription
from portal.rules import permissions

blueprint = Blueprint("retention", __name__, url_prefix="/p")


class OfferForm(FlaskForm):
    """Taken or left: the button that was pressed."""

    accept = SubmitField()
    decline = SubmitField()


@page(
    blueprint,
    "/subscriptions/<id>/offer",
    allows=permissions.may_cancel,
    flows=(flows.CANCEL,),
    methods=("GET", "POST"),
)
def offer(visit: Visit, id: str) -> Answer:
    """What staying would cost with the coupon; who has answered goes on to cancel."""
    form = OfferForm()
    if not form.validate_on_submit():
        return _shown(visit, id)
    if form.accept.data:
        return _accepted(visit, id)
    with visit.writing() as db:
        subscription = _locked(db, visit, id)
        if retention_offers.offered(db, subscription, _coupon_id(visit), now=visit.now):
            shown = retention_offers.show(db, subscription, _coupon_id(visit), session_id=visit.id, now=clock.now())
            retention_offers.decline(shown, now=clock.now())
    return redirect(_cancel(visit, id), 303)


def _shown(visit: Visit, id: str) -> Answer:
    bills = _bills(visit, id, _coupon_id(visit))
    if bills is None:
        return redirect(_cancel(visit, id), 303)
    with visit.writing() as db:
        subscription = _locked(db, visit, id)
        coupon = retention_offers.offered(db, subscription, _coupon_id(visit), now=visit.now)
        if coupon is None:
            return redirect(_cancel(visit, id), 303)
        retention_offers.show(db, subscription, coupon.id, session_id=visit.id, now=clock.now())
        sold = items(db, id)
        products = among(db, Product, [each.price.product_id for each in sold])
    return render_template(
        "hosted/retention.html",
        visit=visit,
        subscription=subscription,
        coupon=coupon,
        named=named_discounts.of_coupon(coupon, subscription.currency),
        names=list(dict.fromkeys(products[each.price.product_id].name for each in sold)),
        without=bills[0],
        bill=bills[1],
    )


def _bills(visit: Visit, id: str, coupon_id: str) -> tuple[Bill | None, Bill | None] | None:
    """The next bill without the coupon and with it; None where it can't be redeemed."""
    with visit.trying() as db:
        without = plan_previews.following(db, _locked(db, visit, id))
    try:
        with visit.trying() as db:
            subscription = _locked(db, visit, id)
            customer = find(db, Customer, visit.customer_id, noun="customer")
            retention_offers.redeem(db, customer, subscription, coupon_id, now=visit.now)
            return without, plan_previews.following(db, subscription)
    except (InvalidRequest, ResourceMissing):
        return None


def _accepted(visit: Visit, id: str) -> Answer:
    try:
        with visit.writing() as db:
            subscription = _locked(db, visit, id)
            shown = retention_offers.show(db, subscription, _coupon_id(visit), session_id=visit.id, now=clock.now())
            retention_offers.accept(db, shown, now=visit.now)
            if not shown.accepted_at:
                return redirect(_cancel(visit, id), 303)
            onward = flows.completed(visit, db, clock.now())
    except InvalidRequest:
        flash(_("This can't be had any more. Nothing was changed."), "attention")
        return redirect(_cancel(visit, id), 303)
    flash(_("The discount is yours. Your plan goes on."))
    return redirect(onward, 303)


def _coupon_id(visit: Visit) -> str:
    flow = visit.flow[flows.CANCEL] if visit.flow and visit.flow["type"] == flows.CANCEL else None
    if flow is None or flow["retention"] is None:
        abort(404)
    return str(flow["retention"]["coupon_offer"]["coupon"])


def _cancel(visit: Visit, id: str) -> str:
    return f"{visit.path}subscriptions/{id}/cancel"


def _locked(db: Session, visit: Visit, id: str) -> Subscription:
    """The flow's subscription, as long as it goes on."""
    coupon_of = visit.flow[flows.CANCEL]["subscription"] if visit.flow and visit.flow["type"] == flows.CANCEL else None
    if coupon_of != id:
        abort(404)
    locked(db, Customer, visit.customer_id, noun="customer")
    subscription = locked(db, Subscription, id, noun="subscription")
    if subscription.customer_id != visit.customer_id or subscription.ended_at is not None:
        abort(404)
    return subscription
