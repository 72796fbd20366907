"""What the lines of a quote cost, at once and in each period."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.invoices import drafts
from portal.billing.ledger.totals import find_rounding, parse_rates
from portal.billing.quotes import discounts as quote_discounts
from portal.models import Customer, Quote, QuoteLine
from portal.rules.discounts import Discountable, discount_amounts, sum_by_discount, sum_discounts
from portal.rules.money import multiply_price
from portal.rules.tax_rounding import TaxRounding, document_taxes
from portal.rules.totals import LineTotals, document_totals, line_totals, shipping_cost


def list_for_quote(db: Session, quote_id: str) -> list[QuoteLine]:
    """The lines of a quote in their order."""
    statement = select(QuoteLine).where(QuoteLine.quote_id == quote_id).order_by(QuoteLine.position)
    return list(db.scalars(statement))


class OfferedLine(Protocol):
    """A line of an offer: a frozen price, its quantity, its own discounts and tax rates."""

    price: dict[str, Any]
    quantity: int
    discounts: list[Any]
    tax_rates: list[Any]


class Offer(Protocol):
    """What lowers each line of an offer: discounts, in its currency."""

    currency: Any
    discounts: Any


@dataclass(frozen=True)
class PricedLine:
    """A line's amount before discounts and tax, its discounts, its taxes, and its part of the totals."""

    amount: int
    entries: list[dict[str, Any]]
    taxes: list[dict[str, Any]]
    part: LineTotals

    @property
    def discount(self) -> int:
        return sum_discounts(self.entries)

    @property
    def values(self) -> dict[str, Any]:
        """What a line is said to cost, by the names of its columns."""
        whole = document_totals([self.part])
        return {
            "amount_subtotal": self.amount,
            "amount_tax": whole.tax,
            "amount_total": whole.total,
            "taxes": self.taxes,
            "discount_amounts": self.entries,
        }


def compute_totals(db: Session, quote: Quote, customer: Customer | None) -> list[QuoteLine]:
    """Set discounts, taxes and totals: what is due at once, and in each period."""
    lines = list_for_quote(db, quote.id)
    exempt = customer.tax_exempt if customer else "none"
    on_trial = bool(quote.subscription_data.get("trial_period_days"))
    for line in lines:
        line.upfront = not (on_trial and line.price["price"]["recurring"])
    quote.currency = lines[0].currency if lines else None
    upfront = [line for line in lines if line.upfront]
    repeated = [line for line in lines if line.price["price"]["recurring"]]
    defaults = drafts.frozen_rates(db, quote.default_tax_rates)
    rounding = find_rounding(db)
    at_once = price_lines(quote, upfront, defaults, exempt, rounding, lasting=False)
    always = price_lines(quote, repeated, defaults, exempt, rounding, lasting=True)
    for line, priced in (*zip(repeated, always, strict=True), *zip(upfront, at_once, strict=True)):
        for name, value in priced.values.items():
            setattr(line, name, value)
    quote.upfront = sum_lines(at_once)
    interval = repeated[0].price["price"]["recurring"] if repeated else {}
    period = {key: interval[key] for key in ("interval", "interval_count")} if interval else {}
    quote.recurring = {**sum_lines(always), **period} if repeated else None
    return lines


def price_lines(
    offer: Offer,
    lines: Sequence[OfferedLine],
    defaults: list[dict[str, Any]],
    exempt: str,
    rounding: TaxRounding,
    *,
    lasting: bool,
) -> list[PricedLine]:
    """What lines cost by the rules of invoices; with `lasting` less those discounts alone that stay."""
    return price_with_shipping(offer, lines, defaults, exempt, rounding, lasting=lasting)[0]


def price_with_shipping(
    offer: Offer,
    lines: Sequence[OfferedLine],
    defaults: list[dict[str, Any]],
    exempt: str,
    rounding: TaxRounding,
    *,
    lasting: bool,
    shipping: Mapping[str, Any] | None = None,
) -> tuple[list[PricedLine], dict[str, Any] | None]:
    """The same, and what shipping costs: `amount` with its `tax_rates`, which no discount lowers."""
    currency = offer.currency or ""
    wanted = [
        Discountable(
            multiply_price(line.price["price"]["unit_amount_decimal"], line.quantity),
            product=line.price["price"]["product"],
            own=quote_discounts.discount_cuts(line.discounts, currency, lasting=lasting),
        )
        for line in lines
    ]
    off = discount_amounts(wanted, quote_discounts.discount_cuts(offer.discounts, currency, lasting=lasting))
    rates = [parse_rates(line.tax_rates or defaults) for line in lines]
    parts = [(each.amount - sum_discounts(entries), own) for each, entries, own in zip(wanted, off, rates, strict=True)]
    if shipping:
        parts.append((shipping["amount"], parse_rates(shipping["tax_rates"])))
    taxes = document_taxes(parts, tax_exempt=exempt, rounding=rounding)
    cost = {**shipping, **shipping_cost(shipping["amount"], taxes.pop())} if shipping else None
    priced = [
        PricedLine(each.amount, entries, own, line_totals(each.amount, own, at, sum_discounts(entries)))
        for each, entries, own, at in zip(wanted, off, taxes, rates, strict=True)
    ]
    return priced, cost


def sum_lines(lines: Sequence[PricedLine], shipping: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The totals of lines, and of what shipping costs."""
    sums = document_totals((line.part for line in lines), shipping)
    return {
        "amount_discount": sum(line.discount for line in lines),
        "discounts": sum_by_discount([entry for line in lines for entry in line.entries]),
        "amount_subtotal": sums.subtotal,
        "amount_total": sums.total,
        "amount_tax": sums.tax,
        "taxes": sums.taxes,
    }


ZERO_AMOUNTS: dict[str, Any] = {
    "discount_amounts": [],
    "amount_subtotal": 0,
    "amount_tax": 0,
    "amount_total": 0,
    "taxes": [],
}
