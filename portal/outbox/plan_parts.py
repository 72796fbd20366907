"""What a plan consists of, as mails say it: each product with its price, and the names of all."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from portal import i18n
from portal.billing.catalogue import products
from portal.billing.ledger import parties
from portal.billing.subscriptions import items
from portal.db import rows_by_id
from portal.models import Customer, Price, Subscription
from portal.outbox.mail_texts import PlanPart
from portal.rules.money import multiply_price


def list_parts(db: Session, plan: Sequence[Mapping[str, Any]]) -> Iterator[PlanPart]:
    """The parts of a plan that a mail's data describe: each the id of a `price`, and its `quantity`."""
    prices = rows_by_id(db, Price, [item["price"] for item in plan])
    for item in plan:
        price, quantity = prices[item["price"]], item["quantity"]
        amount = multiply_price(price.unit_amount_decimal, quantity)
        name = products.product_name(db, price.product_id)
        yield PlanPart(name, quantity, amount, price.interval, price.interval_count or 1)


def name_plan(db: Session, subscription: Subscription, customer: Customer) -> str:
    """The names of all products of a subscription, as a list in the customer's language."""
    names = (products.product_name(db, each.price.product_id) for each in items.list_items(db, subscription.id))
    return i18n.join_names(names, parties.customer_locale(db, customer))
