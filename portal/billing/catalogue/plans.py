"""Plans, the older API for recurring prices: every plan is a price with the same id."""

from typing import Annotated, Literal

from sqlalchemy.orm import Session

from portal.billing.catalogue.prices import CreatePrice, ProductData, UpdatePrice, create_price, update_price
from portal.billing.catalogue.pricing import Recurring
from portal.db import find_row
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import Price
from portal.wire.commands import (
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
    return create_price(db, price, now=now)


def update_plan(db: Session, price: Price, command: UpdatePlan, *, now: int) -> Price:
    """Change texts and `active`; amount and interval never change."""
    sent = command.sent_values("active", "metadata", "nickname")
    return update_price(db, price, UpdatePrice.model_construct(set(sent), **sent), now=now)


def delete_plan(db: Session, price: Price, *, now: int) -> None:
    """Deactivate the price: nobody can subscribe to it any more, and existing subscriptions keep it."""
    price.active = False


def _build_recurring(command: CreatePlan) -> Recurring:
    return Recurring(
        interval=command.interval,
        interval_count=command.interval_count,
        trial_period_days=command.trial_period_days,
    )
