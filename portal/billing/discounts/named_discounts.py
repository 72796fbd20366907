"""Names and amounts of discounts for documents and pages, such as `Summer sale (10% off)`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.ledger.totals import discount_cut
from portal.db import rows_by_id
from portal.models import Coupon, Discount
from portal.rules.discounts import sum_by_discount
from portal.rules.money import decimal_text


@dataclass(frozen=True)
class DiscountSummary:
    """A discount and the amount it took off; `percentage` is decimal text, `amount_off` is of its coupon."""

    name: str | None
    percentage: str | None
    amount_off: int | None
    amount: int


@dataclass(frozen=True)
class DocumentDiscounts:
    """Discounts of single lines by line id, contained in the subtotal, and those of the whole below it."""

    of_lines: dict[str, list[DiscountSummary]] = field(default_factory=dict)
    of_whole: list[DiscountSummary] = field(default_factory=list)


def summarize_discount(discount: Discount | None, currency: str, amount: int = 0) -> DiscountSummary:
    """A discount that took `amount` off something in this currency."""
    if discount is None:
        return DiscountSummary(None, None, None, amount)
    off = discount_cut(discount, currency)
    percentage = None if off.percent is None else decimal_text(off.percent)
    return DiscountSummary(discount.coupon["name"], percentage, off.amount or None, amount)


def summarize_coupon(coupon: Coupon, currency: str) -> DiscountSummary:
    """A coupon that nobody has redeemed yet, in this currency."""
    own: dict[str | None, Any] = {coupon.currency: {"amount_off": coupon.amount_off}}
    options = own | (coupon.currency_options or {})
    amount = (options.get(currency) or {}).get("amount_off")
    return DiscountSummary(
        coupon.name, decimal_text(Decimal(coupon.percent_off)) if coupon.percent_off else None, amount, 0
    )


def document_discounts(db: Session, lines: Sequence[Any], currency: str) -> DocumentDiscounts:
    """The discounts of an invoice's or a credit note's lines; no query where there are none."""
    entries = [entry for line in lines for entry in line.discount_amounts]
    rows = rows_by_id(db, Discount, sorted({entry["discount"] for entry in entries}))

    def summarize_entry(entry: dict[str, Any]) -> DiscountSummary:
        return summarize_discount(rows.get(entry["discount"]), currency, entry["amount"])

    own = {line.id: [entry for entry in line.discount_amounts if is_line_discount(line, entry)] for line in lines}
    whole = sum_by_discount([entry for line in lines for entry in line.discount_amounts if entry not in own[line.id]])
    return DocumentDiscounts(
        {id: [summarize_entry(entry) for entry in found] for id, found in own.items() if found},
        [summarize_entry(entry) for entry in whole],
    )


def is_line_discount(line: Any, entry: dict[str, Any]) -> bool:
    """Whether a discount is the line's own: invoice lines list those, credit note lines mark them."""
    return entry["discount"] in line.discounts if hasattr(line, "discounts") else bool(entry.get("own"))
