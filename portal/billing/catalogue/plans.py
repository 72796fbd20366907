"""Plans, as the older wire calls recurring prices: every plan is a price, seen from before there were any."""

from __future__ import annotations

from typing import Annotated, Literal

from sqlalchemy.orm import Session

from portal.billing.catalogue.prices import CreatePrice, ProductData, UpdatePrice, create_price, update_price
from portal.billing.catalogue.pricing import Recurring
from portal.errors import InvalidRequest
from portal.models import Price
from portal.wire.commands import (
    Clearable,
    Currency,
    Exact,
    Expanding,
    Flag,
    Id,
    Listing,
    Metadata,
    PositiveAmount,
    Text,
    TimestampFilter,
    whole,
)

Days = Annotated[int, whole(0, 730)]


class CreatePlan(Expanding):
    amount: PositiveAmount | None = None
    amount_decimal: Exact | None = None
    active: Flag = True
    billing_scheme: Literal["per_unit"] = "per_unit"
    currency: Currency
    interval: Literal["day", "month", "week", "year"]
    interval_count: Annotated[int, whole(1, 1095)] = 1
    metadata: Metadata = {}
    nickname: Text | None = None
    product: Id | ProductData
    trial_period_days: Days | None = None
    usage_type: Literal["licensed"] = "licensed"


class UpdatePlan(Expanding):
    active: Flag | None = None
    metadata: Metadata = {}
    nickname: Clearable[Text] = None


class ListPlans(Listing):
    active: Flag | None = None
    created: TimestampFilter = None
    product: Id | None = None


def create_plan(db: Session, command: CreatePlan, *, now: int) -> Price:
    """The price that the plan is. Raises `InvalidRequest` as for prices, in the words of plans."""
    if (command.amount is None) == (command.amount_decimal is None):
        message = "Send amount or amount_decimal, one of the two."
        raise InvalidRequest(message, param="amount", code="parameter_missing")
    of = {"product": command.product} if isinstance(command.product, str) else {"product_data": command.product}
    price = CreatePrice.model_construct(
        {*of, "active", "currency", "metadata", "nickname", "recurring", "unit_amount", "unit_amount_decimal"},
        **of,
        active=command.active,
        currency=command.currency,
        metadata=command.metadata,
        nickname=command.nickname,
        recurring=_recurring(command),
        unit_amount=command.amount,
        unit_amount_decimal=command.amount_decimal,
    )
    return create_price(db, price, now=now)


def update_plan(db: Session, price: Price, command: UpdatePlan, *, now: int) -> Price:
    """Words and activity change; amount and interval never do."""
    sent = command.given("active", "metadata", "nickname")
    return update_price(db, price, UpdatePrice.model_construct(set(sent), **sent), now=now)


def delete_plan(db: Session, price: Price, *, now: int) -> None:
    """Nobody can subscribe to it any more; who has done so keeps it, and the price with it."""
    price.active = False


def _recurring(command: CreatePlan) -> Recurring:
    return Recurring(
        interval=command.interval,
        interval_count=command.interval_count,
        trial_period_days=command.trial_period_days,
    )
