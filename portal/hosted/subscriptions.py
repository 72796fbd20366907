"""Ending a plan, seeing that it ends, and keeping it after all."""

from __future__ import annotations

from dataclasses import dataclass

from babel.lists import format_list
from flask import Blueprint, abort, flash, make_response, redirect, render_template, session
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock, i18n, ids
from portal.billing.catalogue.sold import Sold
from portal.billing.configurations import feedback_options
from portal.billing.customer_portal import plan_changes
from portal.billing.invoices import invoiceitems
from portal.billing.subscriptions import cancellations, items, prorations
from portal.billing.subscriptions import subscriptions as billing
from portal.db import among, find, locked
from portal.errors import InvalidRequest
from portal.hosted import flows
from portal.hosted.forms import CancelForm
from portal.hosted.languages import locale
from portal.hosted.page import Answer, page
from portal.hosted.visits import Visit
from portal.models import Customer, Invoice, Product, Subscription
from portal.outbox import queue
from portal.rules import permissions
from portal.rules import subscriptions as rules
from portal.wire.commands import read

blueprint = Blueprint("subscriptions", __name__, url_prefix="/p")

FLOWS = (flows.CANCEL,)
_ENDED_HERE = "ended_subscription"


@dataclass(frozen=True)
class Ending:
    """A plan and what canceling it does; money is in minor units of its currency and before tax.

    `ends_at` is None where it ends at once. `credit` is what the unused time is worth, `charge` what
    is billed together with it; both are 0 where nothing is settled.
    """

    subscription: Subscription
    name: str
    parts: list[Sold]
    ends_at: int | None
    credit: int
    charge: int
    before_tax: bool
    has_open_invoice: bool

    @property
    def price(self) -> int:
        """What a period costs."""
        return sum(part.amount for part in self.parts)


@page(blueprint, "/subscriptions/<id>/cancel", allows=permissions.may_cancel, flows=FLOWS, methods=("GET", "POST"))
def cancel(visit: Visit, id: str) -> Answer:
    """What ends and when, what it costs or gives back, why, and the button."""
    with visit.reading() as db:
        _own(db, visit, id)
        own = feedback_options.active(db, permissions.feedback_options(visit.features))
    form = CancelForm.of(visit.features, own)
    if form.validate_on_submit():
        return _cancel(visit, id, form)
    return _asked(visit, id, form, 400 if form.errors else 200)


@page(blueprint, "/subscriptions/<id>/canceled", allows=permissions.may_cancel, flows=FLOWS)
def canceled(visit: Visit, id: str) -> Answer:
    """That the plan ends, and until then the way to keep it."""
    with visit.reading() as db:
        subscription = _own(db, visit, id)
        name = _name(db, items.items(db, subscription.id))
    if subscription.ended_at is None and subscription.cancel_at is None:
        return redirect(visit.path, 303)
    return render_template(
        "hosted/canceled.html",
        visit=visit,
        subscription=subscription,
        name=name,
        may_keep=_may_keep(visit, subscription),
    )


@page(blueprint, "/subscriptions/<id>/resume", allows=permissions.may_cancel, flows=FLOWS, methods=("POST",))
def resume(visit: Visit, id: str) -> Answer:
    """Take a coming end back; a second click finds it done."""
    with visit.writing() as db:
        subscription = _locked(db, visit, id)
        if _may_keep(visit, subscription):
            billing.update(db, subscription, billing.UpdateSubscription(cancel_at_period_end=False), now=visit.now)
        name = i18n.isolated(_name(db, items.items(db, subscription.id)))
    if subscription.ended_at is None and subscription.cancel_at is None:
        date = i18n.day(subscription.current_period_end, locale())
        flash(_("You keep %(plan)s. It renews on %(date)s.", plan=name, date=date))
    else:
        flash(_("%(plan)s can't be kept any more.", plan=name), "attention")
    return redirect(visit.path, 303)


def _asked(visit: Visit, id: str, form: CancelForm, status: int) -> Answer:
    with visit.reading() as db:
        subscription = _own(db, visit, id)
        if subscription.cancel_at is not None or subscription.ended_at is not None:
            return redirect(f"{visit.path}subscriptions/{id}/canceled", 303)
        ending = _ending(db, visit, subscription)
    # the button means the state that this page shows
    form.revision.data = str(subscription.revision)
    page = render_template("hosted/cancel.html", visit=visit, form=form, ending=ending, stale=status == 409)
    return make_response(page, status)


def _cancel(visit: Visit, id: str, form: CancelForm) -> Answer:
    """End it as it was seen, once, and go on; where it has changed since, show how it stands now."""
    try:
        details = read(cancellations.CancellationDetails, form.details)
    except InvalidRequest:
        form.comment.errors = [_("There are characters in it that can't be used.")]
        return _asked(visit, id, form, 400)
    with visit.writing() as db:
        subscription = _locked(db, visit, id)
        before = subscription.cancel_at is not None or session.get(_ENDED_HERE) == id
        if not before and form.revision.data != str(subscription.revision):
            return _asked(visit, id, form, 409)
        if not before:
            _end(db, visit, subscription, details, visit.now)
            _confirm(db, subscription)
        in_flow = visit.flow is not None and visit.flow["type"] == flows.CANCEL
        onward = flows.completed(visit, db, clock.now()) if in_flow else f"{visit.path}subscriptions/{id}/canceled"
        name = _name(db, items.items(db, subscription.id))
    if subscription.ended_at is not None:
        session[_ENDED_HERE] = id
    _say(subscription, name, before=before, in_flow=in_flow)
    return redirect(onward, 303)


def _end(
    db: Session, visit: Visit, subscription: Subscription, details: cancellations.CancellationDetails, now: int
) -> None:
    feature = visit.features["subscription_cancel"]
    plan_changes.keep(db, subscription, now=now)  # what ends does not change before
    if feature["mode"] == "at_period_end":
        at_end = billing.UpdateSubscription(cancel_at_period_end=True, cancellation_details=details)
        billing.update(db, subscription, at_end, now=now)
        return
    settles = feature["proration_behavior"]
    at_once = cancellations.CancelSubscription(
        prorate=settles != "none", invoice_now=settles == "always_invoice", cancellation_details=details
    )
    cancellations.cancel(db, subscription, at_once, now=now)


def _say(subscription: Subscription, name: str, *, before: bool, in_flow: bool) -> None:
    """What happened, where the next page does not say it by itself."""
    plan, date = i18n.isolated(name), i18n.day(subscription.cancel_at, locale())
    if before:
        flash(_("%(plan)s was canceled already. Nothing was done twice.", plan=plan))
    elif in_flow and subscription.ended_at is not None:
        flash(_("%(plan)s has ended.", plan=plan))
    elif in_flow:
        flash(_("%(plan)s is canceled. It stays until %(date)s.", plan=plan, date=date))


def _ending(db: Session, visit: Visit, subscription: Subscription) -> Ending:
    feature, now = visit.features["subscription_cancel"], visit.now
    sold = items.items(db, subscription.id)
    at_once, settles = feature["mode"] == "immediately", feature["proration_behavior"]
    running = subscription.status in {"active", "past_due"}
    waiting = invoiceitems.pending(db, visit.customer_id, subscription.id) if settles == "always_invoice" else []
    is_open = (Invoice.subscription_id == subscription.id, Invoice.status == "open")
    return Ending(
        subscription=subscription,
        name=_name(db, sold),
        parts=sold,
        ends_at=None if at_once else subscription.current_period_end,
        credit=_unused(db, subscription, sold, now) if at_once and running and settles != "none" else 0,
        charge=sum(item.amount for item in waiting) if at_once else 0,
        before_tax=bool(subscription.default_tax_rates or any(each.item.tax_rates for each in sold)),
        has_open_invoice=db.scalars(select(Invoice.id).where(*is_open).limit(1)).first() is not None,
    )


def _unused(db: Session, subscription: Subscription, sold: list[Sold], now: int) -> int:
    customer = find(db, Customer, subscription.customer_id, noun="customer")
    return prorations.unused(db, customer, subscription, sold, now=now)


def _own(db: Session, visit: Visit, id: str) -> Subscription:
    return _mine(visit, find(db, Subscription, id, noun="subscription"))


def _locked(db: Session, visit: Visit, id: str) -> Subscription:
    locked(db, Customer, visit.customer_id, noun="customer")
    return _mine(visit, locked(db, Subscription, id, noun="subscription"))


def _mine(visit: Visit, subscription: Subscription) -> Subscription:
    """The subscription, if it is this customer's and this flow's, and has not ended before this visit."""
    ended = subscription.ended_at is not None and session.get(_ENDED_HERE) != subscription.id
    if subscription.customer_id != visit.customer_id or not flows.concerns(visit, subscription.id) or ended:
        abort(404)
    return subscription


def _may_keep(visit: Visit, subscription: Subscription) -> bool:
    """Whether the end can be taken back here: one at the period's end can, a date agreed upon can't."""
    may = rules.may_resume(status=subscription.status, cancel_at=subscription.cancel_at, now=visit.now)
    return may and subscription.cancel_at_period_end


def _name(db: Session, sold: list[Sold]) -> str:
    """What the customer knows the plan by: all that is in it."""
    products = among(db, Product, [each.price.product_id for each in sold])
    names = dict.fromkeys(products[each.price.product_id].name for each in sold)
    return format_list(list(names), locale=locale()) if names else _("Your plan")


def _confirm(db: Session, subscription: Subscription) -> None:
    """What was canceled and when it ends goes to the customer by mail as well, in the same transaction."""
    key = f"canceled:{subscription.id}:{ids.new('mail')}"  # whoever cancels again is told again
    customer_id, now = subscription.customer_id, clock.now()
    queue.put(db, "subscription_canceled", key, now=now, customer_id=customer_id, subscription=subscription.id)
