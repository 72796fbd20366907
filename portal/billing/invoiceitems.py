"""Invoice items: charges and credits that wait for an invoice or were put on a draft."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import ids
from portal.billing import catalogue, drafts
from portal.billing.balances import refuse_other_currency
from portal.db import find, locked
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import Customer, Invoice, InvoiceItem, Price, Product, Subscription
from portal.rules.money import plain, times
from portal.wire.params import (
    MAX_AMOUNT,
    Amount,
    Clearable,
    Command,
    Currency,
    Exact,
    Expanding,
    Flag,
    Id,
    Listing,
    ListOf,
    Metadata,
    Quantity,
    Text,
    Timestamp,
    TimestampFilter,
    merged,
)


class Period(Command):
    start: Timestamp
    end: Timestamp


class Pricing(Command):
    price: Id


class PriceData(Command):
    currency: Currency
    product: Id
    unit_amount: Amount | None = None
    unit_amount_decimal: Exact | None = None
    tax_behavior: catalogue.TaxBehavior = "unspecified"


class UpdateInvoiceItem(Expanding):
    amount: Amount | None = None
    description: Clearable[Text] = None
    discountable: Flag | None = None
    metadata: Metadata = {}
    period: Period | None = None
    quantity: Quantity | None = None
    tax_rates: ListOf[Id] = []
    unit_amount: Amount | None = None
    unit_amount_decimal: Exact | None = None
    price: Id | None = None
    pricing: Pricing | None = None


class CreateInvoiceItem(UpdateInvoiceItem):
    customer: Id
    currency: Currency | None = None
    invoice: Id | None = None
    subscription: Id | None = None
    price_data: PriceData | None = None


class ListInvoiceItems(Listing):
    created: TimestampFilter = None
    customer: Id | None = None
    invoice: Id | None = None
    pending: Flag | None = None


def create(db: Session, command: CreateInvoiceItem, *, now: int) -> InvoiceItem:
    """A charge (positive) or credit (negative) by amount, unit amount or price.

    Raises `InvalidRequest` for another currency than the customer's or the draft's, and for an
    invoice that is no draft of this customer.
    """
    customer = locked(db, Customer, command.customer, noun="customer", param="customer")
    if customer.deleted_at is not None:
        raise ResourceMissing("customer", command.customer, param="customer")
    invoice = _draft(db, command, customer)
    _refuse_foreign_subscription(db, command)
    price = _price(db, command)
    currency = command.currency or (price.currency if price else None) or customer.currency
    if command.price_data:
        currency = command.price_data.currency
    if currency is None:
        raise InvalidRequest("Missing required param: currency.", param="currency", code="parameter_missing")
    _refuse_currency(customer, invoice, price, currency)
    item = InvoiceItem(
        id=ids.new("invoiceitem"),
        created=now,
        customer_id=customer.id,
        invoice_id=invoice.id if invoice else None,
        subscription_id=command.subscription,
        currency=currency,
        description=None,
        discountable=True,
        quantity=1,
        unit_amount_decimal="0",
        amount=0,
        period_start=now,
        period_end=now,
        tax_rates=[],
        metadata_={},
        proration=False,
    )
    db.add(item)
    customer.currency = currency
    if command.price_data:
        product = find(db, Product, command.price_data.product, noun="product", param="price_data[product]")
        item.description = product.name
    _apply(db, item, command, price)
    if invoice:
        drafts.add_item(db, invoice, item)
    return item


def update(db: Session, item: InvoiceItem, command: UpdateInvoiceItem, *, now: int) -> InvoiceItem:
    """Change a pending item, or one on a draft. Raises `InvalidRequest` once its invoice is finalized."""
    locked(db, Customer, item.customer_id, noun="customer")
    invoice = _editable(db, item)
    price = _price(db, command)
    if price is not None and price.currency != item.currency:
        raise InvalidRequest(f"The price is in {price.currency}, the item in {item.currency}.", param="price")
    _apply(db, item, command, price)
    if invoice:
        drafts.update_item(db, invoice, item)
    return item


def delete(db: Session, item: InvoiceItem, *, now: int) -> None:
    """Remove a pending item, or one on a draft together with its line."""
    locked(db, Customer, item.customer_id, noun="customer")
    invoice = _editable(db, item)
    db.delete(item)
    if invoice:
        drafts.remove_item(db, invoice, item)


def pending(db: Session, customer_id: str, subscription_id: str | None = None) -> list[InvoiceItem]:
    """A customer's items without an invoice, oldest first; of one subscription only, where given."""
    statement = select(InvoiceItem).where(InvoiceItem.customer_id == customer_id, InvoiceItem.invoice_id.is_(None))
    if subscription_id is not None:
        statement = statement.where(InvoiceItem.subscription_id == subscription_id)
    return list(db.scalars(statement.order_by(InvoiceItem.created, InvoiceItem.id).limit(250)))


def _draft(db: Session, command: CreateInvoiceItem, customer: Customer) -> Invoice | None:
    if command.invoice is None:
        return None
    invoice = locked(db, Invoice, command.invoice, noun="invoice", param="invoice")
    if invoice.customer_id != customer.id:
        raise ResourceMissing("invoice", command.invoice, param="invoice")
    drafts.refuse_finalized(invoice, "invoice")
    return invoice


def _refuse_foreign_subscription(db: Session, command: CreateInvoiceItem) -> None:
    if command.subscription is None:
        return
    subscription = find(db, Subscription, command.subscription, noun="subscription", param="subscription")
    if subscription.customer_id != command.customer:
        raise ResourceMissing("subscription", command.subscription, param="subscription")


def _refuse_currency(customer: Customer, invoice: Invoice | None, price: Price | None, currency: str) -> None:
    refuse_other_currency(customer, currency)
    if price is not None and price.currency != currency:
        raise InvalidRequest(f"The price is in {price.currency}, not in {currency}.", param="currency")
    if invoice is not None and invoice.currency != currency:
        raise InvalidRequest(f"The invoice is in {invoice.currency}, not in {currency}.", param="currency")


def _editable(db: Session, item: InvoiceItem) -> Invoice | None:
    if item.invoice_id is None:
        return None
    invoice = locked(db, Invoice, item.invoice_id, noun="invoice")
    drafts.refuse_finalized(invoice, None)
    return invoice


def _price(db: Session, command: UpdateInvoiceItem) -> Price | None:
    id = command.price or (command.pricing.price if command.pricing else None)
    if id is None:
        return None
    price = find(db, Price, id, noun="price", param="price")
    if price.interval is not None:
        raise InvalidRequest(
            "The price specified is set to `type=recurring` but this field only accepts prices with `type=one_time`.",
            param="price",
        )
    return price


def _apply(db: Session, item: InvoiceItem, command: UpdateInvoiceItem, price: Price | None) -> None:
    for key, value in command.given("description", "discountable").items():
        setattr(item, key, value)
    if command.period:
        if command.period.end < command.period.start:
            raise InvalidRequest("The period ends before it starts.", param="period[end]")
        item.period_start, item.period_end = command.period.start, command.period.end
    if command.has("tax_rates"):
        item.tax_rates = [rate.id for rate in catalogue.tax_rates(db, command.tax_rates, "tax_rates")]
    if command.has("metadata"):
        item.metadata_ = merged(item.metadata_, command.metadata)
    _apply_amount(item, command, price)
    if price is not None and item.description is None:
        item.description = price.nickname or catalogue.product_name(db, price.product_id)


def _apply_amount(item: InvoiceItem, command: UpdateInvoiceItem, price: Price | None) -> None:
    data = getattr(command, "price_data", None)
    quantity = item.quantity if command.quantity is None else command.quantity
    if price is not None:
        item.price_id, item.unit_amount_decimal = price.id, price.unit_amount_decimal
    elif data is not None:
        _, item.unit_amount_decimal = catalogue.unit_amounts(data.unit_amount, data.unit_amount_decimal)
    elif command.unit_amount is not None:
        item.unit_amount_decimal = str(command.unit_amount)
    elif command.unit_amount_decimal is not None:
        item.unit_amount_decimal = plain(command.unit_amount_decimal)
    elif command.amount is not None:
        if quantity != 1:
            raise InvalidRequest("Send unit_amount instead of amount together with a quantity.", param="amount")
        item.unit_amount_decimal = str(command.amount)
    item.quantity = quantity
    item.amount = times(item.unit_amount_decimal, quantity)
    if abs(item.amount) > MAX_AMOUNT:
        raise InvalidRequest("The amount is too large.", param="amount")
