"""Coupons: their terms never change, and deleting one keeps the discounts that it gave."""

import secrets
import string
from typing import Annotated, Literal

from pydantic import AfterValidator
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db import rows_by_id
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import Coupon, Product
from portal.rules.money import decimal_text
from portal.wire.commands import (
    MAX_AMOUNT,
    Clearable,
    Command,
    Currency,
    ExactDecimal,
    ExpandableCommand,
    Id,
    ListCommand,
    ListOf,
    Metadata,
    Timestamp,
    TimestampFilter,
    integer_between,
    merge_metadata,
    parameter_error,
    text_up_to,
)

_ID_CHARACTERS = string.ascii_letters + string.digits


def _parse_coupon_id(value: str) -> str:
    if not all(character in _ID_CHARACTERS + "-_" for character in value):
        raise parameter_error("", "An id of a coupon has letters, digits, - and _ only.")
    return value


AmountOff = Annotated[int, integer_between(1, MAX_AMOUNT)]
RedemptionLimit = Annotated[int, integer_between(1, 1_000_000_000)]


class AppliesTo(Command):
    """The products that a coupon is restricted to."""

    products: ListOf[Id] = []


class CouponCurrencyOption(Command):
    amount_off: AmountOff


class UpdateCoupon(ExpandableCommand):
    currency_options: dict[Currency, CouponCurrencyOption] = {}
    metadata: Metadata = {}
    name: Clearable[Annotated[str, text_up_to(40)]] = None


class CreateCoupon(UpdateCoupon):
    """A coupon by percent or by amount, for one invoice, some months or for ever."""

    amount_off: AmountOff | None = None
    applies_to: AppliesTo | None = None
    currency: Currency | None = None
    duration: Literal["forever", "once", "repeating"] = "once"
    duration_in_months: Annotated[int, integer_between(1, 1200)] | None = None
    id: Annotated[Id, AfterValidator(_parse_coupon_id)] | None = None
    max_redemptions: RedemptionLimit | None = None
    percent_off: ExactDecimal | None = None
    redeem_by: Timestamp | None = None


class ListCoupons(ListCommand):
    created: TimestampFilter = None


def create_coupon(db: Session, command: CreateCoupon, *, now: int) -> Coupon:
    """Create a coupon of a percentage or an amount. Raises `InvalidRequest` for both or neither."""
    _refuse_unclear_terms(command, now)
    coupon = Coupon(
        id=command.id or "".join(secrets.choice(_ID_CHARACTERS) for _ in range(8)),
        created=now,
        percent_off=decimal_text(command.percent_off) if command.percent_off is not None else None,
        amount_off=command.amount_off,
        currency=command.currency if command.amount_off is not None else None,
        currency_options={},
        duration=command.duration,
        duration_in_months=command.duration_in_months,
        max_redemptions=command.max_redemptions,
        redeem_by=command.redeem_by,
        times_redeemed=0,
        applies_to=_existing_product_ids(db, command.applies_to) if command.applies_to else None,
        metadata_={},
    )
    if command.id and db.scalar(select(Coupon.id).where(Coupon.id == command.id)):
        raise InvalidRequest("Coupon already exists.", param="id", code="resource_already_exists")
    db.add(coupon)
    return update_coupon(db, coupon, command, now=now)


def update_coupon(db: Session, coupon: Coupon, command: UpdateCoupon, *, now: int) -> Coupon:
    """Change name, metadata and amounts in further currencies; existing discounts keep their terms."""
    if command.was_sent("name"):
        coupon.name = command.name
    if command.was_sent("metadata"):
        coupon.metadata_ = merge_metadata(coupon.metadata_, command.metadata)
    if command.currency_options:
        if coupon.amount_off is None:
            raise InvalidRequest("currency_options go with amount_off only.", param="currency_options")
        sent = {currency: option.model_dump() for currency, option in command.currency_options.items()}
        coupon.currency_options = {**coupon.currency_options, **sent}
    return coupon


def delete_coupon(db: Session, coupon: Coupon, *, now: int) -> None:
    """Delete a coupon: nobody can redeem it any more, and existing discounts stay."""
    db.delete(coupon)


def _refuse_unclear_terms(command: CreateCoupon, now: int) -> None:
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


def _existing_product_ids(db: Session, applies_to: AppliesTo) -> list[str] | None:
    found = rows_by_id(db, Product, applies_to.products)
    for index, id in enumerate(applies_to.products):
        if id not in found:
            raise ResourceMissing("product", id, param=f"applies_to[products][{index}]")
    return applies_to.products or None
