"""The pause of a plan: how long, what it means for the next bill, and going on before its end."""

from __future__ import annotations

from flask import Blueprint, abort, flash, make_response, redirect, render_template
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session

from portal import i18n
from portal.billing.customer_portal import plan_pauses
from portal.hosted import flows
from portal.hosted.languages import day
from portal.hosted.own_subscriptions import find_own_subscription, lock_own_subscription, plan_name
from portal.hosted.page import PageResponse, page
from portal.hosted.pause_forms import PauseForm, ResumeForm
from portal.hosted.visits import Visit
from portal.models import Subscription
from portal.rules import permissions
from portal.rules.subscriptions import pause_end

blueprint = Blueprint("pauses", __name__, url_prefix="/p")

FLOWS = (flows.PAUSE,)


class _OutdatedPage(Exception):
    """The subscription has changed since the page was shown."""


@page(blueprint, "/subscriptions/<id>/pause", allows=permissions.may_pause, flows=FLOWS, methods=("GET", "POST"))
def pause(visit: Visit, id: str) -> PageResponse:
    """What pauses and for how long, what is credited, the first bill after it, and the button."""
    durations = permissions.pause_intervals(visit.features)
    form = PauseForm.with_durations(durations, visit.now)
    if not form.validate_on_submit():
        return _pause_page(visit, id, form, 400 if form.errors else 200)
    try:
        return redirect(_pause_once(visit, id, form, form.choose(durations, visit.now)), 303)
    except _OutdatedPage:
        return _pause_page(visit, id, form, 409)


@page(blueprint, "/subscriptions/<id>/continue", allows=permissions.may_pause, flows=FLOWS, methods=("GET", "POST"))
def resume(visit: Visit, id: str) -> PageResponse:
    """What is billed when the plan goes on today, and the button."""
    form = ResumeForm()
    if not form.validate_on_submit():
        return _resume_page(visit, id, form, 200)
    try:
        _resume_once(visit, id, form)
    except _OutdatedPage:
        return _resume_page(visit, id, form, 409)
    return redirect(visit.path, 303)


def _pause_once(visit: Visit, id: str, form: PauseForm, until: int | None) -> str:
    """Where to go on; a second click changes nothing. Raises `_OutdatedPage`."""
    with visit.writing() as db:
        subscription = lock_own_subscription(db, visit, id)
        if subscription.status != "paused":
            if form.revision.data != str(subscription.revision) or not plan_pauses.may_pause(subscription):
                raise _OutdatedPage
            plan_pauses.pause_plan(db, subscription, until, now=visit.now)
        _flash_pause(db, subscription, pause_end(subscription.status_details))
        return flows.complete(visit, db) if flows.is_for(visit, flows.PAUSE) else visit.path


def _resume_once(visit: Visit, id: str, form: ResumeForm) -> None:
    """Go on with the plan; a second click changes nothing. Raises `_OutdatedPage`."""
    with visit.writing() as db:
        subscription = lock_own_subscription(db, visit, id)
        if subscription.status == "paused":
            if form.revision.data != str(subscription.revision):
                raise _OutdatedPage
            plan_pauses.resume_plan(db, subscription, now=visit.now)
        flash(_("%(plan)s goes on.", plan=i18n.isolate_text(plan_name(db, id))))


def _pause_page(visit: Visit, id: str, form: PauseForm, status: int) -> PageResponse:
    with visit.reading() as db:
        subscription = find_own_subscription(db, visit, id)
        name = plan_name(db, id)
    if not plan_pauses.may_pause(subscription):
        return _elsewhere(visit, subscription)
    with visit.trying() as db:
        preview = plan_pauses.preview_pause(db, lock_own_subscription(db, visit, id), now=visit.now)
    durations = permissions.pause_intervals(visit.features)
    shown = {
        "credit": preview.credit,
        "bill": preview.bill,
        "until": plan_pauses.pause_end(*durations[0], visit.now) if durations else None,
    }
    return _show("hosted/pause.html", visit, subscription, form, status, name=name, **shown)


def _resume_page(visit: Visit, id: str, form: ResumeForm, status: int) -> PageResponse:
    with visit.reading() as db:
        subscription = find_own_subscription(db, visit, id)
        name = plan_name(db, id)
    if subscription.status != "paused":
        return _elsewhere(visit, subscription)
    with visit.trying() as db:
        bill = plan_pauses.preview_first_bill(db, lock_own_subscription(db, visit, id), now=visit.now)
    return _show("hosted/continue.html", visit, subscription, form, status, name=name, bill=bill)


def _show(
    template: str, visit: Visit, subscription: Subscription, form: FlaskForm, status: int, **shown: object
) -> PageResponse:
    # the button means the state that this page shows
    form["revision"].data = str(subscription.revision)
    shown |= {"visit": visit, "form": form, "subscription": subscription, "stale": status == 409}
    return make_response(render_template(template, **shown), status)


def _elsewhere(visit: Visit, subscription: Subscription) -> PageResponse:
    """Where to go from a page whose moment has passed: in a flow nowhere, as there is no other page."""
    if visit.in_flow:
        abort(404)
    is_paused = subscription.status == "paused"
    return redirect(f"{visit.path}subscriptions/{subscription.id}/continue" if is_paused else visit.path, 303)


def _flash_pause(db: Session, subscription: Subscription, until: int | None) -> None:
    plan = i18n.isolate_text(plan_name(db, subscription.id))
    if until is None:
        flash(_("%(plan)s is paused. You can resume it whenever you like.", plan=plan))
    else:
        flash(_("%(plan)s is paused. It goes on by itself on %(date)s.", plan=plan, date=day(until)))
