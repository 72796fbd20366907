"""The wire form of spending by month and of coming payments, which are computed on request. Beyond the reference."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal

SPENDING_TYPE, COMING_TYPE = "customer_spending", "coming_payment"


def render_spending(
    customer: str, currency: str, months: Sequence[tuple[date, int]], *, livemode: bool
) -> dict[str, Any]:
    """The sums of one currency in minor units, by the first day of each month."""
    return {
        "object": SPENDING_TYPE,
        "currency": currency,
        "customer": customer,
        "livemode": livemode,
        "months": [{"amount": amount, "month": f"{first:%Y-%m}"} for first, amount in months],
        "total": sum(amount for _first, amount in months),
    }


def render_coming(
    customer: str,
    kind: Literal["debit", "due", "renewal"],
    source: str,
    day: date,
    amount: int,
    currency: str,
    *,
    livemode: bool,
) -> dict[str, Any]:
    """What is to be paid on a day for an invoice, or for the next bill of a subscription."""
    return {
        "object": COMING_TYPE,
        "amount": amount,
        "currency": currency,
        "customer": customer,
        "date": day.isoformat(),
        "invoice": None if kind == "renewal" else source,
        "livemode": livemode,
        "subscription": source if kind == "renewal" else None,
        "type": kind,
    }
