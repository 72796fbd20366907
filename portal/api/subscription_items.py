"""Calls for subscription items."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal.api import endpoint
from portal.api.endpoint import AnswerType
from portal.api.resource import Resource
from portal.billing.customers import test_clocks
from portal.billing.subscriptions import item_calls
from portal.billing.subscriptions.item_params import CreateItem, DeleteItem, ListItems, UpdateItem
from portal.db import find_row
from portal.models import SubscriptionItem
from portal.objects import deleted_stub


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    item = Resource(blueprint, "subscription_item", "subscription_items")
    item.create(CreateItem, item_calls.create)
    item.retrieve()
    item.change(UpdateItem, item_calls.update)
    deleted = AnswerType(item.type, "deleted")
    endpoint.add(blueprint, "DELETE", f"{item.path}/<id>", DeleteItem, _delete_item, deleted)
    item.list(ListItems, _select_items)


def _delete_item(db: Session, params: DeleteItem, id: str) -> dict[str, Any]:
    item = find_row(db, SubscriptionItem, id, noun="subscription item")
    item_calls.delete(db, item, params, now=test_clocks.time_for_call(db, item, params))
    return deleted_stub("subscription_item", id)


def _select_items(params: ListItems) -> Select[Any]:
    return select(SubscriptionItem).where(SubscriptionItem.subscription_id == params.subscription)
