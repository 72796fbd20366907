"""Discounts, taxes and totals of a draft invoice, computed anew after every change."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from portal.billing.accounts import accounts
from portal.db import find_row, rows_by_id, scope_of
from portal.errors import InvalidRequest
from portal.models import Customer, Discount, Invoice, InvoiceLine
from portal.rules import discounts
from portal.rules.discounts import Discountable, DiscountTerms
from portal.rules.tax_rounding import TaxRounding, choose_rounding, document_taxes
from portal.rules.totals import LineTotals, Rate, document_totals, line_totals, shipping_cost
from portal.wire.commands import MAX_AMOUNT


def list_lines(db: Session, invoice_id: str) -> list[InvoiceLine]:
    """All lines of an invoice in their order."""
    return list(db.scalars(_LINES, {"invoice_id": invoice_id}))


_LINES = (
    select(InvoiceLine)
    .where(InvoiceLine.invoice_id == bindparam("invoice_id"))
    .order_by(InvoiceLine.position)
    .execution_options(populate_existing=True, prebuilt=True)
)


def compute_totals(db: Session, invoice: Invoice, found: Sequence[InvoiceLine] | None = None) -> None:
    """Compute discounts, then taxes of every line, then the totals. Raises `InvalidRequest` for too large a total.

    `found` are all lines of the invoice, if the caller has read them.
    """
    if found is None:
        db.flush()
        found = list_lines(db, invoice.id)
    customer = find_row(db, Customer, invoice.customer_id, noun="customer")
    _apply_discounts(db, invoice, found)
    rounding = _apply_taxes(db, invoice, found, customer.tax_exempt)
    sums = document_totals((line_part(line) for line in found), invoice.shipping_cost)
    if abs(sums.total) > MAX_AMOUNT:
        raise InvalidRequest("The invoice's total is too large.", code="amount_too_large")
    invoice.subtotal, invoice.subtotal_excluding_tax = sums.subtotal, sums.subtotal_excluding_tax
    if rounding == "per_invoice":
        invoice.subtotal_excluding_tax = _net_subtotal(found, customer.tax_exempt)
    invoice.tax, invoice.total, invoice.total_excluding_tax = sums.tax, sums.total, sums.total_excluding_tax
    invoice.total_taxes = sums.taxes
    invoice.amount_due = invoice.amount_remaining = max(0, sums.total)


def line_part(line: InvoiceLine) -> LineTotals:
    """The part of a line in the totals of its invoice."""
    own = discounts.sum_discounts(line.discount_amounts, only=line.discounts)
    return line_totals(
        line.amount - own,
        line.taxes,
        parse_rates(line.tax_rates),
        discount=discounts.sum_discounts(line.discount_amounts) - own,
    )


def parse_rates(frozen: Iterable[dict[str, Any]]) -> list[Rate]:
    """The tax rates in their frozen copies."""
    return [Rate(rate["id"], Decimal(rate["exact_percentage"]), rate["inclusive"]) for rate in frozen]


def discount_cut(discount: Discount, currency: str) -> DiscountTerms:
    """What a discount takes off an invoice in this currency; nothing where its coupon has no amount in it."""
    coupon = discount.coupon
    products = frozenset(coupon["applies_to"]["products"]) if coupon.get("applies_to") else None
    if coupon.get("exact_percent_off") is not None:
        return DiscountTerms(discount.id, percent=Decimal(coupon["exact_percent_off"]), products=products)
    amounts = {coupon.get("currency"): {"amount_off": coupon.get("amount_off")}, **(coupon["currency_options"] or {})}
    return DiscountTerms(discount.id, amount=(amounts.get(currency) or {}).get("amount_off") or 0, products=products)


def _apply_discounts(db: Session, invoice: Invoice, found: Sequence[InvoiceLine]) -> None:
    before = {each["discount"] for each in invoice.total_discount_amounts}
    ids = {*before, *invoice.discounts, *(id for line in found for id in line.discounts)}
    # a revision may use what its original has used
    own = {None, invoice.id, invoice.from_invoice_id}
    rows = {id: row for id, row in rows_by_id(db, Discount, sorted(ids)).items() if row.spent_on in own}
    cuts = {id: discount_cut(row, invoice.currency) for id, row in rows.items()}
    amounts = discounts.discount_amounts(
        [_build_discountable(line, cuts) for line in found], _known_cuts(invoice.discounts, cuts)
    )
    for line, entries in zip(found, amounts, strict=True):
        line.discount_amounts = entries
    invoice.total_discount_amounts = discounts.sum_by_discount([entry for entries in amounts for entry in entries])
    _spend_once(invoice, rows.values())


def _spend_once(invoice: Invoice, rows: Iterable[Discount]) -> None:
    """Spend discounts that last `once` on the draft that they lower, and give back those that lower it no more."""
    used = {each["discount"] for each in invoice.total_discount_amounts}
    for row in rows:
        if row.id in used and row.coupon["duration"] == "once" and row.spent_on is None:
            row.spent_on = invoice.id
        elif row.id not in used and row.spent_on == invoice.id:
            row.spent_on = None


def _build_discountable(line: InvoiceLine, cuts: Mapping[str, DiscountTerms]) -> Discountable:
    product = line.price["price"]["product"] if line.price else None
    return Discountable(line.amount, line.discountable, product, _known_cuts(line.discounts, cuts))


def _known_cuts(ids: Iterable[str], cuts: Mapping[str, DiscountTerms]) -> list[DiscountTerms]:
    return [cuts[id] for id in ids if id in cuts]


def find_rounding(db: Session) -> TaxRounding:
    """Where the account rounds the taxes of a document."""
    account = accounts.find_account(db, scope_of(db).account_id)
    return choose_rounding(account.country, account.settings.get("invoices", {}))


def _apply_taxes(db: Session, invoice: Invoice, found: Sequence[InvoiceLine], tax_exempt: str) -> TaxRounding:
    """Tax every line whose taxes were not given, and the shipping at the default rates; returns how it was rounded."""
    own = [line for line in found if not line.given_taxes]
    rests = [line.amount - discounts.sum_discounts(line.discount_amounts) for line in own]
    parts = [(rest, parse_rates(line.tax_rates)) for rest, line in zip(rests, own, strict=True)]
    cost = invoice.shipping_cost
    if cost:
        parts.append((cost["amount"], parse_rates(invoice.default_tax_rates)))
    rounding = find_rounding(db) if any(rates for _, rates in parts) else "per_line"
    taxes = document_taxes(parts, tax_exempt=tax_exempt, rounding=rounding)
    for line in found:
        line.taxes = line.given_taxes or taxes.pop(0)
    if cost:
        amounts = shipping_cost(cost["amount"], taxes.pop(0))
        invoice.shipping_cost = {**cost, **amounts, "tax_rates": invoice.default_tax_rates}
    return rounding


def _net_subtotal(found: Sequence[InvoiceLine], tax_exempt: str) -> int:
    """The subtotal, before the discounts of the whole invoice, without what is within its prices, rounded together."""
    given = sum(line_part(line).subtotal_excluding_tax for line in found if line.given_taxes)
    parts = [
        (line.amount - discounts.sum_discounts(line.discount_amounts, only=line.discounts), parse_rates(line.tax_rates))
        for line in found
        if not line.given_taxes
    ]
    taxes = document_taxes(parts, tax_exempt=tax_exempt, rounding="per_invoice")
    inside: int = sum(each["amount"] for entries in taxes for each in entries if each["inclusive"])
    return given + sum(amount for amount, _ in parts) - inside
