"""The discounts, taxes and sums of a draft, computed anew after every change of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db import among, find
from portal.errors import InvalidRequest
from portal.models import Customer, Discount, Invoice, InvoiceLine
from portal.rules import discounts as rules
from portal.rules.discounts import Cut, Discountable
from portal.rules.totals import Part, Rate, line_taxes, part, shipping_cost, totals
from portal.wire.commands import MAX_AMOUNT


def lines(db: Session, invoice_id: str) -> list[InvoiceLine]:
    """All lines of an invoice in their order."""
    statement = select(InvoiceLine).where(InvoiceLine.invoice_id == invoice_id).order_by(InvoiceLine.position)
    return list(db.scalars(statement, execution_options={"populate_existing": True}))


def total(db: Session, invoice: Invoice, found: Sequence[InvoiceLine] | None = None) -> None:
    """Discounts, then taxes of every line, then the sums. Raises `InvalidRequest` for an absurd total.

    `found` are all the invoice's lines, where the caller has them.
    """
    if found is None:
        db.flush()
        found = lines(db, invoice.id)
    customer = find(db, Customer, invoice.customer_id, noun="customer")
    _discount(db, invoice, found)
    for line in found:
        rest = line.amount - rules.taken(line.discount_amounts)
        line.taxes = line.given_taxes or line_taxes(rest, rates(line.tax_rates), tax_exempt=customer.tax_exempt)
    if invoice.shipping_cost:
        invoice.shipping_cost = _shipped(invoice, invoice.shipping_cost, customer.tax_exempt)
    sums = totals((counted(line) for line in found), invoice.shipping_cost)
    if abs(sums.total) > MAX_AMOUNT:
        raise InvalidRequest("The invoice's total is too large.", code="amount_too_large")
    invoice.subtotal, invoice.subtotal_excluding_tax = sums.subtotal, sums.subtotal_excluding_tax
    invoice.tax, invoice.total, invoice.total_excluding_tax = sums.tax, sums.total, sums.total_excluding_tax
    invoice.total_taxes = sums.taxes
    invoice.amount_due = invoice.amount_remaining = max(0, sums.total)


def counted(line: InvoiceLine) -> Part:
    """A line as it counts in its invoice's totals."""
    own = rules.taken(line.discount_amounts, only=line.discounts)
    return part(line.amount - own, line.taxes, rates(line.tax_rates), discount=rules.taken(line.discount_amounts) - own)


def rates(frozen: Iterable[dict[str, Any]]) -> list[Rate]:
    """The rates of frozen copies."""
    return [Rate(rate["id"], Decimal(rate["exact_percentage"]), rate["inclusive"]) for rate in frozen]


def cut(discount: Discount, currency: str) -> Cut:
    """What a discount takes off an invoice in this currency; nothing where its coupon has no amount in it."""
    coupon = discount.coupon
    products = frozenset(coupon["applies_to"]["products"]) if coupon.get("applies_to") else None
    if coupon.get("exact_percent_off") is not None:
        return Cut(discount.id, percent=Decimal(coupon["exact_percent_off"]), products=products)
    amounts = {coupon.get("currency"): {"amount_off": coupon.get("amount_off")}, **(coupon["currency_options"] or {})}
    return Cut(discount.id, amount=(amounts.get(currency) or {}).get("amount_off") or 0, products=products)


def _discount(db: Session, invoice: Invoice, found: Sequence[InvoiceLine]) -> None:
    ids = {*invoice.discounts, *(id for line in found for id in line.discounts)}
    cuts = {id: cut(row, invoice.currency) for id, row in among(db, Discount, sorted(ids)).items()}
    amounts = rules.discount_amounts([_discountable(line, cuts) for line in found], _known(invoice.discounts, cuts))
    for line, entries in zip(found, amounts, strict=True):
        line.discount_amounts = entries
    invoice.total_discount_amounts = rules.by_discount([entry for entries in amounts for entry in entries])


def _discountable(line: InvoiceLine, cuts: Mapping[str, Cut]) -> Discountable:
    product = line.price["price"]["product"] if line.price else None
    return Discountable(line.amount, line.discountable, product, _known(line.discounts, cuts))


def _known(ids: Iterable[str], cuts: Mapping[str, Cut]) -> list[Cut]:
    return [cuts[id] for id in ids if id in cuts]


def _shipped(invoice: Invoice, cost: dict[str, Any], tax_exempt: str) -> dict[str, Any]:
    """The cost of shipping is taxed at the invoice's default rates."""
    return {
        **cost,
        **shipping_cost(cost["amount"], rates(invoice.default_tax_rates), tax_exempt=tax_exempt),
        "tax_rates": invoice.default_tax_rates,
    }
