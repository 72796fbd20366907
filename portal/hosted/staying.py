"""What comes before a cancellation where the merchant offers something: the reason, and one offer to stay."""

from urllib.parse import urlencode

from flask import Blueprint, make_response, redirect, render_template, request

from portal.billing.configurations import feedback_options
from portal.billing.customer_portal import stay_offers
from portal.billing.discounts import named_discounts
from portal.hosted import flows, offer_answers, shown_offers
from portal.hosted.cancel_forms import CancelForm
from portal.hosted.own_subscriptions import find_own_subscription, plan_name
from portal.hosted.page import PageResponse, page
from portal.hosted.shown_offers import ShownOffer
from portal.hosted.stay_forms import StayForm
from portal.hosted.visits import Visit
from portal.rules import permissions

blueprint = Blueprint("staying", __name__, url_prefix="/p")

FLOWS = (flows.CANCEL,)


@page(blueprint, "/subscriptions/<id>/reason", allows=permissions.offers_stay, flows=FLOWS, methods=("GET", "POST"))
def reason(visit: Visit, id: str) -> PageResponse:
    """The reason for canceling, which need not be given; it decides what is offered."""
    with visit.reading() as db:
        subscription = find_own_subscription(db, visit, id)
        due = stay_offers.is_due(db, subscription, visit.features, now=visit.now)
        own = feedback_options.list_active(db, permissions.feedback_options(visit.features))
        name = plan_name(db, id)
    form = CancelForm.with_reasons(visit.features, own)
    if not due or "reason" not in form:
        return redirect(_path(visit, id, "instead" if due else "cancel", None), 303)
    del form.comment
    if form.validate_on_submit():
        return redirect(_path(visit, id, "instead", form.reason.data), 303)
    shown = {"visit": visit, "form": form, "name": name}
    return make_response(render_template("hosted/cancel_reason.html", **shown), 400 if form.errors else 200)


@page(blueprint, "/subscriptions/<id>/instead", allows=permissions.offers_stay, flows=FLOWS, methods=("GET", "POST"))
def offer(visit: Visit, id: str) -> PageResponse:
    """One offer with what it means in amounts; each answer is one click."""
    form = StayForm()
    if not form.validate_on_submit():
        return _offer_page(visit, id, form)
    try:
        onward = offer_answers.answer(visit, id, form)
    except offer_answers.StaleOffer:
        return _offer_page(visit, id, StayForm(formdata=None), stale=True)
    return redirect(onward or _path(visit, id, "cancel", _sent_reason(visit)), 303)


def _offer_page(visit: Visit, id: str, form: StayForm, *, stale: bool = False) -> PageResponse:
    shown = shown_offers.show_offer(visit, id, _sent_reason(visit))
    if shown is None:
        return redirect(_path(visit, id, "cancel", _sent_reason(visit)), 303)
    change = shown.preview.change
    # the button means the state, the moment, the amount and the prices that this page shows
    form.revision.data, form.date.data = str(shown.subscription.revision), str(visit.now)
    form.due.data, form.moved_to.data = str(change.due if change else 0), " ".join(change.moved_to if change else ())
    words = {"visit": visit, "form": form, "shown": shown, "stale": stale, "subscription": shown.subscription}
    template = render_template(f"hosted/stay_{shown.offer.type}.html", **words, **_describe_coupon(shown))
    return make_response(template, 409 if stale else 200)


def _describe_coupon(shown: ShownOffer) -> dict[str, object]:
    """What the page of a coupon shows, be it the configuration's or the session's."""
    if shown.coupon is None:
        return {}
    return {
        "coupon": shown.coupon,
        "named": named_discounts.summarize_coupon(shown.coupon, shown.subscription.currency),
        "names": shown.names,
        "without": shown.without,
        "bill": shown.preview.bill,
    }


def _sent_reason(visit: Visit) -> str | None:
    """The reason that the address says, if it is one to choose from."""
    sent = request.args.get("reason")
    known = [*permissions.cancellation_reasons(visit.features), *permissions.feedback_options(visit.features)]
    return sent if sent in known else None


def _path(visit: Visit, id: str, page: str, reason: str | None) -> str:
    return f"{visit.path}subscriptions/{id}/{page}?{urlencode({'reason': reason or ''})}"
