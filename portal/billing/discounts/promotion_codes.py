"""Promotion codes: words for a coupon that customers can type, within limits of their own."""

from __future__ import annotations

import secrets
import string
from typing import Annotated, Any, Literal

from pydantic import AfterValidator
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.discounts.coupons import Redemptions
from portal.billing.ledger import locks
from portal.db import find, scope_of
from portal.errors import InvalidRequest
from portal.models import Coupon, PromotionCode
from portal.objects.discounts import frozen_coupon
from portal.rules import discounts as rules
from portal.wire.commands import (
    MAX_AMOUNT,
    Command,
    Currency,
    Expanding,
    Flag,
    Id,
    Listing,
    Metadata,
    Timestamp,
    TimestampFilter,
    merged,
    text,
    whole,
    wrong,
)

#: Without those that are read for one another.
_LETTERS = "".join(sorted({*string.ascii_uppercase, *string.digits} - set("01IO")))


def _typable(value: str) -> str:
    if not (value.isascii() and value.isalnum()):
        raise wrong("", "A code has letters and digits only.")
    return value


Code = Annotated[str, text(500), AfterValidator(_typable)]
Minimum = Annotated[int, whole(1, MAX_AMOUNT)]


class Promotion(Command):
    type: Literal["coupon"]
    coupon: Id


class CurrencyOption(Command):
    minimum_amount: Minimum


class ChangedRestrictions(Command):
    currency_options: dict[Currency, CurrencyOption] = {}


class Restrictions(ChangedRestrictions):
    first_time_transaction: Flag = False
    minimum_amount: Minimum | None = None
    minimum_amount_currency: Currency | None = None


class UpdatePromotionCode(Expanding):
    active: Flag | None = None
    metadata: Metadata = {}
    restrictions: ChangedRestrictions | None = None


class CreatePromotionCode(Expanding):
    active: Flag = True
    code: Code | None = None
    coupon: Id | None = None
    customer: Id | None = None
    expires_at: Timestamp | None = None
    max_redemptions: Redemptions | None = None
    metadata: Metadata = {}
    promotion: Promotion | None = None
    restrictions: Restrictions | None = None


class ListPromotionCodes(Listing):
    active: Flag | None = None
    code: Code | None = None
    coupon: Id | None = None
    created: TimestampFilter = None
    customer: Id | None = None


def active_key(code: str, customer_id: str | None) -> str:
    """What is unique among active codes: the code whatever its case, for this customer or for everybody."""
    return f"{code.lower()}/{customer_id or ''}"


def create_promotion_code(db: Session, command: CreatePromotionCode, *, now: int) -> PromotionCode:
    """A code for a coupon. Raises `InvalidRequest` where an active one already reads the same."""
    coupon = _coupon(db, command)
    if command.customer is not None:
        locks.buyer(db, command.customer)
    _refuse_limits(command, coupon, now)
    code = PromotionCode(
        id=ids.new("promotion_code"),
        created=now,
        code=command.code or "".join(secrets.choice(_LETTERS) for _ in range(8)),
        coupon_id=coupon.id,
        coupon=frozen_coupon(coupon, scope_of(db).livemode),
        customer_id=command.customer,
        active=False,
        expires_at=command.expires_at,
        max_redemptions=command.max_redemptions,
        times_redeemed=0,
        restrictions=_restrictions(command.restrictions),
        metadata_=merged({}, command.metadata),
    )
    db.add(code)
    if command.active:
        _activate(db, code, now)
    return code


def update_promotion_code(db: Session, code: PromotionCode, command: UpdatePromotionCode, *, now: int) -> PromotionCode:
    """Switch it on or off, change metadata or minimums. Raises `InvalidRequest` where it can't be on again."""
    if command.active is True and not code.active:
        _activate(db, code, now)
    elif command.active is False:
        code.active, code.active_key = False, None
    if command.has("metadata"):
        code.metadata_ = merged(code.metadata_, command.metadata)
    if command.restrictions and command.restrictions.currency_options:
        if not code.restrictions.get("minimum_amount"):
            raise InvalidRequest("This code has no minimum amount.", param="restrictions[currency_options]")
        options = {**(code.restrictions.get("currency_options") or {}), **_options(command.restrictions)}
        code.restrictions = {**code.restrictions, "currency_options": options}
    return code


def _coupon(db: Session, command: CreatePromotionCode) -> Coupon:
    """The coupon in either generation's parameter."""
    if (command.coupon is None) == (command.promotion is None):
        raise InvalidRequest("Send promotion or coupon, one of the two.", param="promotion", code="parameter_missing")
    if command.promotion:
        return find(db, Coupon, command.promotion.coupon, noun="coupon", param="promotion[coupon]")
    return find(db, Coupon, command.coupon or "", noun="coupon", param="coupon")


def _refuse_limits(command: CreatePromotionCode, coupon: Coupon, now: int) -> None:
    if not rules.is_valid(coupon, now):
        raise InvalidRequest(f"Coupon expired: {coupon.id}", param="coupon", code="coupon_expired")
    if command.expires_at is not None and command.expires_at <= now:
        raise InvalidRequest("expires_at must be in the future.", param="expires_at")
    if command.expires_at is not None and coupon.redeem_by is not None and command.expires_at > coupon.redeem_by:
        raise InvalidRequest("expires_at can't be after the coupon's redeem_by.", param="expires_at")
    if (command.max_redemptions or 0) > (coupon.max_redemptions or MAX_AMOUNT):
        raise InvalidRequest("max_redemptions can't be above the coupon's.", param="max_redemptions")
    limits = command.restrictions
    if limits and (limits.minimum_amount is None) != (limits.minimum_amount_currency is None):
        raise InvalidRequest(
            "minimum_amount and minimum_amount_currency go together.", param="restrictions[minimum_amount_currency]"
        )


def _restrictions(sent: Restrictions | None) -> dict[str, Any]:
    if sent is None:
        return {}
    return {
        "currency_options": _options(sent) or None,
        "first_time_transaction": sent.first_time_transaction,
        "minimum_amount": sent.minimum_amount,
        "minimum_amount_currency": sent.minimum_amount_currency,
    }


def _options(sent: ChangedRestrictions) -> dict[str, Any]:
    return {currency: option.model_dump() for currency, option in sent.currency_options.items()}


def _activate(db: Session, code: PromotionCode, now: int) -> None:
    """Take the words, from a code that can't be used any more where one still holds them."""
    key = active_key(code.code, code.customer_id)
    holder = db.scalar(select(PromotionCode).where(PromotionCode.active_key == key, PromotionCode.id != code.id))
    if holder:
        coupon = db.scalar(select(Coupon).where(Coupon.id == holder.coupon_id))
        if rules.is_usable(holder, now) and coupon and rules.is_valid(coupon, now):
            raise InvalidRequest(
                f"An active promotion code with `code: {holder.code}` already exists.",
                param="code",
                code="resource_already_exists",
            )
        holder.active, holder.active_key = False, None
        db.flush()
    code.active, code.active_key = True, key
