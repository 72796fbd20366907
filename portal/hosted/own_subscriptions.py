"""Finds or locks a subscription of the visiting customer, and names its plan."""

from flask import abort
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.billing.catalogue.sold import SoldItem
from portal.billing.subscriptions.items import list_items
from portal.db import find_row, lock_row, rows_by_id
from portal.hosted import flows, visit_notes
from portal.hosted.languages import join_names
from portal.hosted.visits import Visit
from portal.models import Customer, Product, Subscription

#: The visit's note of the subscription that it ended: only its pages show that one on.
_ENDED_SUBSCRIPTION = "ended_subscription"


def find_own_subscription(db: Session, visit: Visit, id: str, *, or_ended_here: bool = False) -> Subscription:
    """The subscription, if it is this customer's and this flow's and has not ended; else 404.

    `or_ended_here` also takes the one that this visit has ended.
    """
    subscription = find_row(db, Subscription, id, noun="subscription")
    return _own_or_404(db, visit, subscription, or_ended_here)


def lock_own_subscription(db: Session, visit: Visit, id: str, *, or_ended_here: bool = False) -> Subscription:
    """As `find_own_subscription`, with a lock on the customer and the subscription."""
    lock_row(db, Customer, visit.customer_id, noun="customer")
    subscription = lock_row(db, Subscription, id, noun="subscription")
    return _own_or_404(db, visit, subscription, or_ended_here)


def note_ended_here(db: Session, visit: Visit, subscription: Subscription) -> None:
    """Note that this visit has ended the subscription, in the transaction that ends it."""
    visit_notes.note(db, visit, _ENDED_SUBSCRIPTION, subscription.id)


def has_ended_here(db: Session, visit: Visit, subscription_id: str) -> bool:
    """Whether this visit has ended the subscription."""
    return visit_notes.find_note(db, visit, _ENDED_SUBSCRIPTION) == subscription_id


def named_items(db: Session, subscription_id: str) -> list[tuple[str, SoldItem]]:
    """The items of a subscription, each with the name of its product."""
    sold = list_items(db, subscription_id)
    products = rows_by_id(db, Product, [each.price.product_id for each in sold])
    return [(products[each.price.product_id].name, each) for each in sold]


def product_names(db: Session, subscription_id: str) -> list[str]:
    """The names of what a subscription sells, each once."""
    return list(dict.fromkeys(name for name, _item in named_items(db, subscription_id)))


def plan_name(db: Session, subscription_id: str) -> str:
    """The plan's name for the customer: the names of all its products."""
    names = product_names(db, subscription_id)
    return join_names(names) if names else str(_("Your plan"))


def _own_or_404(db: Session, visit: Visit, subscription: Subscription, or_ended_here: bool) -> Subscription:
    ended = subscription.ended_at is not None and not (or_ended_here and has_ended_here(db, visit, subscription.id))
    is_own = subscription.customer_id == visit.customer_id and flows.may_show(visit, subscription.id)
    if ended or not is_own:
        abort(404)
    return subscription
