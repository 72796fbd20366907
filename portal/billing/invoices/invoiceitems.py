"""Invoice items: charges and credits, pending for the next invoice or put on a draft."""

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.accounts import accounts
from portal.billing.catalogue import one_off_prices, products
from portal.billing.catalogue import tax_rates as catalogue_tax_rates
from portal.billing.discounts import redemptions
from portal.billing.discounts.discounts import DiscountSources
from portal.billing.invoices import drafts
from portal.billing.ledger import locks, totals
from portal.billing.ledger.balances import refuse_other_currency
from portal.db import find_row, lock_and_refresh, scope_of
from portal.errors import InvalidRequest, MissingParameter, ResourceMissing
from portal.models import Customer, Invoice, InvoiceItem, Price, Subscription
from portal.rules.money import decimal_text, multiply_price
from portal.wire.commands import (
    MAX_AMOUNT,
    Amount,
    Clearable,
    Command,
    Currency,
    ExactDecimal,
    ExpandableCommand,
    Flag,
    Id,
    ListCommand,
    ListOf,
    Metadata,
    Quantity,
    Text,
    Timestamp,
    TimestampFilter,
    WholeDecimal,
    merge_metadata,
)

#: Items that one invoice takes up by itself; the others wait for the next one.
MOST_PENDING = 250


class Period(Command):
    start: Timestamp
    end: Timestamp


class Pricing(Command):
    price: Id


class UpdateInvoiceItem(ExpandableCommand):
    amount: Amount | None = None
    description: Clearable[Text] = None
    discountable: Flag | None = None
    discounts: DiscountSources = []
    metadata: Metadata = {}
    period: Period | None = None
    price: Id | None = None
    price_data: one_off_prices.OneOffPriceData | None = None
    pricing: Pricing | None = None
    quantity: Quantity | None = None
    quantity_decimal: WholeDecimal | None = None
    tax_rates: ListOf[Id] = []
    unit_amount: Amount | None = None
    unit_amount_decimal: ExactDecimal | None = None


class CreateInvoiceItem(UpdateInvoiceItem):
    customer: Id
    currency: Currency | None = None
    invoice: Id | None = None
    subscription: Id | None = None


class ListInvoiceItems(ListCommand):
    created: TimestampFilter = None
    customer: Id | None = None
    invoice: Id | None = None
    pending: Flag | None = None


def create(db: Session, command: CreateInvoiceItem, *, now: int, price: Price | None = None) -> InvoiceItem:
    """Create a charge (positive) or credit (negative) by amount, unit amount or price.

    `price` is one that the caller has validated. Raises `InvalidRequest` for another currency than the
    customer's or the draft's, and for an invoice that is no draft of this customer.
    """
    customer = locks.billable_customer(db, command.customer)
    invoice = _lock_draft(db, command, customer)
    _refuse_foreign_subscription(db, command)
    if not _sent_price_params(command):
        raise MissingParameter("amount")
    price = price or _find_or_create_price(db, command, now)
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
    price = _find_or_create_price(db, command, now)
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


def list_pending(db: Session, customer_id: str, subscription_id: str | None = None) -> list[InvoiceItem]:
    """A customer's items without an invoice, where given of one subscription only.

    At most 250, the oldest; in the order of an invoice: newest first, and those of one second in the order
    of their creation.
    """
    return _pending_items(
        db, customer_id, *([InvoiceItem.subscription_id == subscription_id] if subscription_id else [])
    )


def list_without_subscription(db: Session, customer_id: str) -> list[InvoiceItem]:
    """The pending items of no subscription, for the customer's next invoice; order and limit as in `list_pending`."""
    return _pending_items(db, customer_id, InvoiceItem.subscription_id.is_(None))


def list_due_with(db: Session, customer_id: str, subscription_id: str) -> list[InvoiceItem]:
    """The pending items for a subscription's next invoice: its own and those of no subscription; as `list_pending`."""
    own = InvoiceItem.subscription_id == subscription_id
    return _pending_items(db, customer_id, or_(own, InvoiceItem.subscription_id.is_(None)))


def _pending_items(db: Session, customer_id: str, *conditions: ColumnElement[bool]) -> list[InvoiceItem]:
    own = select(InvoiceItem).where(InvoiceItem.customer_id == customer_id, InvoiceItem.invoice_id.is_(None))
    oldest = own.where(*conditions).order_by(InvoiceItem.created, InvoiceItem.id).limit(MOST_PENDING)
    return sorted(db.scalars(oldest), key=lambda item: -item.created)


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


def _sent_price_params(command: UpdateInvoiceItem) -> list[str]:
    """The names of the sent parameters that set the price: at most one. Raises `InvalidRequest` for more."""
    names = ("amount", "price", "price_data", "pricing", "unit_amount", "unit_amount_decimal")
    sent = [name for name in names if getattr(command, name) is not None]
    if len(sent) > 1:
        raise InvalidRequest(f"You may only specify one of these parameters: {', '.join(sent)}.", param=sent[0])
    return sent


def _determine_currency(
    db: Session, customer: Customer, invoice: Invoice | None, price: Price | None, command: CreateInvoiceItem
) -> str:
    """The item's currency, which must be that of its customer, invoice and price."""
    given = command.currency or (price.currency if price else None)
    currency = given or (invoice.currency if invoice else None) or customer.currency
    if currency is None:
        raise MissingParameter("currency")
    refuse_other_currency(customer, currency)
    if price is not None and price.currency != currency:
        raise InvalidRequest(f"The price is in {price.currency}, not in {currency}.", param="currency")
    if invoice is not None and invoice.currency != currency:
        _adopt_currency(db, invoice, customer, currency)
    return currency


def _adopt_currency(db: Session, invoice: Invoice, customer: Customer, currency: str) -> None:
    """Give the draft this currency where its own was only assumed: before the customer's first line ever."""
    assumed = (
        customer.currency is None
        and invoice.currency == accounts.find_account(db, scope_of(db).account_id).default_currency
    )
    if not assumed or totals.list_lines(db, invoice.id):
        raise InvalidRequest(f"The invoice is in {invoice.currency}, not in {currency}.", param="currency")
    invoice.currency = currency


def _find_or_create_price(db: Session, command: UpdateInvoiceItem, now: int) -> Price | None:
    _sent_price_params(command)
    if command.price_data:
        return one_off_prices.create_price(db, command.price_data, now=now)
    id = command.price or (command.pricing.price if command.pricing else None)
    return one_off_prices.find_price(db, id) if id else None


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
        item.tax_rates = [rate.id for rate in catalogue_tax_rates.active_tax_rates(db, command.tax_rates, "tax_rates")]
    if command.was_sent("metadata"):
        item.metadata_ = merge_metadata(item.metadata_, command.metadata)
    _apply_amount(item, command, price)
    if price is not None and item.description is None:
        item.description = price.nickname or products.product_name(db, price.product_id)


def _apply_amount(item: InvoiceItem, command: UpdateInvoiceItem, price: Price | None) -> None:
    said = command.quantity_decimal if command.quantity is None else command.quantity
    quantity = item.quantity if said is None else said
    if command.amount is not None and quantity != 1:
        raise InvalidRequest("Send unit_amount instead of amount together with a quantity.", param="amount")
    if _sent_price_params(command):
        item.price_id = price.id if price else None
        item.unit_amount_decimal = price.unit_amount_decimal if price else _unit_amount(command)
    amount = multiply_price(item.unit_amount_decimal, quantity)
    if abs(amount) > MAX_AMOUNT:
        raise InvalidRequest("The amount is too large.", param="amount")
    item.quantity, item.amount = quantity, amount


def _unit_amount(command: UpdateInvoiceItem) -> str:
    if command.unit_amount_decimal is not None:
        return decimal_text(command.unit_amount_decimal)
    return str(command.amount if command.unit_amount is None else command.unit_amount)
