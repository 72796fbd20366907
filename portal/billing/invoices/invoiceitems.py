"""Invoice items: charges and credits, pending for the next invoice or put on a draft."""

from sqlalchemy.orm import Session

from portal import ids
from portal.billing.catalogue import tax_rates
from portal.billing.discounts import redemptions
from portal.billing.invoices import drafts, item_amounts
from portal.billing.invoices.item_params import CreateInvoiceItem, UpdateInvoiceItem
from portal.billing.ledger import balances, locks, totals
from portal.db import find_row, lock_and_refresh
from portal.errors import InvalidRequest, MissingParameter, ResourceMissing
from portal.models import Customer, Invoice, InvoiceItem, Price, Subscription
from portal.wire.commands import (
    merge_metadata,
)


def create(db: Session, command: CreateInvoiceItem, *, now: int, price: Price | None = None) -> InvoiceItem:
    """Create a charge (positive) or credit (negative) by amount, unit amount or price.

    `price` is one that the caller has validated. Raises `InvalidRequest` for another currency than the
    customer's or the draft's, and for an invoice that is no draft of this customer.
    """
    customer = locks.billable_customer(db, command.customer)
    invoice = _lock_draft(db, command, customer)
    _refuse_foreign_subscription(db, command)
    if not item_amounts.sent_price_params(command):
        raise MissingParameter("amount")
    price = price or item_amounts.find_or_create_price(db, command, now)
    currency = _determine_currency(db, customer, invoice, price, command)
    item = _build_item(customer, command, currency, now)
    db.add(item)
    customer.currency = currency
    _apply_fields(db, item, command, price)
    if not command.was_sent("discountable"):
        item.discountable = item.amount >= 0
    if command.was_sent("discounts"):
        redemptions.redeem_for_invoice_item(db, customer, item, command.discounts, now=now)
    if invoice:
        drafts.add_items(db, invoice, [item])
    return item


def update(db: Session, item: InvoiceItem, command: UpdateInvoiceItem, *, now: int) -> InvoiceItem:
    """Change a pending item, or one on a draft. Raises `InvalidRequest` once its invoice is finalized."""
    customer, invoice = _lock_item(db, item)
    price = item_amounts.find_or_create_price(db, command, now)
    if price is not None and price.currency != item.currency:
        raise InvalidRequest(f"The price is in {price.currency}, the item in {item.currency}.", param="price")
    _apply_fields(db, item, command, price)
    if command.was_sent("discounts"):
        redemptions.redeem_for_invoice_item(db, customer, item, command.discounts, now=now)
    if invoice:
        drafts.update_item(db, invoice, item)
    return item


def delete(db: Session, item: InvoiceItem, *, now: int) -> None:
    """Remove a pending item, or one on a draft together with its line."""
    _, invoice = _lock_item(db, item)
    db.delete(item)
    if invoice:
        drafts.remove_item(db, invoice, item)


def _lock_item(db: Session, item: InvoiceItem) -> tuple[Customer, Invoice | None]:
    """Lock an item; return its customer and the draft that it is on."""
    customer = locks.customer(db, item.customer_id)
    lock_and_refresh(db, item, noun="invoice item")
    if item.invoice_id is None:
        return customer, None
    invoice = locks.invoice_by_id(db, item.invoice_id).invoice
    drafts.refuse_finalized(invoice, None)
    return customer, invoice


def _lock_draft(db: Session, command: CreateInvoiceItem, customer: Customer) -> Invoice | None:
    if command.invoice is None:
        return None
    invoice = locks.invoice_by_id(db, command.invoice, param="invoice").invoice
    if invoice.customer_id != customer.id:
        raise ResourceMissing("invoice", command.invoice, param="invoice")
    drafts.refuse_finalized(invoice, "invoice")
    return invoice


def _refuse_foreign_subscription(db: Session, command: CreateInvoiceItem) -> None:
    if command.subscription is None:
        return
    subscription = find_row(db, Subscription, command.subscription, noun="subscription", param="subscription")
    if subscription.customer_id != command.customer:
        raise ResourceMissing("subscription", command.subscription, param="subscription")


def _determine_currency(
    db: Session, customer: Customer, invoice: Invoice | None, price: Price | None, command: CreateInvoiceItem
) -> str:
    """The item's currency, which must be that of its customer, invoice and price."""
    given = command.currency or (price.currency if price else None)
    currency = given or (invoice.currency if invoice else None) or customer.currency
    if currency is None:
        raise MissingParameter("currency")
    balances.refuse_other_currency(customer, currency)
    if price is not None and price.currency != currency:
        raise InvalidRequest(f"The price is in {price.currency}, not in {currency}.", param="currency")
    if invoice is not None and invoice.currency != currency:
        _adopt_currency(db, invoice, customer, currency)
    return currency


def _adopt_currency(db: Session, invoice: Invoice, customer: Customer, currency: str) -> None:
    """Give the draft this currency where its own was only assumed: before the customer's first line ever."""
    assumed = customer.currency is None and invoice.currency == balances.usual_currency(db, customer)
    if not assumed or totals.list_lines(db, invoice.id):
        raise InvalidRequest(f"The invoice is in {invoice.currency}, not in {currency}.", param="currency")
    invoice.currency = currency


def _build_item(customer: Customer, command: CreateInvoiceItem, currency: str, now: int) -> InvoiceItem:
    return InvoiceItem(
        id=ids.new("invoiceitem"),
        created=now,
        customer_id=command.customer,
        invoice_id=command.invoice,
        subscription_id=command.subscription,
        currency=currency,
        description=None,
        discountable=True,
        discounts=[],
        quantity=1,
        unit_amount_decimal="0",
        amount=0,
        period_start=now,
        period_end=now,
        tax_rates=[],
        tax_rates_fixed=False,
        metadata_={},
        proration=False,
        test_clock_id=customer.test_clock_id,
    )


def _apply_fields(db: Session, item: InvoiceItem, command: UpdateInvoiceItem, price: Price | None) -> None:
    for key, value in command.sent_values("description", "discountable").items():
        setattr(item, key, value)
    if command.period:
        if command.period.end < command.period.start:
            raise InvalidRequest("The period ends before it starts.", param="period[end]")
        item.period_start, item.period_end = command.period.start, command.period.end
    if command.was_sent("tax_rates"):
        item.tax_rates = [rate.id for rate in tax_rates.active_tax_rates(db, command.tax_rates, "tax_rates")]
        item.tax_rates_fixed = False
    if command.was_sent("metadata"):
        item.metadata_ = merge_metadata(item.metadata_, command.metadata)
    item_amounts.apply_price(db, item, command, price)
