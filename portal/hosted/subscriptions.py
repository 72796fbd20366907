"""The cancellation of a plan: preview it, confirm it, see the result, and resume the plan."""

from __future__ import annotations

from dataclasses import dataclass

from babel.lists import format_list
from flask import Blueprint, abort, flash, make_response, redirect, render_template, session
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock, i18n, ids
from portal.billing.catalogue.sold import SoldItem
from portal.billing.configurations import feedback_options
from portal.billing.customer_portal import upcoming_changes
from portal.billing.invoices import pending_items
from portal.billing.subscriptions import cancellations, items, prorations, updates
from portal.billing.subscriptions.params import CancellationDetails, CancelSubscription, UpdateSubscription
from portal.db import find_row, lock_row, rows_by_id
from portal.errors import InvalidRequest
from portal.hosted import flows
from portal.hosted.forms import CancelForm
from portal.hosted.languages import locale
from portal.hosted.page import PageResponse, page
from portal.hosted.visits import Visit
from portal.models import Customer, Invoice, Product, Subscription
from portal.outbox import queue
from portal.rules import permissions
from portal.rules import subscriptions as rules
from portal.wire.commands import parse_command

blueprint = Blueprint("subscriptions", __name__, url_prefix="/p")

FLOWS = (flows.CANCEL,)
_ENDED_SUBSCRIPTION = "ended_subscription"


@dataclass(frozen=True)
class CancellationPreview:
    """A plan and what canceling it does; money is in minor units of its currency and before tax.

    `ends_at` is None where it ends at once. `credit` is the value of the unused time, `charge` what
    is billed together with it; both are 0 where nothing is billed.
    """

    subscription: Subscription
    name: str
    parts: list[SoldItem]
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
def cancel(visit: Visit, id: str) -> PageResponse:
    """What ends and when, what it costs or credits, the reason, and the button."""
    with visit.reading() as db:
        _find_own_subscription(db, visit, id)
        own = feedback_options.list_active(db, permissions.feedback_options(visit.features))
    form = CancelForm.with_reasons(visit.features, own)
    if form.validate_on_submit():
        return _submit_cancellation(visit, id, form)
    return _confirmation_page(visit, id, form, 400 if form.errors else 200)


@page(blueprint, "/subscriptions/<id>/canceled", allows=permissions.may_cancel, flows=FLOWS)
def canceled(visit: Visit, id: str) -> PageResponse:
    """That the plan ends, and until then a way to keep it."""
    with visit.reading() as db:
        subscription = _find_own_subscription(db, visit, id)
        name = _plan_name(db, items.list_items(db, subscription.id))
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
def resume(visit: Visit, id: str) -> PageResponse:
    """Take an upcoming cancellation back; a second click changes nothing."""
    with visit.writing() as db:
        subscription = _lock_own_subscription(db, visit, id)
        if _may_keep(visit, subscription):
            updates.update_subscription(db, subscription, UpdateSubscription(cancel_at_period_end=False), now=visit.now)
        name = i18n.isolate_text(_plan_name(db, items.list_items(db, subscription.id)))
    if subscription.ended_at is None and subscription.cancel_at is None:
        date = i18n.format_day(subscription.current_period_end, locale())
        flash(_("You keep %(plan)s. It renews on %(date)s.", plan=name, date=date))
    else:
        flash(_("%(plan)s can't be kept any more.", plan=name), "attention")
    return redirect(visit.path, 303)


def _confirmation_page(visit: Visit, id: str, form: CancelForm, status: int) -> PageResponse:
    with visit.reading() as db:
        subscription = _find_own_subscription(db, visit, id)
        if subscription.cancel_at is not None or subscription.ended_at is not None:
            return redirect(f"{visit.path}subscriptions/{id}/canceled", 303)
        ending = _preview_cancellation(db, visit, subscription)
    # the button means the state that this page shows
    form.revision.data = str(subscription.revision)
    page = render_template("hosted/cancel.html", visit=visit, form=form, ending=ending, stale=status == 409)
    return make_response(page, status)


def _submit_cancellation(visit: Visit, id: str, form: CancelForm) -> PageResponse:
    """Cancel once, as it was shown, and go on; show the page anew where the subscription has changed since."""
    try:
        details = parse_command(CancellationDetails, form.cancellation_details)
    except InvalidRequest:
        form.comment.errors = [_("There are characters in it that can't be used.")]
        return _confirmation_page(visit, id, form, 400)
    with visit.writing() as db:
        subscription = _lock_own_subscription(db, visit, id)
        before = subscription.cancel_at is not None or session.get(_ENDED_SUBSCRIPTION) == id
        if not before and form.revision.data != str(subscription.revision):
            return _confirmation_page(visit, id, form, 409)
        if not before:
            _cancel_subscription(db, visit, subscription, details, visit.now)
            _queue_confirmation_mail(db, subscription)
        in_flow = visit.flow is not None and visit.flow["type"] == flows.CANCEL
        onward = flows.complete(visit, db, clock.now()) if in_flow else f"{visit.path}subscriptions/{id}/canceled"
        name = _plan_name(db, items.list_items(db, subscription.id))
    if subscription.ended_at is not None:
        session[_ENDED_SUBSCRIPTION] = id
    _flash_outcome(subscription, name, before=before, in_flow=in_flow)
    return redirect(onward, 303)


def _cancel_subscription(
    db: Session, visit: Visit, subscription: Subscription, details: CancellationDetails, now: int
) -> None:
    feature = visit.features["subscription_cancel"]
    upcoming_changes.cancel_upcoming_change(db, subscription, now=now)  # what ends does not change before
    if feature["mode"] == "at_period_end":
        at_end = UpdateSubscription(cancel_at_period_end=True, cancellation_details=details)
        updates.update_subscription(db, subscription, at_end, now=now)
        return
    settles = feature["proration_behavior"]
    at_once = CancelSubscription(
        prorate=settles != "none", invoice_now=settles == "always_invoice", cancellation_details=details
    )
    cancellations.cancel(db, subscription, at_once, now=now)


def _flash_outcome(subscription: Subscription, name: str, *, before: bool, in_flow: bool) -> None:
    """Flash what happened, where the next page does not say it."""
    plan, date = i18n.isolate_text(name), i18n.format_day(subscription.cancel_at, locale())
    if before:
        flash(_("%(plan)s was canceled already. Nothing was done twice.", plan=plan))
    elif in_flow and subscription.ended_at is not None:
        flash(_("%(plan)s has ended.", plan=plan))
    elif in_flow:
        flash(_("%(plan)s is canceled. It stays until %(date)s.", plan=plan, date=date))


def _preview_cancellation(db: Session, visit: Visit, subscription: Subscription) -> CancellationPreview:
    feature, now = visit.features["subscription_cancel"], visit.now
    sold = items.list_items(db, subscription.id)
    at_once, settles = feature["mode"] == "immediately", feature["proration_behavior"]
    running = subscription.status in {"active", "past_due"}
    waiting = pending_items.list_pending(db, visit.customer_id, subscription.id) if settles == "always_invoice" else []
    is_open = (Invoice.subscription_id == subscription.id, Invoice.status == "open")
    return CancellationPreview(
        subscription=subscription,
        name=_plan_name(db, sold),
        parts=sold,
        ends_at=None if at_once else subscription.current_period_end,
        credit=_unused_time_credit(db, subscription, sold, now) if at_once and running and settles != "none" else 0,
        charge=sum(item.amount for item in waiting) if at_once else 0,
        before_tax=bool(subscription.default_tax_rates or any(each.item.tax_rates for each in sold)),
        has_open_invoice=db.scalars(select(Invoice.id).where(*is_open).limit(1)).first() is not None,
    )


def _unused_time_credit(db: Session, subscription: Subscription, sold: list[SoldItem], now: int) -> int:
    customer = find_row(db, Customer, subscription.customer_id, noun="customer")
    return prorations.unused_credit(db, customer, subscription, sold, now=now)


def _find_own_subscription(db: Session, visit: Visit, id: str) -> Subscription:
    return _own_or_404(visit, find_row(db, Subscription, id, noun="subscription"))


def _lock_own_subscription(db: Session, visit: Visit, id: str) -> Subscription:
    lock_row(db, Customer, visit.customer_id, noun="customer")
    return _own_or_404(visit, lock_row(db, Subscription, id, noun="subscription"))


def _own_or_404(visit: Visit, subscription: Subscription) -> Subscription:
    """The subscription, if it is this customer's and this flow's and had not ended before this visit; else 404."""
    ended = subscription.ended_at is not None and session.get(_ENDED_SUBSCRIPTION) != subscription.id
    if (
        subscription.customer_id != visit.customer_id
        or not flows.may_show_subscription(visit, subscription.id)
        or ended
    ):
        abort(404)
    return subscription


def _may_keep(visit: Visit, subscription: Subscription) -> bool:
    """Whether the cancellation can be taken back: one at the period's end can, one at an agreed date can't."""
    may = rules.may_resume(status=subscription.status, cancel_at=subscription.cancel_at, now=visit.now)
    return may and subscription.cancel_at_period_end


def _plan_name(db: Session, sold: list[SoldItem]) -> str:
    """The plan's name for the customer: the names of all its products."""
    products = rows_by_id(db, Product, [each.price.product_id for each in sold])
    names = dict.fromkeys(products[each.price.product_id].name for each in sold)
    return format_list(list(names), locale=locale()) if names else _("Your plan")


def _queue_confirmation_mail(db: Session, subscription: Subscription) -> None:
    """Queue the mail that confirms the cancellation and its date, in the same transaction."""
    key = f"canceled:{subscription.id}:{ids.new('mail')}"  # whoever cancels again is told again
    customer_id, now = subscription.customer_id, clock.now()
    queue.put(db, "subscription_canceled", key, now=now, customer_id=customer_id, subscription=subscription.id)
