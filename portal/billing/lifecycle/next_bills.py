"""What renewals read, at once for a batch of subscriptions: items with their prices and products, and what waits."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.catalogue.sold import SoldItem
from portal.billing.invoices import pending_items
from portal.billing.subscriptions import items
from portal.db import rows_by_id
from portal.models import InvoiceItem, Product, Subscription

_PREPARED = "prepared_bills"


@dataclass(frozen=True)
class NextBill:
    """The items of a subscription, and the invoice items that wait for its next invoice."""

    sold: list[SoldItem]
    waiting: list[InvoiceItem]
    #: Held only so that the session keeps them: each is the name of many lines.
    products: dict[str, Product]


def prepare(db: Session, subscriptions: Sequence[Subscription]) -> None:
    """Read the next bills of subscriptions whose customers are locked; each is kept until it is taken."""
    sold = items.list_items_of(db, [each.id for each in subscriptions])
    products = rows_by_id(db, Product, sorted({item.price.product_id for own in sold.values() for item in own}))
    having = _find_customers_with_waiting(db, [each.customer_id for each in subscriptions])
    db.info[_PREPARED] = {
        each.id: NextBill(
            sold.get(each.id, []), _list_waiting(db, each) if each.customer_id in having else [], products
        )
        for each in subscriptions
    }


def take(db: Session, subscription: Subscription) -> NextBill:
    """The next bill of a subscription: as it was prepared, but once only, as it changes with the step."""
    if subscription.id not in db.info.get(_PREPARED, {}):
        prepare(db, [subscription])
    bill: NextBill = db.info[_PREPARED].pop(subscription.id)
    return bill


def _list_waiting(db: Session, subscription: Subscription) -> list[InvoiceItem]:
    return pending_items.list_due_with(db, subscription.customer_id, subscription.id)


def _find_customers_with_waiting(db: Session, customer_ids: Sequence[str]) -> set[str]:
    own = (InvoiceItem.customer_id.in_(sorted(set(customer_ids))), InvoiceItem.invoice_id.is_(None))
    return set(db.scalars(select(InvoiceItem.customer_id).where(*own).distinct()))
