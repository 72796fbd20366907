"""Products, prices and tax rates."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import ids
from portal.db import among, find
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import Price, Product, TaxRate
from portal.rules.money import plain
from portal.wire.params import (
    Clearable,
    Command,
    Country,
    Currency,
    Exact,
    Expanding,
    Flag,
    Id,
    Label,
    Listing,
    ListOf,
    Metadata,
    PositiveAmount,
    Text,
    TimestampFilter,
    merged,
    text,
    whole,
)
from portal.wire.urls import WebUrl

TaxBehavior = Literal["exclusive", "inclusive", "unspecified"]
LONGEST_INTERVAL = {"day": 1095, "week": 156, "month": 36, "year": 3}


class Recurring(Command):
    interval: Literal["day", "month", "week", "year"]
    interval_count: Annotated[int, whole(1, 1095)] = 1
    trial_period_days: Annotated[int, whole(0, 730)] | None = None
    usage_type: Literal["licensed"] = "licensed"


class ProductData(Command):
    name: Label
    active: Flag = True
    id: Id | None = None
    metadata: Metadata = {}
    statement_descriptor: Annotated[str, text(22)] | None = None
    tax_code: Id | None = None
    unit_label: Annotated[str, text(12)] | None = None


class DefaultPriceData(Command):
    currency: Currency
    recurring: Recurring | None = None
    tax_behavior: TaxBehavior = "unspecified"
    unit_amount: PositiveAmount | None = None
    unit_amount_decimal: Exact | None = None
    metadata: Metadata = {}


class MarketingFeature(Command):
    name: Label


class UpdateProduct(Expanding):
    active: Flag | None = None
    default_price: Clearable[Id] = None
    description: Clearable[Text] = None
    images: ListOf[WebUrl] = []
    marketing_features: ListOf[MarketingFeature] = []
    metadata: Metadata = {}
    name: Label | None = None
    shippable: Clearable[Flag] = None
    statement_descriptor: Clearable[Annotated[str, text(22)]] = None
    tax_code: Clearable[Id] = None
    unit_label: Clearable[Annotated[str, text(12)]] = None
    url: Clearable[WebUrl] = None


class CreateProduct(UpdateProduct):
    name: Label
    id: Id | None = None
    type: Literal["good", "service"] | None = None
    default_price_data: DefaultPriceData | None = None


class ListProducts(Listing):
    active: Flag | None = None
    created: TimestampFilter = None
    ids: ListOf[Id] = []
    url: WebUrl | None = None


class UpdatePrice(Expanding):
    active: Flag | None = None
    lookup_key: Clearable[Label] = None
    metadata: Metadata = {}
    nickname: Clearable[Text] = None
    tax_behavior: TaxBehavior | None = None
    transfer_lookup_key: Flag = False


class CreatePrice(UpdatePrice):
    currency: Currency
    billing_scheme: Literal["per_unit"] = "per_unit"
    product: Id | None = None
    product_data: ProductData | None = None
    recurring: Recurring | None = None
    unit_amount: PositiveAmount | None = None
    unit_amount_decimal: Exact | None = None


class ListPrices(Listing):
    active: Flag | None = None
    created: TimestampFilter = None
    currency: Currency | None = None
    lookup_keys: ListOf[Label] = []
    product: Id | None = None
    type: Literal["one_time", "recurring"] | None = None


class UpdateTaxRate(Expanding):
    active: Flag | None = None
    country: Clearable[Country] = None
    description: Clearable[Text] = None
    display_name: Annotated[str, text(50)] | None = None
    jurisdiction: Clearable[Annotated[str, text(50)]] = None
    metadata: Metadata = {}
    state: Clearable[Annotated[str, text(50)]] = None
    tax_type: Clearable[Annotated[str, text(50)]] = None


class CreateTaxRate(UpdateTaxRate):
    display_name: Annotated[str, text(50)]
    inclusive: Flag
    percentage: Exact


class ListTaxRates(Listing):
    active: Flag | None = None
    created: TimestampFilter = None
    inclusive: Flag | None = None


def create_product(db: Session, command: CreateProduct, *, now: int) -> Product:
    """A product, with its default price where `default_price_data` is given."""
    product = Product(id=command.id or ids.new("product"), created=now, updated=now, name=command.name, metadata_={})
    if command.id and db.scalar(select(Product.id).where(Product.id == command.id)):
        raise InvalidRequest(f"Product already exists: '{command.id}'.", param="id", code="resource_already_exists")
    db.add(product)
    db.flush()
    update_product(db, product, command, now=now)
    if command.default_price_data:
        data = command.default_price_data
        price = _new_price(db, product.id, data, now=now)
        price.tax_behavior = data.tax_behavior
        price.metadata_ = merged({}, data.metadata)
        product.default_price_id = price.id
    return product


_PRODUCT = (
    "active",
    "description",
    "images",
    "marketing_features",
    "name",
    "shippable",
    "statement_descriptor",
    "tax_code",
    "unit_label",
    "url",
)


def update_product(db: Session, product: Product, command: UpdateProduct, *, now: int) -> Product:
    """Change what was sent. Raises `ResourceMissing` for a default price of another product."""
    sent = command.model_dump(include=set(_PRODUCT), exclude_unset=True)
    for key, value in sent.items():
        setattr(product, key, value)
    if command.has("default_price"):
        if command.default_price and _price(db, command.default_price, "default_price").product_id != product.id:
            raise ResourceMissing("price", command.default_price, param="default_price")
        product.default_price_id = command.default_price
    if command.has("metadata"):
        product.metadata_ = merged(product.metadata_, command.metadata)
    product.updated = now
    return product


def create_price(db: Session, command: CreatePrice, *, now: int) -> Price:
    """A price of a product that exists, or of one made along with it by `product_data`."""
    price = _new_price(db, _product_of(db, command, now), command, now=now)
    return update_price(db, price, command, now=now)


def update_price(db: Session, price: Price, command: UpdatePrice, *, now: int) -> Price:
    """Words, activity and look-up key change; the amount never does."""
    for key, value in command.given("active", "nickname", "tax_behavior").items():
        setattr(price, key, value)
    if command.has("lookup_key"):
        _take_lookup_key(db, price, command)
    if command.has("metadata"):
        price.metadata_ = merged(price.metadata_, command.metadata)
    return price


def create_tax_rate(db: Session, command: CreateTaxRate, *, now: int) -> TaxRate:
    """A tax rate. Raises `InvalidRequest` for a percentage beyond 0 to 100 or finer than 4 digits."""
    percentage = command.percentage
    if not 0 <= percentage <= 100 or percentage != round(percentage, 4):
        raise InvalidRequest("A percentage is between 0 and 100, with at most 4 decimals.", param="percentage")
    rate = TaxRate(
        id=ids.new("tax_rate"),
        created=now,
        active=True,
        display_name=command.display_name,
        inclusive=command.inclusive,
        percentage=plain(percentage),
        metadata_={},
    )
    db.add(rate)
    return update_tax_rate(db, rate, command, now=now)


def update_tax_rate(db: Session, rate: TaxRate, command: UpdateTaxRate, *, now: int) -> TaxRate:
    """Words and activity change; the percentage never does."""
    words = ("active", "country", "description", "display_name", "jurisdiction", "state", "tax_type")
    for key, value in command.given(*words).items():
        setattr(rate, key, value)
    if command.has("metadata"):
        rate.metadata_ = merged(rate.metadata_, command.metadata)
    return rate


def tax_rates(db: Session, rate_ids: list[str], param: str) -> list[TaxRate]:
    """Tax rates in the order of their ids, each active. Raises `ResourceMissing` or `InvalidRequest`."""
    found = among(db, TaxRate, rate_ids)
    for index, id in enumerate(rate_ids):
        if id not in found:
            raise ResourceMissing("tax rate", id, param=f"{param}[{index}]")
        if not found[id].active:
            raise InvalidRequest(f"The tax rate '{id}' is not active.", param=f"{param}[{index}]")
    if len(rate_ids) > 5 or len(set(rate_ids)) != len(rate_ids):
        raise InvalidRequest("There can be at most 5 different tax rates.", param=param)
    return [found[id] for id in rate_ids]


def product_name(db: Session, product_id: str) -> str:
    """What a product is called now."""
    return find(db, Product, product_id, noun="product").name


def unit_amounts(unit_amount: int | None, exact: Decimal | None, param: str = "unit_amount") -> tuple[int | None, str]:
    """(`unit_amount`, `unit_amount_decimal`) of the one that was sent. Raises `InvalidRequest`."""
    if (unit_amount is None) == (exact is None):
        raise InvalidRequest(f"Send {param} or {param}_decimal, one of the two.", param=param, code="parameter_missing")
    if exact is None:
        return unit_amount, str(unit_amount)
    rounded = exact.to_integral_value(ROUND_HALF_UP)
    return (int(exact) if exact == rounded else None), plain(exact)


def _new_price(db: Session, product_id: str, command: CreatePrice | DefaultPriceData, *, now: int) -> Price:
    unit_amount, exact = unit_amounts(command.unit_amount, command.unit_amount_decimal)
    if Decimal(exact) < 0:
        raise InvalidRequest("A price can't be negative.", param="unit_amount_decimal")
    recurring = command.recurring
    if recurring and recurring.interval_count > LONGEST_INTERVAL[recurring.interval]:
        raise InvalidRequest("An interval is three years at most.", param="recurring[interval_count]")
    price = Price(
        id=ids.new("price"),
        created=now,
        product_id=product_id,
        active=True,
        currency=command.currency,
        unit_amount=unit_amount,
        unit_amount_decimal=exact,
        interval=recurring.interval if recurring else None,
        interval_count=recurring.interval_count if recurring else None,
        trial_period_days=recurring.trial_period_days if recurring else None,
        tax_behavior="unspecified",
        metadata_={},
    )
    db.add(price)
    return price


def _product_of(db: Session, command: CreatePrice, now: int) -> str:
    if (command.product is None) == (command.product_data is None):
        raise InvalidRequest("Send product or product_data, one of the two.", param="product", code="parameter_missing")
    if command.product is not None:
        return find(db, Product, command.product, noun="product", param="product").id
    data: Any = command.product_data
    sent = data.model_dump(exclude_unset=True)
    return create_product(db, CreateProduct(**sent), now=now).id


def _price(db: Session, id: str, param: str) -> Price:
    return find(db, Price, id, noun="price", param=param)


def _take_lookup_key(db: Session, price: Price, command: UpdatePrice) -> None:
    if command.lookup_key:
        holder = db.scalar(select(Price).where(Price.lookup_key == command.lookup_key, Price.id != price.id))
        if holder and not command.transfer_lookup_key:
            raise InvalidRequest(
                f"A price ('{holder.id}') already uses that lookup key.",
                param="lookup_key",
                code="resource_already_exists",
            )
        if holder:
            holder.lookup_key = None
            db.flush()
    price.lookup_key = command.lookup_key
