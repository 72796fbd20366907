"""The withdrawal from a contract, in two steps: what is declared with what is paid back, and the receipt of it.

Article 11a of Directive 2011/83/EU names the words of both buttons. What is declared counts however the plan has
changed meanwhile, so no state of it is asked for.
"""

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session

from portal.billing.customer_portal import plan_withdrawals
from portal.billing.withdrawals import receipts
from portal.hosted import flows
from portal.hosted.own_subscriptions import (
    find_own_subscription,
    lock_own_subscription,
    note_ended_here,
    plan_name,
)
from portal.hosted.page import PageResponse, page
from portal.hosted.visits import Visit
from portal.models import PlanWithdrawal, Subscription
from portal.rules import permissions
from portal.web.services import services

blueprint = Blueprint("withdrawal", __name__, url_prefix="/p")

FLOWS = (flows.WITHDRAW,)
ALLOWS = permissions.may_withdraw


@dataclass(frozen=True)
class Settlement:
    """What a withdrawal means in minor units: paid back, added to the credit, and not to be paid any more."""

    refunded: int
    credited: int
    waived: int
    currency: str


@page(blueprint, "/subscriptions/<id>/withdraw", allows=ALLOWS, flows=FLOWS, methods=("GET", "POST"))
def withdraw(visit: Visit, id: str) -> PageResponse:
    """Who withdraws from what, what is paid back, and the button."""
    if FlaskForm().validate_on_submit():
        return redirect(_withdraw_once(visit, id), 303)
    with visit.reading() as db:
        subscription = find_own_subscription(db, visit, id, or_ended_here=True)
        name, customer = plan_name(db, id), visit.find_customer(db)
        terms = plan_withdrawals.find_terms(db, customer, visit.features)
    if subscription.ended_at is not None:
        return redirect(_result_path(visit, id), 303)
    settled = _preview(visit, id) if terms else None
    shown = {"visit": visit, "subscription": subscription, "name": name, "customer": customer, "settled": settled}
    last = terms.ends_at(subscription) - 1 if terms else None
    prorated = visit.features["subscription_withdrawal"]["refund"] == "prorated"
    return render_template("hosted/withdraw.html", last=last, prorated=prorated, **shown)


@page(blueprint, "/subscriptions/<id>/withdrawn", allows=ALLOWS, flows=FLOWS)
def outcome(visit: Visit, id: str) -> PageResponse:
    """That the contract has ended, what is paid back, and the receipt."""
    with visit.reading() as db:
        find_own_subscription(db, visit, id, or_ended_here=True)
        row, name = receipts.find_withdrawal(db, id), plan_name(db, id)
    if row is None:
        return redirect(visit.path, 303)
    receipt = services().links_of(visit.scope).document("withdrawal_pdf", row.tenant_id, row.id)
    shown = {"visit": visit, "name": name, "row": row, "settled": _settlement(row), "receipt": receipt}
    return render_template("hosted/withdrawn.html", **shown)


def _withdraw_once(visit: Visit, id: str) -> str:
    """Where to go on; a second click changes nothing, and one that is too late neither."""
    with visit.writing() as db:
        subscription = lock_own_subscription(db, visit, id, or_ended_here=True)
        if subscription.ended_at is None:
            if _withdraw(db, visit, subscription) is None:
                return f"{visit.path}subscriptions/{id}/withdraw"
            note_ended_here(db, visit, subscription)
        return flows.complete(visit, db) if flows.is_for(visit, flows.WITHDRAW) else _result_path(visit, id)


def _preview(visit: Visit, id: str) -> Settlement | None:
    """What a withdrawal now would settle; None where it is too late for one."""
    with visit.trying() as db:
        row = _withdraw(db, visit, lock_own_subscription(db, visit, id))
        return _settlement(row) if row else None


def _withdraw(db: Session, visit: Visit, subscription: Subscription) -> PlanWithdrawal | None:
    return plan_withdrawals.withdraw_plan(db, subscription, visit.features, session_id=visit.id, now=visit.now)


def _settlement(row: PlanWithdrawal) -> Settlement:
    return Settlement(row.amount_refunded, row.amount_credited, row.amount_waived, row.currency)


def _result_path(visit: Visit, id: str) -> str:
    return f"{visit.path}subscriptions/{id}/withdrawn"
