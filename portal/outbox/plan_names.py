"""The name of a plan in a mail: those of all that it consists of."""

from sqlalchemy.orm import Session

from portal import i18n
from portal.billing.catalogue import products
from portal.billing.ledger import parties
from portal.billing.subscriptions import items
from portal.models import Customer, Subscription


def name_plan(db: Session, subscription: Subscription, customer: Customer) -> str:
    """The names of all products of a subscription, as a list in the customer's language."""
    names = (products.product_name(db, each.price.product_id) for each in items.list_items(db, subscription.id))
    return i18n.join_names(names, parties.customer_locale(db, customer))
