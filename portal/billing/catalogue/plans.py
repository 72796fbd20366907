"""Plans, the older API for recurring prices: every plan is a price with the same id."""

import json
from typing import Annotated, Literal

from sqlalchemy import String, cast, select
from sqlalchemy.orm import Session

from portal.billing.catalogue.prices import CreatePrice, ProductData, UpdatePrice, create_price, update_price
from portal.billing.catalogue.pricing import Recurring
from portal.db import find_row
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import Price, Product, SubscriptionItem, SubscriptionSchedule
from portal.wire.commands import (
    ChosenId,
    Clearable,
    Currency,
    ExactDecimal,
    ExpandableCommand,
    Flag,
    Id,
    ListCommand,
    Metadata,
    PositiveAmount,
    Text,
    TimestampFilter,
    integer_between,
)

TrialDays = Annotated[int, integer_between(0, 730)]


class CreatePlan(ExpandableCommand):
    id: ChosenId | None = None
    amount: PositiveAmount | None = None
    amount_decimal: ExactDecimal | None = None
    active: Flag = True
    billing_scheme: Literal["per_unit"] = "per_unit"
    currency: Currency
    interval: Literal["day", "month", "week", "year"]
    interval_count: Annotated[int, integer_between(1, 1095)] = 1
    metadata: Metadata = {}
    nickname: Text | None = None
    product: Id | ProductData
    trial_period_days: TrialDays | None = None
    usage_type: Literal["licensed"] = "licensed"


class UpdatePlan(ExpandableCommand):
    active: Flag | None = None
    metadata: Metadata = {}
    nickname: Clearable[Text] = None
    product: Id | None = None
    trial_period_days: TrialDays | None = None


class ListPlans(ListCommand):
    active: Flag | None = None
    created: TimestampFilter = None
    product: Id | None = None


def find_plan(db: Session, id: str) -> Price:
    """The recurring price with this id. Raises `ResourceMissing`, also for a one-time price."""
    price = find_row(db, Price, id, noun="plan")
    if price.interval is None:
        raise ResourceMissing("plan", id)
    return price


def create_plan(db: Session, command: CreatePlan, *, now: int) -> Price:
    """Create the price behind a plan. Raises `InvalidRequest` as for prices, with the parameter names of plans."""
    if (command.amount is None) == (command.amount_decimal is None):
        message = "Send amount or amount_decimal, one of the two."
        raise InvalidRequest(message, param="amount", code="parameter_missing")
    if command.id and db.scalar(select(Price.id).where(Price.id == command.id)):
        raise InvalidRequest(f"Plan already exists: '{command.id}'.", param="id", code="resource_already_exists")
    of = {"product": command.product} if isinstance(command.product, str) else {"product_data": command.product}
    price = CreatePrice.model_construct(
        {*of, "active", "currency", "metadata", "nickname", "recurring", "unit_amount", "unit_amount_decimal"},
        **of,
        active=command.active,
        currency=command.currency,
        metadata=command.metadata,
        nickname=command.nickname,
        recurring=_build_recurring(command),
        unit_amount=command.amount,
        unit_amount_decimal=command.amount_decimal,
    )
    return create_price(db, price, id=command.id, now=now)


def update_plan(db: Session, price: Price, command: UpdatePlan, *, now: int) -> Price:
    """Change texts, `active`, days of trial and the product; amount and interval never change.

    Raises `InvalidRequest` for another product once the plan was used.
    """
    if command.trial_period_days is not None:
        price.trial_period_days = command.trial_period_days
    if command.product is not None and command.product != price.product_id:
        _refuse_used(db, price)
        price.product_id = find_row(db, Product, command.product, noun="product", param="product").id
    sent = command.sent_values("active", "metadata", "nickname")
    return update_price(db, price, UpdatePrice.model_construct(set(sent), **sent), now=now)


def delete_plan(db: Session, price: Price, *, now: int) -> None:
    """Deactivate the price: nobody can subscribe to it any more, and existing subscriptions keep it."""
    price.active = False


def _refuse_used(db: Session, price: Price) -> None:
    sold = db.scalar(select(SubscriptionItem.id).where(SubscriptionItem.price_id == price.id).limit(1))
    # phases hold prices by id, in JSON
    named = cast(SubscriptionSchedule.phases, String).contains(json.dumps(price.id), autoescape=True)
    if sold or db.scalar(select(SubscriptionSchedule.id).where(named).limit(1)):
        raise InvalidRequest("The product of a plan can't change once the plan was used.", param="product")


def _build_recurring(command: CreatePlan) -> Recurring:
    return Recurring(
        interval=command.interval,
        interval_count=command.interval_count,
        trial_period_days=command.trial_period_days,
    )
