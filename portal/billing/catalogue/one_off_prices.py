"""Prices of invoice items: a one-time price of the catalogue, or a price created for one item only."""

from typing import Annotated

from sqlalchemy.orm import Session

from portal import ids
from portal.billing.catalogue import pricing, products
from portal.db import find_row
from portal.errors import InvalidRequest
from portal.models import Price, Product
from portal.wire.commands import Amount, Command, Currency, ExactDecimal, Id, Label, ListOf, Metadata, Text, text_up_to
from portal.wire.urls import WebUrl


class OneOffProductData(Command):
    """A product made on the spot, for a line alone."""

    description: Text | None = None
    images: ListOf[WebUrl] = []
    metadata: Metadata = {}
    name: Label
    tax_code: Id | None = None
    unit_label: Annotated[str, text_up_to(12)] | None = None


class OneOffPriceData(Command):
    """A one-time price that is created for one line."""

    currency: Currency
    product: Id | None = None
    product_data: OneOffProductData | None = None
    unit_amount: Amount | None = None
    unit_amount_decimal: ExactDecimal | None = None
    tax_behavior: pricing.TaxBehavior = "unspecified"


def find_price(db: Session, id: str) -> Price:
    """An active one-time price. Raises `ResourceMissing` or `InvalidRequest`."""
    price = find_row(db, Price, id, noun="price", param="price")
    if price.interval is not None:
        raise InvalidRequest(
            "The price specified is set to `type=recurring` but this field only accepts prices with `type=one_time`.",
            param="price",
        )
    if not price.active:
        raise InvalidRequest("The price specified is inactive. This field only accepts active prices.", param="price")
    return price


def create_price(db: Session, data: OneOffPriceData, *, now: int) -> Price:
    """Create a price for one item only, inactive so that nothing else is sold at it. The amount may be negative."""
    product_id = _product_id(db, data, now)
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


def _product_id(db: Session, data: OneOffPriceData, now: int) -> str:
    if (data.product is None) == (data.product_data is None):
        raise InvalidRequest(
            "You must specify one of these parameters: product, product_data.", param="price_data[product]"
        )
    if data.product_data is None:
        return find_row(db, Product, data.product or "", noun="product", param="price_data[product]").id
    sent = data.product_data.model_dump(exclude_unset=True)
    made = products.create_product(db, products.CreateProduct.model_construct(set(sent), **sent), now=now)
    made.active = False
    return made.id
