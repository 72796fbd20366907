"""Prices of invoice items: one of the catalogue that is billed once, or one made for the item alone."""

from __future__ import annotations

from typing import Annotated

from sqlalchemy.orm import Session

from portal import ids
from portal.billing.catalogue import pricing, products
from portal.db import find
from portal.errors import InvalidRequest
from portal.models import Price, Product
from portal.wire.commands import Amount, Command, Currency, Exact, Id, Label, ListOf, Metadata, Text, text
from portal.wire.urls import WebUrl


class ProductData(Command):
    """A product made on the spot, for a line alone."""

    description: Text | None = None
    images: ListOf[WebUrl] = []
    metadata: Metadata = {}
    name: Label
    tax_code: Id | None = None
    unit_label: Annotated[str, text(12)] | None = None


class PriceData(Command):
    currency: Currency
    product: Id | None = None
    product_data: ProductData | None = None
    unit_amount: Amount | None = None
    unit_amount_decimal: Exact | None = None
    tax_behavior: pricing.TaxBehavior = "unspecified"


def found(db: Session, id: str) -> Price:
    """An active one-time price. Raises `ResourceMissing` or `InvalidRequest`."""
    price = find(db, Price, id, noun="price", param="price")
    if price.interval is not None:
        raise InvalidRequest(
            "The price specified is set to `type=recurring` but this field only accepts prices with `type=one_time`.",
            param="price",
        )
    if not price.active:
        raise InvalidRequest("The price specified is inactive. This field only accepts active prices.", param="price")
    return price


def made(db: Session, data: PriceData, *, now: int) -> Price:
    """A price for one item alone, inactive so that nothing else is sold at it; it may be a credit."""
    product_id = _product(db, data, now)
    amount, exact = pricing.unit_amounts(data.unit_amount, data.unit_amount_decimal, "price_data[unit_amount]")
    price = Price(
        id=ids.new("price"),
        created=now,
        product_id=product_id,
        active=False,
        currency=data.currency,
        unit_amount=amount,
        unit_amount_decimal=exact,
        tax_behavior=data.tax_behavior,
        metadata_={},
    )
    db.add(price)
    return price


def _product(db: Session, data: PriceData, now: int) -> str:
    if (data.product is None) == (data.product_data is None):
        raise InvalidRequest(
            "You must specify one of these parameters: product, product_data.", param="price_data[product]"
        )
    if data.product_data is None:
        return find(db, Product, data.product or "", noun="product", param="price_data[product]").id
    sent = data.product_data.model_dump(exclude_unset=True)
    made = products.create_product(db, products.CreateProduct.model_construct(set(sent), **sent), now=now)
    made.active = False
    return made.id
