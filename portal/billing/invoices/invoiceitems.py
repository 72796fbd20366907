"""Invoice items: charges and credits that wait for an invoice or were put on a draft."""

from __future__ import annotations

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.accounts import accounts
from portal.billing.catalogue import one_off_prices, products
from portal.billing.catalogue import tax_rates as catalogue_tax_rates
from portal.billing.discounts import redemptions
from portal.billing.discounts.discounts import Sources
from portal.billing.invoices import drafts
from portal.billing.ledger import locks, totals
from portal.billing.ledger.balances import refuse_other_currency
from portal.db import find, locked, scope_of
from portal.errors import InvalidRequest, MissingParameter, ResourceMissing
from portal.models import Customer, Invoice, InvoiceItem, Price, Subscription
from portal.rules.money import plain, times
from portal.wire.commands import (
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
    WholeDecimal,
    merged,
)

#: Items that one invoice takes up by itself; the others wait for the next one.
MOST_PENDING = 250


class Period(Command):
    start: Timestamp
    end: Timestamp


class Pricing(Command):
    price: Id


class UpdateInvoiceItem(Expanding):
    amount: Amount | None = None
    description: Clearable[Text] = None
    discountable: Flag | None = None
    discounts: Sources = []
    metadata: Metadata = {}
    period: Period | None = None
    price: Id | None = None
    price_data: one_off_prices.PriceData | None = None
    pricing: Pricing | None = None
    quantity: Quantity | None = None
    quantity_decimal: WholeDecimal | None = None
    tax_rates: ListOf[Id] = []
    unit_amount: Amount | None = None
    unit_amount_decimal: Exact | None = None


class CreateInvoiceItem(UpdateInvoiceItem):
    customer: Id
    currency: Currency | None = None
    invoice: Id | None = None
    subscription: Id | None = None


class ListInvoiceItems(Listing):
    created: TimestampFilter = None
    customer: Id | None = None
    invoice: Id | None = None
    pending: Flag | None = None


def create(db: Session, command: CreateInvoiceItem, *, now: int, price: Price | None = None) -> InvoiceItem:
    """A charge (positive) or credit (negative) by amount, unit amount or price; `price` where that was checked before.

    Raises `InvalidRequest` for another currency than the customer's or the draft's, and for an
    invoice that is no draft of this customer.
    """
    customer = locks.buyer(db, command.customer)
    invoice = _draft(db, command, customer)
    _refuse_foreign_subscription(db, command)
    if not _sources(command):
        raise MissingParameter("amount")
    price = price or _price(db, command, now)
    currency = _currency(db, customer, invoice, price, command)
    item = _new(customer, command, currency, now)
    db.add(item)
    customer.currency = currency
    _apply(db, item, command, price)
    if not command.has("discountable"):
        item.discountable = item.amount >= 0
    if command.has("discounts"):
        redemptions.put_on_invoice_item(db, customer, item, command.discounts, now=now)
    if invoice:
        drafts.add_items(db, invoice, [item])
    return item


def update(db: Session, item: InvoiceItem, command: UpdateInvoiceItem, *, now: int) -> InvoiceItem:
    """Change a pending item, or one on a draft. Raises `InvalidRequest` once its invoice is finalized."""
    customer, item, invoice = _locked(db, item)
    price = _price(db, command, now)
    if price is not None and price.currency != item.currency:
        raise InvalidRequest(f"The price is in {price.currency}, the item in {item.currency}.", param="price")
    _apply(db, item, command, price)
    if command.has("discounts"):
        redemptions.put_on_invoice_item(db, customer, item, command.discounts, now=now)
    if invoice:
        drafts.update_item(db, invoice, item)
    return item


def delete(db: Session, item: InvoiceItem, *, now: int) -> None:
    """Remove a pending item, or one on a draft together with its line."""
    _, item, invoice = _locked(db, item)
    db.delete(item)
    if invoice:
        drafts.remove_item(db, invoice, item)


def pending(db: Session, customer_id: str, subscription_id: str | None = None) -> list[InvoiceItem]:
    """A customer's items without an invoice, of one subscription only where given.

    At most 250, the oldest; in the order of an invoice: newest first, and those of one second as
    they were made.
    """
    return _waiting(db, customer_id, *([InvoiceItem.subscription_id == subscription_id] if subscription_id else []))


def unattached(db: Session, customer_id: str) -> list[InvoiceItem]:
    """The pending items of no subscription, which go along with the customer's next invoice; as `pending`."""
    return _waiting(db, customer_id, InvoiceItem.subscription_id.is_(None))


def due_with(db: Session, customer_id: str, subscription_id: str) -> list[InvoiceItem]:
    """The pending items that go along with a period of a subscription: its own and those of none; as `pending`."""
    own = InvoiceItem.subscription_id == subscription_id
    return _waiting(db, customer_id, or_(own, InvoiceItem.subscription_id.is_(None)))


def _waiting(db: Session, customer_id: str, *conditions: ColumnElement[bool]) -> list[InvoiceItem]:
    own = select(InvoiceItem).where(InvoiceItem.customer_id == customer_id, InvoiceItem.invoice_id.is_(None))
    oldest = own.where(*conditions).order_by(InvoiceItem.created, InvoiceItem.id).limit(MOST_PENDING)
    return sorted(db.scalars(oldest), key=lambda item: -item.created)


def _locked(db: Session, item: InvoiceItem) -> tuple[Customer, InvoiceItem, Invoice | None]:
    """The item as it is once nobody else can change it, its customer and the draft it is on."""
    customer = locks.customer(db, item.customer_id)
    item = locked(db, InvoiceItem, item.id, noun="invoice item")
    if item.invoice_id is None:
        return customer, item, None
    invoice = locks.invoice(db, item.invoice_id).invoice
    drafts.refuse_finalized(invoice, None)
    return customer, item, invoice


def _draft(db: Session, command: CreateInvoiceItem, customer: Customer) -> Invoice | None:
    if command.invoice is None:
        return None
    invoice = locks.invoice(db, command.invoice, param="invoice").invoice
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


def _sources(command: UpdateInvoiceItem) -> list[str]:
    """The parameters that say what an item costs: at most one."""
    names = ("amount", "price", "price_data", "pricing", "unit_amount", "unit_amount_decimal")
    sent = [name for name in names if getattr(command, name) is not None]
    if len(sent) > 1:
        raise InvalidRequest(f"You may only specify one of these parameters: {', '.join(sent)}.", param=sent[0])
    return sent


def _currency(
    db: Session, customer: Customer, invoice: Invoice | None, price: Price | None, command: CreateInvoiceItem
) -> str:
    """The item's currency, which has to be that of everything it meets."""
    given = command.currency or (price.currency if price else None)
    currency = given or (invoice.currency if invoice else None) or customer.currency
    if currency is None:
        raise MissingParameter("currency")
    refuse_other_currency(customer, currency)
    if price is not None and price.currency != currency:
        raise InvalidRequest(f"The price is in {price.currency}, not in {currency}.", param="currency")
    if invoice is not None and invoice.currency != currency:
        _adopt(db, invoice, customer, currency)
    return currency


def _adopt(db: Session, invoice: Invoice, customer: Customer, currency: str) -> None:
    """The first line ever billed to a customer says the currency, where until now it was only assumed."""
    assumed = (
        customer.currency is None and invoice.currency == accounts.of(db, scope_of(db).account_id).default_currency
    )
    if not assumed or totals.lines(db, invoice.id):
        raise InvalidRequest(f"The invoice is in {invoice.currency}, not in {currency}.", param="currency")
    invoice.currency = currency


def _price(db: Session, command: UpdateInvoiceItem, now: int) -> Price | None:
    _sources(command)
    if command.price_data:
        return one_off_prices.made(db, command.price_data, now=now)
    id = command.price or (command.pricing.price if command.pricing else None)
    return one_off_prices.found(db, id) if id else None


def _new(customer: Customer, command: CreateInvoiceItem, currency: str, now: int) -> InvoiceItem:
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
        metadata_={},
        proration=False,
        test_clock_id=customer.test_clock_id,
    )


def _apply(db: Session, item: InvoiceItem, command: UpdateInvoiceItem, price: Price | None) -> None:
    for key, value in command.given("description", "discountable").items():
        setattr(item, key, value)
    if command.period:
        if command.period.end < command.period.start:
            raise InvalidRequest("The period ends before it starts.", param="period[end]")
        item.period_start, item.period_end = command.period.start, command.period.end
    if command.has("tax_rates"):
        item.tax_rates = [rate.id for rate in catalogue_tax_rates.tax_rates(db, command.tax_rates, "tax_rates")]
    if command.has("metadata"):
        item.metadata_ = merged(item.metadata_, command.metadata)
    _apply_amount(item, command, price)
    if price is not None and item.description is None:
        item.description = price.nickname or products.product_name(db, price.product_id)


def _apply_amount(item: InvoiceItem, command: UpdateInvoiceItem, price: Price | None) -> None:
    said = command.quantity_decimal if command.quantity is None else command.quantity
    quantity = item.quantity if said is None else said
    if command.amount is not None and quantity != 1:
        raise InvalidRequest("Send unit_amount instead of amount together with a quantity.", param="amount")
    if _sources(command):
        item.price_id = price.id if price else None
        item.unit_amount_decimal = price.unit_amount_decimal if price else _unit_amount(command)
    amount = times(item.unit_amount_decimal, quantity)
    if abs(amount) > MAX_AMOUNT:
        raise InvalidRequest("The amount is too large.", param="amount")
    item.quantity, item.amount = quantity, amount


def _unit_amount(command: UpdateInvoiceItem) -> str:
    if command.unit_amount_decimal is not None:
        return plain(command.unit_amount_decimal)
    return str(command.amount if command.unit_amount is None else command.unit_amount)
