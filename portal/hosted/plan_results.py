"""What follows a plan change: the page that shows its result, and the way to take an upcoming one back."""

from flask import Blueprint, flash, redirect, render_template
from flask_babel import gettext as _

from portal import i18n
from portal.billing.customer_portal import upcoming_changes
from portal.hosted.changeable_plan import upcoming_change
from portal.hosted.confirmed_plan import FLOWS
from portal.hosted.own_subscriptions import find_own_subscription, lock_own_subscription, named_items, plan_name
from portal.hosted.page import PageResponse, page
from portal.hosted.visits import Visit
from portal.models import Invoice
from portal.rules import permissions

blueprint = Blueprint("plan_results", __name__, url_prefix="/p")


@page(blueprint, "/subscriptions/<id>/changed", allows=permissions.may_change, flows=FLOWS)
def changed(visit: Visit, id: str) -> PageResponse:
    """The plan as it is now, or the upcoming one with a way to keep the present one."""
    with visit.reading() as db:
        subscription = find_own_subscription(db, visit, id)
        parts, coming = named_items(db, id), upcoming_change(db, subscription)
        latest = db.get(Invoice, (subscription.tenant_id, subscription.latest_invoice_id or ""))
    to_pay = latest if latest and latest.status == "open" and permissions.may_see_invoices(visit.features) else None
    return render_template(
        "hosted/plan_changed.html",
        visit=visit,
        subscription=subscription,
        parts_of_plan=parts,
        coming=coming,
        to_pay=to_pay,
    )


@page(blueprint, "/subscriptions/<id>/keep", allows=permissions.may_change, methods=("POST",))
def keep(visit: Visit, id: str) -> PageResponse:
    """Take an upcoming change back; a second click changes nothing."""
    with visit.writing() as db:
        subscription = lock_own_subscription(db, visit, id)
        upcoming_changes.cancel_upcoming_change(db, subscription, now=visit.now)
        name = i18n.isolate_text(plan_name(db, id))
    flash(_("You keep %(plan)s.", plan=name))
    return redirect(visit.path, 303)
