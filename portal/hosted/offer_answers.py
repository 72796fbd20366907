"""The answer to an offer to stay: what is taken is done at once, once, and as the page showed it."""

from flask import flash
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.billing.customer_portal import stay_offers, stay_previews
from portal.errors import InvalidRequest, ResourceMissing
from portal.hosted import confirmed_plan, flows
from portal.hosted.confirmed_plan import OutdatedPage
from portal.hosted.own_subscriptions import lock_own_subscription
from portal.hosted.stay_forms import StayForm
from portal.hosted.visits import Visit
from portal.models import RetentionOffer, Subscription


class StaleOffer(Exception):
    """The plan or the amount is another one than the page showed."""


def answer(visit: Visit, id: str, form: StayForm) -> str | None:
    """Take or leave what was offered, and where to go on: None for on to cancel. Raises `StaleOffer`."""
    try:
        with visit.writing() as db:
            return _answer_once(db, visit, lock_own_subscription(db, visit, id), form)
    except OutdatedPage:
        raise StaleOffer from None
    except (InvalidRequest, ResourceMissing):
        flash(_("This can't be had any more. Nothing was changed."), "attention")
        return None


def _answer_once(db: Session, visit: Visit, subscription: Subscription, form: StayForm) -> str | None:
    row = stay_offers.find_shown(db, subscription.id, visit.id)
    if row is None or row.declined_at or not form.accept.data:
        if row is not None:
            stay_offers.decline(row, now=visit.now)
        return None
    if not row.accepted_at:
        _accept(db, visit, subscription, row, form)
        stay_offers.note_accepted(row, now=visit.now)
    flash(_WORDS[row.type]())
    return flows.complete(visit, db) if flows.is_for(visit, flows.CANCEL) else visit.path


def _accept(db: Session, visit: Visit, subscription: Subscription, row: RetentionOffer, form: StayForm) -> None:
    """Do what was offered. Raises `OutdatedPage` where the plan or the amount is another one than was shown."""
    if row.type == "coupon":
        stay_offers.redeem(db, subscription, row.coupon_id, now=visit.now)
    elif row.type == "price":
        date = confirmed_plan.proration_date(form)
        asked = stay_previews.build_change(db, subscription, visit.features, row.price_id, date)
        confirmed_plan.change_as_shown(db, visit, subscription, asked, form)
    elif form.revision.data != str(subscription.revision):
        raise OutdatedPage
    else:
        stay_offers.pause(db, subscription, visit.features, now=visit.now)


_WORDS = {
    "coupon": lambda: _("The discount is yours. Your plan goes on."),
    "pause": lambda: _("Your plan is paused. You can resume it whenever you like."),
    "price": lambda: _("Your plan is changed. It goes on."),
}
