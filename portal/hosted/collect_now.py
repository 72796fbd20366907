"""Having open invoices collected now: what, when and from which account, and the click that asks for it."""

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _

from portal import i18n
from portal.billing.collection import by_request
from portal.hosted import flows, languages
from portal.hosted.page import PageResponse, page
from portal.hosted.visits import Visit
from portal.rules import permissions

blueprint = Blueprint("collect_now", __name__, url_prefix="/p")


@page(
    blueprint,
    "/collect",
    allows=permissions.may_have_collected,
    flows=(flows.PAYMENT,),
    methods=("GET", "POST"),
)
def collect(visit: Visit) -> PageResponse:
    """Ask for confirmation, then have it collected; `?invoice=` names one invoice, without it all open ones are meant.

    What is asked for a second time is collected already. Where another sum is open than the customer has read, the page
    is shown again with that one. In the flow for payment methods it follows a bank account that was added.
    """
    if visit.in_flow and visit.flow_completed_at is None:
        return redirect(flows.entry_path(visit))
    named = list(dict.fromkeys(request.values.getlist("invoice")))
    with visit.reading() as db:
        offer = by_request.find_offer(db, visit.find_customer(db), named or None, now=visit.now)
    if offer is None:
        return redirect(_path_back(visit, named), 303)
    if request.method == "GET" or request.form.get("amount", type=int) != offer.amount:
        return render_template("hosted/collect_now.html", visit=visit, offer=offer, back=_path_back(visit, named))
    with visit.writing() as db:
        made = by_request.collect(db, visit.customer_id, named, now=visit.now)
        asked = [(each.amount, each.collect_on) for each in made]
    if asked:
        amount = i18n.format_money(sum(amount for amount, _day in asked), offer.currency, languages.locale())
        day = i18n.format_day(asked[0][1], languages.locale())
        flash(
            _(
                "We ask your bank for %(amount)s on %(date)s. It can take some days until the payment is confirmed.",
                amount=i18n.isolate_text(amount),
                date=day,
            )
        )
    return redirect(_path_back(visit, named), 303)


def _path_back(visit: Visit, named: list[str]) -> str:
    if visit.in_flow:
        return flows.entry_path(visit)
    return f"{visit.path}invoices/{named[0]}" if len(named) == 1 else visit.path
