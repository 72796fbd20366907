"""Calls on single items of subscriptions; each change is billed like an update of the subscription."""

from typing import Any

from sqlalchemy.orm import Session

from portal.billing.ledger import locks
from portal.billing.subscriptions import change_billing, item_changes, items
from portal.billing.subscriptions.change_billing import BillingOptions
from portal.billing.subscriptions.item_params import CreateItem, DeleteItem, ItemBillingParams, ItemChange, UpdateItem
from portal.db import find_row
from portal.errors import InvalidRequest, PortalError
from portal.models import Subscription, SubscriptionItem
from portal.rules import subscriptions as rules


def create(db: Session, command: CreateItem, *, now: int) -> SubscriptionItem:
    """Add an item to a subscription. Raises what `item_changes.apply` does."""
    subscription = find_row(db, Subscription, command.subscription, noun="subscription", param="subscription")
    before = {each.item.id for each in items.list_items(db, subscription.id)}
    _apply_change(db, subscription, _build_change(command), command, now)
    return next(each.item for each in items.list_items(db, subscription.id) if each.item.id not in before)


def update(db: Session, item: SubscriptionItem, command: UpdateItem, *, now: int) -> SubscriptionItem:
    """Change an item. Raises what `item_changes.apply` does."""
    _apply_change(db, _find_subscription(db, item), _build_change(command, id=item.id), command, now)
    return item


def delete(db: Session, item: SubscriptionItem, command: DeleteItem, *, now: int) -> None:
    """Remove an item from its subscription. Raises `InvalidRequest` for the last one."""
    _apply_change(db, _find_subscription(db, item), ItemChange(id=item.id, deleted=True), command, now)


def _find_subscription(db: Session, item: SubscriptionItem) -> Subscription:
    return find_row(db, Subscription, item.subscription_id, noun="subscription")


def _build_change(command: UpdateItem, **more: Any) -> ItemChange:
    sent = {name: value for name, value in command.sent_values().items() if name in ItemChange.model_fields}
    return ItemChange(**sent, **more)


def _apply_change(
    db: Session, subscription: Subscription, change: ItemChange, command: ItemBillingParams, now: int
) -> None:
    customer = locks.subscription_with_customer(db, subscription)
    if not rules.may_cancel(subscription.status):
        raise InvalidRequest("The items of a canceled subscription can't be changed.")
    before = change_billing.prepare_pending_update(db, subscription, command, command.payment_behavior, now=now)
    asked = BillingOptions(command.proration_behavior, command.proration_date, command.payment_behavior, before=before)
    try:
        item_changes.apply(db, customer, subscription, [change], asked, now=now)
    except PortalError as error:
        error.param = _param_without_list(error.param)
        raise


def _param_without_list(param: str | None) -> str | None:
    """The name that a parameter has in this call: `price` for `items[0][price]`."""
    if param is None or not param.startswith("items[0]["):
        return None if param == "items" else param
    first, _, rest = param.removeprefix("items[0][").partition("]")
    return first + rest
