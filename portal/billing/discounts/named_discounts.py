"""Discounts as documents and pages name them: `Summer sale (10% off)`, on a line or below the subtotal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.ledger.totals import cut
from portal.db import among
from portal.models import Coupon, Discount
from portal.rules.discounts import by_discount
from portal.rules.money import plain


@dataclass(frozen=True)
class Named:
    """A discount with what it took off; `percentage` is decimal text, `amount_off` that of its coupon."""

    name: str | None
    percentage: str | None
    amount_off: int | None
    amount: int


@dataclass(frozen=True)
class NamedDiscounts:
    """Those of single lines by the line's id, which the subtotal holds, and those of the whole below it."""

    of_lines: dict[str, list[Named]] = field(default_factory=dict)
    of_whole: list[Named] = field(default_factory=list)


def name(discount: Discount | None, currency: str, amount: int = 0) -> Named:
    """A discount that took `amount` off something in this currency."""
    if discount is None:
        return Named(None, None, None, amount)
    off = cut(discount, currency)
    percentage = None if off.percent is None else plain(off.percent)
    return Named(discount.coupon["name"], percentage, off.amount or None, amount)


def of_coupon(coupon: Coupon, currency: str) -> Named:
    """A coupon that nobody has redeemed yet, in this currency."""
    own: dict[str | None, Any] = {coupon.currency: {"amount_off": coupon.amount_off}}
    options = own | (coupon.currency_options or {})
    amount = (options.get(currency) or {}).get("amount_off")
    return Named(coupon.name, plain(Decimal(coupon.percent_off)) if coupon.percent_off else None, amount, 0)


def of_document(db: Session, lines: Sequence[Any], currency: str) -> NamedDiscounts:
    """The discounts of an invoice's or a credit note's lines; no query where there are none."""
    entries = [entry for line in lines for entry in line.discount_amounts]
    rows = among(db, Discount, sorted({entry["discount"] for entry in entries}))

    def named(entry: dict[str, Any]) -> Named:
        return name(rows.get(entry["discount"]), currency, entry["amount"])

    own = {line.id: [entry for entry in line.discount_amounts if is_own(line, entry)] for line in lines}
    whole = by_discount([entry for line in lines for entry in line.discount_amounts if entry not in own[line.id]])
    return NamedDiscounts(
        {id: [named(entry) for entry in found] for id, found in own.items() if found},
        [named(entry) for entry in whole],
    )


def is_own(line: Any, entry: dict[str, Any]) -> bool:
    """Whether a discount is one of the line itself: an invoice line lists those, a credit note line marks them."""
    return entry["discount"] in line.discounts if hasattr(line, "discounts") else bool(entry.get("own"))
