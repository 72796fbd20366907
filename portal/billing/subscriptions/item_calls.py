"""Items of subscriptions one by one; each change is billed as an update of its subscription is."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from portal.billing.catalogue.item_prices import PriceChoice
from portal.billing.discounts.discounts import Sources
from portal.billing.ledger import locks
from portal.billing.subscriptions import item_changes, items
from portal.billing.subscriptions.items import ItemChange
from portal.db import find
from portal.errors import InvalidRequest, PortalError
from portal.models import Subscription, SubscriptionItem
from portal.rules import subscriptions as rules
from portal.wire.commands import Expanding, Flag, Id, Listing, ListOf, Metadata, Quantity, Timestamp


class Billing(Expanding):
    payment_behavior: item_changes.ChangeBehavior | None = None
    proration_behavior: item_changes.Proration = "create_prorations"
    proration_date: Timestamp | None = None


class UpdateItem(Billing, PriceChoice):
    discounts: Sources = []
    metadata: Metadata = {}
    off_session: Flag | None = None
    quantity: Quantity | None = None
    tax_rates: ListOf[Id] = []


class CreateItem(UpdateItem):
    subscription: Id


class DeleteItem(Billing):
    clear_usage: Flag | None = None


class ListItems(Listing):
    subscription: Id


def create(db: Session, command: CreateItem, *, now: int) -> SubscriptionItem:
    """Put one more item on a subscription. Raises what `item_changes.apply` does."""
    subscription = find(db, Subscription, command.subscription, noun="subscription", param="subscription")
    before = {each.item.id for each in items.items(db, subscription.id)}
    _apply(db, subscription, _change(command), command, now)
    return next(each.item for each in items.items(db, subscription.id) if each.item.id not in before)


def update(db: Session, item: SubscriptionItem, command: UpdateItem, *, now: int) -> SubscriptionItem:
    """Change an item. Raises what `item_changes.apply` does."""
    _apply(db, _subscription(db, item), _change(command, id=item.id), command, now)
    return item


def delete(db: Session, item: SubscriptionItem, command: DeleteItem, *, now: int) -> None:
    """Take an item off its subscription. Raises `InvalidRequest` for the last one."""
    _apply(db, _subscription(db, item), ItemChange(id=item.id, deleted=True), command, now)


def _subscription(db: Session, item: SubscriptionItem) -> Subscription:
    return find(db, Subscription, item.subscription_id, noun="subscription")


def _change(command: UpdateItem, **more: Any) -> ItemChange:
    sent = {name: value for name, value in command.given().items() if name in ItemChange.model_fields}
    return ItemChange(**sent, **more)


def _apply(db: Session, subscription: Subscription, change: ItemChange, command: Billing, now: int) -> None:
    customer, subscription = locks.subscription(db, subscription.id, subscription.customer_id)
    if not rules.may_cancel(subscription.status):
        raise InvalidRequest("The items of a canceled subscription can't be changed.")
    before = item_changes.before(db, subscription, command, command.payment_behavior, now=now)
    asked = item_changes.Asked(
        command.proration_behavior, command.proration_date, command.payment_behavior, before=before
    )
    try:
        item_changes.apply(db, customer, subscription, [change], asked, now=now)
    except PortalError as error:
        error.param = _without_list(error.param)
        raise


def _without_list(param: str | None) -> str | None:
    """`items[0][price]` as this call has it: `price`."""
    if param is None or not param.startswith("items[0]["):
        return None if param == "items" else param
    first, _, rest = param.removeprefix("items[0][").partition("]")
    return first + rest
