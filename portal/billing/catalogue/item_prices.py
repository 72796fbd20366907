"""What an item of a subscription is sold at: a price, its older name plan, or a price made for the item alone."""

from __future__ import annotations

from typing import Annotated, Literal

from sqlalchemy.orm import Session

from portal.billing.catalogue import pricing
from portal.billing.catalogue.pricing import Recurring, new_price
from portal.db import find
from portal.errors import InvalidRequest
from portal.models import Price, Product
from portal.wire.commands import Command, Currency, Exact, Id, PositiveAmount, whole


class InlineRecurring(Command):
    interval: Literal["day", "month", "week", "year"]
    interval_count: Annotated[int, whole(1, 1095)] = 1


class InlinePrice(Command):
    currency: Currency
    product: Id
    recurring: InlineRecurring
    tax_behavior: pricing.TaxBehavior = "unspecified"
    unit_amount: PositiveAmount | None = None
    unit_amount_decimal: Exact | None = None


class PriceChoice(Command):
    price: Id | None = None
    plan: Id | None = None
    price_data: InlinePrice | None = None


def chosen(db: Session, sent: PriceChoice, param: str, *, now: int, checked: bool = False) -> Price | None:
    """The price that was sent, None where none was. `checked` is whether it was looked at before, when it was active.

    Raises `InvalidRequest` for two at once or one that no subscription can have, `ResourceMissing`.
    """
    names = [name for name in ("price", "plan", "price_data") if getattr(sent, name) is not None]
    if len(names) > 1:
        raise InvalidRequest(f"You may only specify one of these parameters: {', '.join(names)}.", param=param)
    if sent.price_data:
        return _made(db, sent.price_data, f"{param}[price_data]", now)
    return _found(db, sent.price or sent.plan or "", f"{param}[{names[0]}]", checked) if names else None


def _found(db: Session, id: str, param: str, checked: bool) -> Price:
    price = find(db, Price, id, noun="price", param=param)
    if not price.active and not checked:
        raise InvalidRequest(f"The price '{price.id}' is not active.", param=param)
    if price.interval is None:
        raise InvalidRequest("A subscription needs prices with `type=recurring`.", param=param)
    return price


def _made(db: Session, data: InlinePrice, param: str, now: int) -> Price:
    """Inactive, so that nothing else is sold at it."""
    find(db, Product, data.product, noun="product", param=f"{param}[product]")
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
