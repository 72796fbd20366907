"""Line items of a quote: parsed from parameters, with their totals at once and in each period."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.catalogue import prices, pricing, products
from portal.billing.catalogue import tax_rates as catalogue_tax_rates
from portal.billing.discounts.discounts import DiscountSources
from portal.billing.invoices import drafts
from portal.billing.ledger.totals import parse_rates
from portal.billing.quotes import discounts as quote_discounts
from portal.db import find_row, rows_by_id, scope_of
from portal.errors import InvalidRequest, MissingParameter, ResourceMissing
from portal.models import Customer, Price, Quote, QuoteLine
from portal.objects.catalogue import frozen_price
from portal.rules.discounts import Discountable, discount_amounts, sum_by_discount, sum_discounts
from portal.rules.money import multiply_price
from portal.rules.totals import LineTotals, document_totals, line_taxes, line_totals
from portal.wire.commands import Command, Id, ListOf, Quantity

MOST_LINES = 20


class LinePrice(pricing.PriceData):
    product: Id


class SentLine(Command):
    id: Id | None = None
    price: Id | None = None
    price_data: LinePrice | None = None
    discounts: DiscountSources = []
    quantity: Quantity | None = None
    tax_rates: ListOf[Id] = []


def list_for_quote(db: Session, quote_id: str) -> list[QuoteLine]:
    """The lines of a quote in their order."""
    statement = select(QuoteLine).where(QuoteLine.quote_id == quote_id).order_by(QuoteLine.position)
    return list(db.scalars(statement))


def replace(db: Session, quote: Quote, sent: Sequence[SentLine], *, now: int) -> None:
    """Replace the lines of a quote; one that is sent with its `id` keeps what is not sent.

    Raises `InvalidRequest` for prices that don't go together, `ResourceMissing` for unknown ones.
    """
    if len(sent) > MOST_LINES:
        raise InvalidRequest(f"A quote has at most {MOST_LINES} line items.", param="line_items")
    before = {line.id: line for line in list_for_quote(db, quote.id)}
    found = [_parse_line(db, quote, each, before, f"line_items[{at}]", now) for at, each in enumerate(sent)]
    _refuse_mixed(found)
    for line in before.values():
        db.delete(line)
    # lines that stay are written anew under their ids and positions
    db.flush()
    for position, line in enumerate(found):
        line.position = position
        db.add(line)
    db.flush()


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
    at_once = _price_lines(quote, upfront, defaults, exempt, lasting=False)
    always = _price_lines(quote, repeated, defaults, exempt, lasting=True)
    for line, priced in (*zip(repeated, always, strict=True), *zip(upfront, at_once, strict=True)):
        whole = document_totals([priced.part])
        line.amount_subtotal, line.amount_tax, line.amount_total = priced.amount, whole.tax, whole.total
        line.taxes, line.discount_amounts = priced.taxes, priced.entries
    quote.upfront = _sum_lines(at_once)
    interval = repeated[0].price["price"]["recurring"] if repeated else {}
    period = {key: interval[key] for key in ("interval", "interval_count")} if interval else {}
    quote.recurring = {**_sum_lines(always), **period} if repeated else None
    return lines


def _price_lines(
    quote: Quote, lines: Sequence[QuoteLine], defaults: list[dict[str, Any]], exempt: str, *, lasting: bool
) -> list[PricedLine]:
    currency = quote.currency or ""
    wanted = [
        Discountable(
            multiply_price(line.price["price"]["unit_amount_decimal"], line.quantity),
            product=line.price["price"]["product"],
            own=quote_discounts.discount_cuts(line.discounts, currency, lasting=lasting),
        )
        for line in lines
    ]
    off = discount_amounts(wanted, quote_discounts.discount_cuts(quote.discounts, currency, lasting=lasting))
    priced = []
    for line, each, entries in zip(lines, wanted, off, strict=True):
        own = parse_rates(line.tax_rates or defaults)
        taxes = line_taxes(each.amount - sum_discounts(entries), own, tax_exempt=exempt)
        priced.append(
            PricedLine(each.amount, entries, taxes, line_totals(each.amount, taxes, own, sum_discounts(entries)))
        )
    return priced


def copy_lines(lines: Sequence[QuoteLine], quote: Quote) -> list[QuoteLine]:
    """The lines of another quote, for this one."""
    same = ("currency", "description", "discounts", "position", "price", "price_id", "quantity", "tax_rates", "upfront")
    return [
        QuoteLine(
            id=ids.new("item"), created=quote.created, quote_id=quote.id, **_ZERO_AMOUNTS, **_column_values(line, same)
        )
        for line in lines
    ]


_ZERO_AMOUNTS: dict[str, Any] = {
    "discount_amounts": [],
    "amount_subtotal": 0,
    "amount_tax": 0,
    "amount_total": 0,
    "taxes": [],
}


def _column_values(line: QuoteLine, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(line, name) for name in names}


def _parse_line(
    db: Session, quote: Quote, sent: SentLine, before: dict[str, QuoteLine], param: str, now: int
) -> QuoteLine:
    held = before.get(sent.id) if sent.id else None
    if sent.id and held is None:
        raise ResourceMissing("line item", sent.id, param=f"{param}[id]")
    price = _resolve_price(db, sent, held, param, now)
    if sent.was_sent("tax_rates") or held is None:
        tax_rates = catalogue_tax_rates.active_tax_rates(db, sent.tax_rates, f"{param}[tax_rates]")
        frozen = drafts.frozen_rates(db, [rate.id for rate in tax_rates])
    else:
        frozen = held.tax_rates
    discounts = held.discounts if held else []
    if sent.was_sent("discounts"):
        discounts = quote_discounts.build_offered_discounts(
            db, quote.customer_id, sent.discounts, f"{param}[discounts]", now=now
        )
    return QuoteLine(
        id=held.id if held else ids.new("item"),
        created=quote.created,
        quote_id=quote.id,
        upfront=True,
        price_id=price.id,
        price=frozen_price(price, scope_of(db).livemode),
        description=products.product_name(db, price.product_id),
        quantity=sent.quantity if sent.quantity is not None else held.quantity if held else 1,
        currency=price.currency,
        discounts=discounts,
        tax_rates=frozen,
        **_ZERO_AMOUNTS,
    )


def _resolve_price(db: Session, sent: SentLine, held: QuoteLine | None, param: str, now: int) -> Price:
    if sent.price is not None and sent.price_data is not None:
        raise InvalidRequest("Send price or price_data, not both.", param=f"{param}[price_data]")
    if sent.price_data is not None:
        return prices.create_price(db, prices.CreatePrice(**sent.price_data.sent_values()), now=now)
    id = sent.price or (held.price_id if held else None)
    if id is None:
        raise MissingParameter(f"{param}[price]")
    price = rows_by_id(db, Price, [id]).get(id) or find_row(db, Price, id, noun="price", param=f"{param}[price]")
    if not price.active:
        raise InvalidRequest(f"The price '{price.id}' is not active.", param=f"{param}[price]")
    return price


def _refuse_mixed(lines: Sequence[QuoteLine]) -> None:
    if len({line.currency for line in lines}) > 1:
        raise InvalidRequest("All prices of a quote must be in the same currency.", param="line_items")
    repeated = [line.price["price"]["recurring"] for line in lines if line.price["price"]["recurring"]]
    if len({(each["interval"], each["interval_count"]) for each in repeated}) > 1:
        raise InvalidRequest("All recurring prices of a quote must have the same interval.", param="line_items")


def _sum_lines(lines: Sequence[PricedLine]) -> dict[str, Any]:
    sums = document_totals(line.part for line in lines)
    return {
        "amount_discount": sum(line.discount for line in lines),
        "discounts": sum_by_discount([entry for line in lines for entry in line.entries]),
        "amount_subtotal": sums.subtotal,
        "amount_total": sums.total,
        "amount_tax": sums.tax,
        "taxes": sums.taxes,
    }
