"""The lines and totals of a draft; every change of a line ends in new totals."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import ids
from portal.db import among, scope_of
from portal.errors import InvalidRequest
from portal.models import Invoice, InvoiceItem, InvoiceLine, Price, TaxRate
from portal.objects.catalogue import frozen_price, frozen_tax_rate
from portal.rules.totals import Rate, line_taxes, totals
from portal.wire.params import MAX_AMOUNT

MOST_LINES = 1000


def refuse_finalized(invoice: Invoice, param: str | None) -> None:
    """Raises `InvalidRequest` unless the invoice is a draft."""
    if invoice.status != "draft":
        raise InvalidRequest(
            f"The invoice '{invoice.id}' is finalized and can't be modified any more.",
            param=param,
            code="invoice_not_editable",
        )


def lines(db: Session, invoice_id: str) -> list[InvoiceLine]:
    """All lines of an invoice in their order."""
    statement = select(InvoiceLine).where(InvoiceLine.invoice_id == invoice_id).order_by(InvoiceLine.position)
    return list(db.scalars(statement))


def add_item(db: Session, invoice: Invoice, item: InvoiceItem) -> InvoiceLine:
    """A line for an invoice item. Raises `InvalidRequest` for the 1,001st."""
    item.invoice_id = invoice.id
    line = InvoiceLine(
        id=ids.new("line_item"),
        created=item.created,
        invoice_id=invoice.id,
        position=_next_position(db, invoice),
        invoice_item_id=item.id,
    )
    _copy(db, invoice, line, item)
    db.add(line)
    total(db, invoice)
    return line


def update_item(db: Session, invoice: Invoice, item: InvoiceItem) -> None:
    """Take over what changed on an item into its line."""
    for line in lines(db, invoice.id):
        if line.invoice_item_id == item.id:
            _copy(db, invoice, line, item)
    total(db, invoice)


def remove_item(db: Session, invoice: Invoice, item: InvoiceItem) -> None:
    """Remove the line of an item."""
    for line in lines(db, invoice.id):
        if line.invoice_item_id == item.id:
            db.delete(line)
    total(db, invoice)


def add_lines(db: Session, invoice: Invoice, values: list[dict[str, Any]]) -> None:
    """Lines of a subscription's items: columns of `InvoiceLine`, with `tax_rates` as ids."""
    position = _next_position(db, invoice)
    for offset, each in enumerate(values):
        rates = frozen_rates(db, each.pop("tax_rates"))
        line = InvoiceLine(
            id=ids.new("line_item"),
            created=invoice.created,
            invoice_id=invoice.id,
            position=position + offset,
            currency=invoice.currency,
            tax_rates=rates or invoice.default_tax_rates,
            **each,
        )
        db.add(line)
    total(db, invoice)


def frozen_rates(db: Session, rate_ids: list[str]) -> list[dict[str, Any]]:
    """Copies of tax rates, in the order of their ids."""
    found = among(db, TaxRate, rate_ids)
    livemode = scope_of(db).livemode
    return [frozen_tax_rate(found[id], livemode) for id in rate_ids if id in found]


def change_default_rates(db: Session, invoice: Invoice, rate_ids: list[str]) -> None:
    """Put other default rates on the lines that have none of their own."""
    before, after = invoice.default_tax_rates, frozen_rates(db, rate_ids)
    for line in lines(db, invoice.id):
        if _ids(line.tax_rates) == _ids(before):
            line.tax_rates = after
    invoice.default_tax_rates = after
    total(db, invoice)


def total(db: Session, invoice: Invoice) -> None:
    """Taxes of every line and the sums of the invoice. Raises `InvalidRequest` for an absurd total."""
    db.flush()
    tax_exempt = (invoice.buyer or {}).get("tax_exempt", "none")
    found = lines(db, invoice.id)
    for line in found:
        line.taxes = line_taxes(line.amount, rates(line.tax_rates), tax_exempt=tax_exempt)
    sums = totals((line.amount, line.taxes) for line in found)
    if abs(sums.total) > MAX_AMOUNT:
        raise InvalidRequest("The invoice's total is too large.", code="amount_too_large")
    invoice.subtotal, invoice.subtotal_excluding_tax = sums.subtotal, sums.subtotal_excluding_tax
    invoice.tax, invoice.total, invoice.total_excluding_tax = sums.tax, sums.total, sums.total_excluding_tax
    invoice.total_taxes = sums.taxes
    invoice.amount_due = invoice.amount_remaining = max(0, sums.total)


def rates(frozen: list[dict[str, Any]]) -> list[Rate]:
    """The rates of frozen copies."""
    return [Rate(rate["id"], Decimal(rate["exact_percentage"]), rate["inclusive"]) for rate in frozen]


def _copy(db: Session, invoice: Invoice, line: InvoiceLine, item: InvoiceItem) -> None:
    price = among(db, Price, [item.price_id]).get(item.price_id) if item.price_id else None
    line.amount, line.currency, line.description = item.amount, item.currency, item.description
    line.quantity, line.unit_amount_decimal = item.quantity, item.unit_amount_decimal
    line.period_start, line.period_end = item.period_start, item.period_end
    line.price_id, line.price = item.price_id, frozen_price(price, scope_of(db).livemode) if price else None
    line.subscription_id, line.subscription_item_id = item.subscription_id, item.subscription_item_id
    line.discountable, line.proration, line.metadata_ = item.discountable, item.proration, item.metadata_
    line.tax_rates = frozen_rates(db, item.tax_rates) or invoice.default_tax_rates


def _next_position(db: Session, invoice: Invoice) -> int:
    db.flush()
    last = db.scalar(select(func.max(InvoiceLine.position)).where(InvoiceLine.invoice_id == invoice.id))
    position = 0 if last is None else last + 1
    if position >= MOST_LINES:
        raise InvalidRequest(f"An invoice has at most {MOST_LINES} lines.", param="invoice")
    return position


def _ids(frozen: list[dict[str, Any]]) -> list[str]:
    return [rate["id"] for rate in frozen]
