"""Tax amounts of an invoice line that the merchant has computed elsewhere and sends instead of tax rates."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.catalogue import tax_rates
from portal.billing.invoices import drafts
from portal.billing.invoices.item_params import TaxAmountData, TaxRateData
from portal.billing.ledger import totals
from portal.errors import InvalidRequest
from portal.models import Invoice, InvoiceItem, InvoiceLine, TaxRate
from portal.rules.money import decimal_text

MOST_TAX_AMOUNTS = 10


def set_line_taxes(
    db: Session, invoice: Invoice, line: InvoiceLine, item: InvoiceItem | None, given: list[TaxAmountData], *, now: int
) -> None:
    """Set the taxes of a draft's line, whatever its tax rates would amount to; an empty list restores the tax rates.

    The tax rates behind them are inactive from the start (reference). Raises `InvalidRequest` for too many.
    """
    if len(given) > MOST_TAX_AMOUNTS:
        raise InvalidRequest(f"There can be at most {MOST_TAX_AMOUNTS} tax amounts.", param="tax_amounts")
    rates = [_find_or_create_rate(db, each.tax_rate_data, now) for each in given]
    if len({rate.id for rate in rates}) != len(rates):
        raise InvalidRequest("Each of the tax amounts is of another tax rate.", param="tax_amounts")
    db.flush()
    if item is not None:
        item.tax_rates, item.tax_rates_fixed = [rate.id for rate in rates], False
    line.tax_rates = drafts.frozen_rates(db, [rate.id for rate in rates]) or invoice.default_tax_rates
    line.given_taxes = [_build_tax_entry(each, rate) for each, rate in zip(given, rates, strict=True)] or None
    totals.compute_totals(db, invoice)


def _build_tax_entry(given: TaxAmountData, rate: TaxRate) -> dict[str, Any]:
    return {
        "amount": given.amount,
        "inclusive": rate.inclusive,
        "tax_rate": rate.id,
        "taxability_reason": given.taxability_reason or "standard_rated",
        "taxable_amount": given.taxable_amount,
    }


def _find_or_create_rate(db: Session, data: TaxRateData, now: int) -> TaxRate:
    same = (
        TaxRate.active.is_(False),
        TaxRate.display_name == data.display_name,
        TaxRate.inclusive == data.inclusive,
        TaxRate.percentage == decimal_text(data.percentage),
        *(getattr(TaxRate, name).is_not_distinct_from(getattr(data, name)) for name in _COMPARED_FIELDS),
    )
    found = db.scalars(select(TaxRate).where(*same).order_by(TaxRate.created).limit(1)).first()
    if found is None:
        sent = data.model_dump(exclude_unset=True)
        command = tax_rates.CreateTaxRate.model_construct(set(sent), **sent)
        found = tax_rates.create_tax_rate(db, command, now=now)
        found.active = False
    return found


_COMPARED_FIELDS = ("country", "description", "jurisdiction", "state", "tax_type")
