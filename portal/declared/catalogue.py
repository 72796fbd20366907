"""Products by their id, prices by their lookup key, and coupons by their id."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.catalogue import prices, products
from portal.billing.catalogue.prices import CreatePrice, UpdatePrice
from portal.billing.catalogue.pricing import unit_amounts
from portal.billing.catalogue.products import CreateProduct, UpdateProduct
from portal.billing.discounts import coupons
from portal.billing.discounts.coupons import CreateCoupon, UpdateCoupon
from portal.errors import InvalidRequest
from portal.models import Coupon, Price, Product
from portal.rules.money import decimal_text
from portal.wire.commands import parse_command

Values = Mapping[str, Any]

_PRICE_TEXTS = frozenset({"active", "metadata", "nickname"})
_COUPON_TEXTS = frozenset({"currency_options", "metadata", "name"})


def find_product(db: Session, id: str) -> Product | None:
    """The product of an id."""
    return db.scalars(select(Product).where(Product.id == id)).first()


def put_product(db: Session, row: Product | None, id: str, values: Values, now: int) -> Product:
    """Create or change a product; its default price is named by lookup key."""
    sent = resolve_prices(db, values)
    if row is not None:
        return products.update_product(db, row, parse_command(UpdateProduct, sent), now=now)
    return products.create_product(db, parse_command(CreateProduct, {"id": id, "name": id, **sent}), now=now)


def find_price(db: Session, lookup_key: str) -> Price | None:
    """The price that has a lookup key now."""
    return db.scalars(select(Price).where(Price.lookup_key == lookup_key)).first()


def put_price(db: Session, row: Price | None, lookup_key: str, values: Values, now: int) -> Price:
    """Create or change a price. Another amount or interval is a new price, to which the key goes; the old one ends."""
    wanted = parse_command(CreatePrice, {"lookup_key": lookup_key, "transfer_lookup_key": "true", **values})
    if row is not None and _terms(wanted) == _terms_of(row):
        texts = {name: value for name, value in values.items() if name in _PRICE_TEXTS}
        return prices.update_price(db, row, parse_command(UpdatePrice, texts), now=now)
    made = prices.create_price(db, wanted, now=now)
    if row is not None:
        row.active = False
    return made


def find_coupon(db: Session, id: str) -> Coupon | None:
    """The coupon of an id."""
    return db.scalars(select(Coupon).where(Coupon.id == id)).first()


def put_coupon(db: Session, row: Coupon | None, id: str, values: Values, now: int) -> Coupon:
    """Create a coupon, or change its texts. Raises `InvalidRequest` for other terms, which never change."""
    wanted = parse_command(CreateCoupon, {"id": id, **values})
    if row is None:
        return coupons.create_coupon(db, wanted, now=now)
    for name in sorted(values.keys() - _COUPON_TEXTS):
        if _coupon_term(wanted, name) != getattr(row, name):
            raise InvalidRequest(
                "The terms of a coupon never change. Give the new terms an id of their own.", param=name
            )
    texts = {name: value for name, value in values.items() if name in _COUPON_TEXTS}
    return coupons.update_coupon(db, row, parse_command(UpdateCoupon, texts), now=now)


def resolve_prices(db: Session, values: Values) -> dict[str, Any]:
    """The same values with ids of prices in the place of their lookup keys (`prices`, `default_price`)."""
    return {name: _resolve(db, name, value) for name, value in values.items()}


def _resolve(db: Session, name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return resolve_prices(db, value)
    if name == "prices":
        return [_price_id(db, each) for each in value]
    if isinstance(value, list):
        return [_resolve(db, "", each) for each in value]
    return _price_id(db, value) if name == "default_price" else value


def _price_id(db: Session, key: str) -> str:
    found = find_price(db, key)
    return found.id if found else key


def _terms(wanted: CreatePrice) -> tuple[Any, ...]:
    recurring = wanted.recurring
    return (
        wanted.product,
        wanted.currency,
        unit_amounts(wanted.unit_amount, wanted.unit_amount_decimal),
        (recurring.interval, recurring.interval_count, recurring.trial_period_days) if recurring else (None,) * 3,
        wanted.tax_behavior or "unspecified",
    )


def _terms_of(row: Price) -> tuple[Any, ...]:
    return (
        row.product_id,
        row.currency,
        (row.unit_amount, row.unit_amount_decimal),
        (row.interval, row.interval_count, row.trial_period_days),
        row.tax_behavior,
    )


def _coupon_term(wanted: CreateCoupon, name: str) -> Any:
    if name == "applies_to":
        return sorted(wanted.applies_to.products) if wanted.applies_to else None
    value = getattr(wanted, name)
    return decimal_text(value) if name == "percent_off" and value is not None else value
