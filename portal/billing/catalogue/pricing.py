"""Amounts and intervals of a new price, shared by all ways to create one."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Literal

from sqlalchemy.orm import Session

from portal import ids
from portal.errors import InvalidRequest
from portal.models import Price
from portal.rules.money import decimal_text
from portal.wire.commands import (
    Command,
    Currency,
    ExactDecimal,
    Metadata,
    PositiveAmount,
    integer_between,
    merge_metadata,
)

TaxBehavior = Literal["exclusive", "inclusive", "unspecified"]
LONGEST_INTERVAL = {"day": 1095, "week": 156, "month": 36, "year": 3}


class Recurring(Command):
    """How often a price bills; metered usage is not sold here."""

    interval: Literal["day", "month", "week", "year"]
    interval_count: Annotated[int, integer_between(1, 1095)] = 1
    trial_period_days: Annotated[int, integer_between(0, 730)] | None = None
    usage_type: Literal["licensed"] = "licensed"


class PriceData(Command):
    """The parameters that every new price has."""

    currency: Currency
    metadata: Metadata = {}
    recurring: Recurring | None = None
    tax_behavior: TaxBehavior | None = None
    unit_amount: PositiveAmount | None = None
    unit_amount_decimal: ExactDecimal | None = None


def new_price(db: Session, product_id: str, data: PriceData, *, now: int) -> Price:
    """Create a price of a product. Raises `InvalidRequest` for an impossible amount or interval."""
    unit_amount, exact = unit_amounts(data.unit_amount, data.unit_amount_decimal)
    if Decimal(exact) < 0:
        raise InvalidRequest("A price can't be negative.", param="unit_amount_decimal")
    recurring = data.recurring
    if recurring and recurring.interval_count > LONGEST_INTERVAL[recurring.interval]:
        raise InvalidRequest("An interval is three years at most.", param="recurring[interval_count]")
    price = Price(
        id=ids.new("price"),
        created=now,
        product_id=product_id,
        active=True,
        currency=data.currency,
        unit_amount=unit_amount,
        unit_amount_decimal=exact,
        interval=recurring.interval if recurring else None,
        interval_count=recurring.interval_count if recurring else None,
        trial_period_days=recurring.trial_period_days if recurring else None,
        tax_behavior=data.tax_behavior or "unspecified",
        metadata_=merge_metadata({}, data.metadata),
    )
    db.add(price)
    return price


def unit_amounts(unit_amount: int | None, exact: Decimal | None, param: str = "unit_amount") -> tuple[int | None, str]:
    """(`unit_amount`, `unit_amount_decimal`) from whichever was sent. Raises `InvalidRequest` for both or neither."""
    if (unit_amount is None) == (exact is None):
        raise InvalidRequest(f"Send {param} or {param}_decimal, one of the two.", param=param, code="parameter_missing")
    if exact is None:
        return unit_amount, str(unit_amount)
    rounded = exact.to_integral_value(ROUND_HALF_UP)
    return (int(exact) if exact == rounded else None), decimal_text(exact)
