"""Promotion codes: codes for a coupon that customers can type, with limits of their own."""

import secrets
import string
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.discounts.params import CreatePromotionCode, RestrictionChanges, Restrictions, UpdatePromotionCode
from portal.billing.ledger import locks
from portal.db import find_row, scope_of
from portal.errors import InvalidRequest
from portal.models import Coupon, PromotionCode
from portal.objects.discounts import frozen_coupon
from portal.rules import discounts as discount_rules
from portal.wire.commands import (
    MAX_AMOUNT,
    merge_metadata,
)

#: Without those that are read for one another.
_CODE_CHARACTERS = "".join(sorted({*string.ascii_uppercase, *string.digits} - set("01IO")))


def active_key(code: str, customer_id: str | None) -> str:
    """The unique key of an active code: the code in lower case, for this customer or for everybody."""
    return f"{code.lower()}/{customer_id or ''}"


def create_promotion_code(db: Session, command: CreatePromotionCode, *, now: int) -> PromotionCode:
    """Create a code for a coupon. Raises `InvalidRequest` where an active code has the same text."""
    coupon = _find_coupon(db, command)
    if command.customer is not None:
        locks.billable_customer(db, command.customer)
    _refuse_limits(command, coupon, now)
    code = PromotionCode(
        id=ids.new("promotion_code"),
        created=now,
        code=command.code or "".join(secrets.choice(_CODE_CHARACTERS) for _ in range(8)),
        coupon_id=coupon.id,
        coupon=frozen_coupon(coupon, scope_of(db).livemode),
        customer_id=command.customer,
        active=False,
        expires_at=command.expires_at,
        max_redemptions=command.max_redemptions,
        times_redeemed=0,
        restrictions=_build_restrictions(command.restrictions),
        metadata_=merge_metadata({}, command.metadata),
    )
    db.add(code)
    if command.active:
        _activate_code(db, code, now)
    return code


def update_promotion_code(db: Session, code: PromotionCode, command: UpdatePromotionCode, *, now: int) -> PromotionCode:
    """Change `active`, metadata or minimum amounts. Raises `InvalidRequest` where it can't be active again."""
    if command.active is True and not code.active:
        _activate_code(db, code, now)
    elif command.active is False:
        code.active, code.active_key = False, None
    if command.was_sent("metadata"):
        code.metadata_ = merge_metadata(code.metadata_, command.metadata)
    if command.restrictions and command.restrictions.currency_options:
        if not code.restrictions.get("minimum_amount"):
            raise InvalidRequest("This code has no minimum amount.", param="restrictions[currency_options]")
        options = {**(code.restrictions.get("currency_options") or {}), **_currency_options(command.restrictions)}
        code.restrictions = {**code.restrictions, "currency_options": options}
    return code


def _find_coupon(db: Session, command: CreatePromotionCode) -> Coupon:
    """The coupon, named by either version's parameter."""
    if (command.coupon is None) == (command.promotion is None):
        raise InvalidRequest("Send promotion or coupon, one of the two.", param="promotion", code="parameter_missing")
    if command.promotion:
        return find_row(db, Coupon, command.promotion.coupon, noun="coupon", param="promotion[coupon]")
    return find_row(db, Coupon, command.coupon or "", noun="coupon", param="coupon")


def _refuse_limits(command: CreatePromotionCode, coupon: Coupon, now: int) -> None:
    if not discount_rules.is_valid_coupon(coupon, now):
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


def _build_restrictions(sent: Restrictions | None) -> dict[str, Any]:
    if sent is None:
        return {}
    return {
        "currency_options": _currency_options(sent) or None,
        "first_time_transaction": sent.first_time_transaction,
        "minimum_amount": sent.minimum_amount,
        "minimum_amount_currency": sent.minimum_amount_currency,
    }


def _currency_options(sent: RestrictionChanges) -> dict[str, Any]:
    return {currency: option.model_dump() for currency, option in sent.currency_options.items()}


def _activate_code(db: Session, code: PromotionCode, now: int) -> None:
    """Activate a code; an active code of the same text is deactivated where it can't be used any more."""
    key = active_key(code.code, code.customer_id)
    holder = db.scalar(select(PromotionCode).where(PromotionCode.active_key == key, PromotionCode.id != code.id))
    if holder:
        coupon = db.scalar(select(Coupon).where(Coupon.id == holder.coupon_id))
        if discount_rules.is_usable_code(holder, now) and coupon and discount_rules.is_valid_coupon(coupon, now):
            raise InvalidRequest(
                f"An active promotion code with `code: {holder.code}` already exists.",
                param="code",
                code="resource_already_exists",
            )
        holder.active, holder.active_key = False, None
        db.flush()
    code.active, code.active_key = True, key


def find_promotion_code(db: Session, customer_id: str, code: str) -> PromotionCode | None:
    """The active promotion code with this text, in any case; the customer's own goes before one for everybody."""
    if not code.isalnum():
        return None  # no code is like that, and PostgreSQL could not even look for some of the characters
    keys = [active_key(code, customer_id), active_key(code, None)]
    found = {row.active_key: row for row in db.scalars(select(PromotionCode).where(PromotionCode.active_key.in_(keys)))}
    return next((found[key] for key in keys if key in found), None)
