"""The price of a subscription item: a price, the older name `plan`, or a price created for this item only."""

from typing import Annotated, Literal

from sqlalchemy.orm import Session

from portal.billing.catalogue import pricing
from portal.billing.catalogue.pricing import Recurring, new_price
from portal.db import find_row
from portal.errors import InvalidRequest
from portal.models import Price, Product
from portal.wire.commands import Command, Currency, ExactDecimal, Id, PositiveAmount, integer_between


class InlineRecurring(Command):
    """How often an inline price bills."""

    interval: Literal["day", "month", "week", "year"]
    interval_count: Annotated[int, integer_between(1, 1095)] = 1


class InlinePrice(Command):
    """A price that is created for one item, for a product that exists."""

    currency: Currency
    product: Id
    recurring: InlineRecurring
    tax_behavior: pricing.TaxBehavior = "unspecified"
    unit_amount: PositiveAmount | None = None
    unit_amount_decimal: ExactDecimal | None = None


class PriceChoice(Command):
    """The price of an item: by id (`price`, or `plan` in older versions), or inline."""

    price: Id | None = None
    plan: Id | None = None
    price_data: InlinePrice | None = None


def resolve_price(db: Session, sent: PriceChoice, param: str, *, now: int, checked: bool = False) -> Price | None:
    """The requested price, None where none was sent; `checked` is whether it was validated before, while active.

    Raises `InvalidRequest` for more than one, or for a price that no subscription can have, and `ResourceMissing`.
    """
    names = [name for name in ("price", "plan", "price_data") if getattr(sent, name) is not None]
    if len(names) > 1:
        raise InvalidRequest(f"You may only specify one of these parameters: {', '.join(names)}.", param=param)
    if sent.price_data:
        return _create_inline_price(db, sent.price_data, f"{param}[price_data]", now)
    return _find_recurring_price(db, sent.price or sent.plan or "", f"{param}[{names[0]}]", checked) if names else None


def _find_recurring_price(db: Session, id: str, param: str, checked: bool) -> Price:
    price = find_row(db, Price, id, noun="price", param=param)
    if not price.active and not checked:
        raise InvalidRequest(f"The price '{price.id}' is not active.", param=param)
    if price.interval is None:
        raise InvalidRequest("A subscription needs prices with `type=recurring`.", param=param)
    return price


def _create_inline_price(db: Session, data: InlinePrice, param: str, now: int) -> Price:
    """The price is inactive, so that nothing else can be sold at it."""
    find_row(db, Product, data.product, noun="product", param=f"{param}[product]")
    recurring = Recurring(interval=data.recurring.interval, interval_count=data.recurring.interval_count)
    sent = pricing.PriceData(
        currency=data.currency,
        recurring=recurring,
        tax_behavior=data.tax_behavior,
        unit_amount=data.unit_amount,
        unit_amount_decimal=data.unit_amount_decimal,
    )
    price = new_price(db, data.product, sent, now=now)
    price.active = False
    db.flush()
    return price
