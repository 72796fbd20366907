"""Coupons: what they take off never changes, and they can be deleted once they have served."""

from __future__ import annotations

import secrets
import string
from typing import Annotated, Literal

from pydantic import AfterValidator
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db import among
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import Coupon, Product
from portal.rules.money import plain
from portal.wire.commands import (
    MAX_AMOUNT,
    Clearable,
    Command,
    Currency,
    Exact,
    Expanding,
    Id,
    Listing,
    ListOf,
    Metadata,
    Timestamp,
    TimestampFilter,
    merged,
    text,
    whole,
    wrong,
)

_LETTERS = string.ascii_letters + string.digits


def _plain_id(value: str) -> str:
    if not all(character in _LETTERS + "-_" for character in value):
        raise wrong("", "An id of a coupon has letters, digits, - and _ only.")
    return value


Off = Annotated[int, whole(1, MAX_AMOUNT)]
Redemptions = Annotated[int, whole(1, 1_000_000_000)]


class AppliesTo(Command):
    products: ListOf[Id] = []


class CurrencyOption(Command):
    amount_off: Off


class UpdateCoupon(Expanding):
    currency_options: dict[Currency, CurrencyOption] = {}
    metadata: Metadata = {}
    name: Clearable[Annotated[str, text(40)]] = None


class CreateCoupon(UpdateCoupon):
    amount_off: Off | None = None
    applies_to: AppliesTo | None = None
    currency: Currency | None = None
    duration: Literal["forever", "once", "repeating"] = "once"
    duration_in_months: Annotated[int, whole(1, 1200)] | None = None
    id: Annotated[Id, AfterValidator(_plain_id)] | None = None
    max_redemptions: Redemptions | None = None
    percent_off: Exact | None = None
    redeem_by: Timestamp | None = None


class ListCoupons(Listing):
    created: TimestampFilter = None


def create_coupon(db: Session, command: CreateCoupon, *, now: int) -> Coupon:
    """A coupon of a percentage or an amount. Raises `InvalidRequest` for one that says both or neither."""
    _refuse_unclear(command, now)
    coupon = Coupon(
        id=command.id or "".join(secrets.choice(_LETTERS) for _ in range(8)),
        created=now,
        percent_off=plain(command.percent_off) if command.percent_off is not None else None,
        amount_off=command.amount_off,
        currency=command.currency if command.amount_off is not None else None,
        currency_options={},
        duration=command.duration,
        duration_in_months=command.duration_in_months,
        max_redemptions=command.max_redemptions,
        redeem_by=command.redeem_by,
        times_redeemed=0,
        applies_to=_products(db, command.applies_to) if command.applies_to else None,
        metadata_={},
    )
    if command.id and db.scalar(select(Coupon.id).where(Coupon.id == command.id)):
        raise InvalidRequest("Coupon already exists.", param="id", code="resource_already_exists")
    db.add(coupon)
    return update_coupon(db, coupon, command, now=now)


def update_coupon(db: Session, coupon: Coupon, command: UpdateCoupon, *, now: int) -> Coupon:
    """Name, metadata and amounts in further currencies; discounts that there are already keep theirs."""
    if command.has("name"):
        coupon.name = command.name
    if command.has("metadata"):
        coupon.metadata_ = merged(coupon.metadata_, command.metadata)
    if command.currency_options:
        if coupon.amount_off is None:
            raise InvalidRequest("currency_options go with amount_off only.", param="currency_options")
        sent = {currency: option.model_dump() for currency, option in command.currency_options.items()}
        coupon.currency_options = {**coupon.currency_options, **sent}
    return coupon


def delete_coupon(db: Session, coupon: Coupon, *, now: int) -> None:
    """Nobody can redeem it any more; who has redeemed it keeps the discount."""
    db.delete(coupon)


def _refuse_unclear(command: CreateCoupon, now: int) -> None:
    if (command.percent_off is None) == (command.amount_off is None):
        raise InvalidRequest("You must pass either percent_off or amount_off, and not both.", param="percent_off")
    if command.percent_off is not None and not (
        0 < command.percent_off <= 100 and command.percent_off == round(command.percent_off, 2)
    ):
        raise InvalidRequest("percent_off is above 0 and at most 100, with at most 2 decimals.", param="percent_off")
    if command.amount_off is not None and command.currency is None:
        raise InvalidRequest("You must pass currency when passing amount_off.", param="currency")
    if (command.duration == "repeating") != (command.duration_in_months is not None):
        raise InvalidRequest("duration_in_months goes with duration=repeating only.", param="duration_in_months")
    if command.redeem_by is not None and command.redeem_by <= now:
        raise InvalidRequest("redeem_by must be in the future.", param="redeem_by")


def _products(db: Session, applies_to: AppliesTo) -> list[str] | None:
    found = among(db, Product, applies_to.products)
    for index, id in enumerate(applies_to.products):
        if id not in found:
            raise ResourceMissing("product", id, param=f"applies_to[products][{index}]")
    return applies_to.products or None
