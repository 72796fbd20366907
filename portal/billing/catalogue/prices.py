"""Prices: their amounts never change, a new amount is a new price."""

from typing import Annotated, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.catalogue.pricing import PriceData, TaxBehavior, new_price
from portal.billing.catalogue.products import CreateProduct, create_product
from portal.db import find_row
from portal.errors import InvalidRequest
from portal.models import Price, Product
from portal.wire.commands import (
    ChosenId,
    Clearable,
    Command,
    Currency,
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


class ProductData(Command):
    """A product that is created together with its price."""

    name: Label
    active: Flag = True
    id: ChosenId | None = None
    metadata: Metadata = {}
    statement_descriptor: Annotated[str, text_up_to(22)] | None = None
    tax_code: Id | None = None
    unit_label: Annotated[str, text_up_to(12)] | None = None


class UpdatePrice(ExpandableCommand):
    """What can change of a price; its amount and interval never do."""

    active: Flag | None = None
    lookup_key: Clearable[Label] = None
    metadata: Metadata = {}
    nickname: Clearable[Text] = None
    tax_behavior: TaxBehavior | None = None
    transfer_lookup_key: Flag = False


class CreatePrice(ExpandableCommand, PriceData):
    active: Flag | None = None
    billing_scheme: Literal["per_unit"] = "per_unit"
    lookup_key: Label | None = None
    nickname: Text | None = None
    product: Id | None = None
    product_data: ProductData | None = None
    transfer_lookup_key: Flag = False


class RecurringFilter(Command):
    interval: Literal["day", "month", "week", "year"] | None = None
    usage_type: Literal["licensed", "metered"] | None = None


class ListPrices(ListCommand):
    active: Flag | None = None
    created: TimestampFilter = None
    currency: Currency | None = None
    lookup_keys: ListOf[Label] = []
    product: Id | None = None
    recurring: RecurringFilter | None = None
    type: Literal["one_time", "recurring"] | None = None


def create_price(db: Session, command: CreatePrice, *, now: int, id: str | None = None) -> Price:
    """Create a price of an existing product, or of a new one described by `product_data`; plans choose its `id`."""
    price = new_price(db, _resolve_product_id(db, command, now), command, now=now)
    price.id = id or price.id
    price.active = command.active is not False
    price.nickname = command.nickname
    if command.lookup_key is not None:
        _assign_lookup_key(db, price, command.lookup_key, transfer=command.transfer_lookup_key)
    return price


def update_price(db: Session, price: Price, command: UpdatePrice, *, now: int) -> Price:
    """Change texts, `active` and lookup key; the amount never changes.

    Raises `InvalidRequest` for a lookup key in use, or where a tax behavior other than `unspecified` is set.
    """
    if command.tax_behavior is not None and price.tax_behavior not in {"unspecified", command.tax_behavior}:
        raise InvalidRequest("The tax behavior of a price can't change once it is set.", param="tax_behavior")
    for key, value in command.sent_values("active", "nickname", "tax_behavior").items():
        setattr(price, key, value)
    if command.was_sent("lookup_key"):
        _assign_lookup_key(db, price, command.lookup_key, transfer=command.transfer_lookup_key)
    if command.was_sent("metadata"):
        price.metadata_ = merge_metadata(price.metadata_, command.metadata)
    return price


def _resolve_product_id(db: Session, command: CreatePrice, now: int) -> str:
    if command.product is not None and command.product_data is None:
        return find_row(db, Product, command.product, noun="product", param="product").id
    if command.product is not None or command.product_data is None:
        raise InvalidRequest("Send product or product_data, one of the two.", param="product", code="parameter_missing")
    return create_product(db, CreateProduct(**command.product_data.model_dump(exclude_unset=True)), now=now).id


def _assign_lookup_key(db: Session, price: Price, key: str | None, *, transfer: bool) -> None:
    if key is not None:
        holder = db.scalar(select(Price).where(Price.lookup_key == key, Price.id != price.id))
        if holder and not transfer:
            raise InvalidRequest(
                f"A price ('{holder.id}') already uses that lookup key.",
                param="lookup_key",
                code="resource_already_exists",
            )
        if holder:
            holder.lookup_key = None
            db.flush()
    price.lookup_key = key
