"""Products: creation, changes and deletion, with a default price each."""

from typing import Annotated, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.catalogue.pricing import PriceData, new_price
from portal.db import find_row
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import Price, Product
from portal.wire.commands import (
    ChosenId,
    Clearable,
    Command,
    ExpandableCommand,
    Flag,
    Id,
    Label,
    ListCommand,
    ListOf,
    Metadata,
    Text,
    TimestampFilter,
    merge_metadata,
    text_up_to,
)
from portal.wire.urls import WebUrl


class MarketingFeature(Command):
    """A selling point, shown with the plan."""

    name: Label


class ProductFields(ExpandableCommand):
    """The parameters that creation and update share."""

    active: Flag | None = None
    description: Clearable[Text] = None
    images: ListOf[WebUrl] = []
    marketing_features: ListOf[MarketingFeature] = []
    metadata: Metadata = {}
    shippable: Clearable[Flag] = None
    statement_descriptor: Clearable[Annotated[str, text_up_to(22)]] = None
    tax_code: Clearable[Id] = None
    unit_label: Clearable[Annotated[str, text_up_to(12)]] = None
    url: Clearable[WebUrl] = None


class UpdateProduct(ProductFields):
    default_price: Clearable[Id] = None
    name: Label | None = None


class CreateProduct(ProductFields):
    name: Label
    id: ChosenId | None = None
    type: Literal["good", "service"] | None = None
    default_price_data: PriceData | None = None


class ListProducts(ListCommand):
    active: Flag | None = None
    created: TimestampFilter = None
    ids: ListOf[Id] = []
    shippable: Flag | None = None
    type: Literal["good", "service"] | None = None
    url: WebUrl | None = None


def create_product(db: Session, command: CreateProduct, *, now: int) -> Product:
    """Create a product, with its default price where `default_price_data` is given."""
    product = Product(id=command.id or ids.new("product"), created=now, updated=now, metadata_={})
    if command.id and db.scalar(select(Product.id).where(Product.id == command.id)):
        raise InvalidRequest(f"Product already exists: '{command.id}'.", param="id", code="resource_already_exists")
    _apply_fields(product, command, now)
    db.add(product)
    if command.default_price_data:
        product.default_price_id = _create_default_price(db, product, command.default_price_data, now).id
    return product


def update_product(db: Session, product: Product, command: UpdateProduct, *, now: int) -> Product:
    """Change what was sent. Raises `ResourceMissing` for a default price of another product."""
    _apply_fields(product, command, now)
    if command.was_sent("default_price"):
        id = command.default_price
        if id and find_row(db, Price, id, noun="price", param="default_price").product_id != product.id:
            raise ResourceMissing("price", id, param="default_price")
        product.default_price_id = id
    return product


def delete_product(db: Session, product: Product, *, now: int) -> None:
    """Remove a product that was never sold. Raises `InvalidRequest` once it has prices."""
    if db.scalar(select(Price.id).where(Price.product_id == product.id).limit(1)):
        raise InvalidRequest("This product has prices. Set active to false instead of deleting it.", param="id")
    db.delete(product)


def product_name(db: Session, product_id: str) -> str:
    """What a product is called now."""
    return find_row(db, Product, product_id, noun="product").name


_PLAIN_FIELDS = {
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
}


def _apply_fields(product: Product, command: UpdateProduct | CreateProduct, now: int) -> None:
    for key, value in command.model_dump(include=_PLAIN_FIELDS, exclude_unset=True).items():
        setattr(product, key, value)
    if command.was_sent("metadata"):
        product.metadata_ = merge_metadata(product.metadata_, command.metadata)
    product.updated = now


def _create_default_price(db: Session, product: Product, data: PriceData, now: int) -> Price:
    try:
        return new_price(db, product.id, data, now=now)
    except InvalidRequest as error:
        first, bracket, rest = (error.param or "").partition("[")
        error.param = f"default_price_data[{first}]{bracket}{rest}"
        raise
