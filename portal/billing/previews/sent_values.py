"""Values that a preview sends, in place of what is stored: the customer, discounts, invoice items."""

from typing import Any

from sqlalchemy.orm import Session

from portal.billing.customers import customers
from portal.billing.customers.params import CreateCustomer, UpdateCustomer
from portal.billing.discounts import redemptions
from portal.billing.discounts.params import DiscountParams
from portal.billing.invoices import invoiceitems
from portal.billing.invoices.item_params import CreateInvoiceItem, UpdateInvoiceItem
from portal.billing.ledger import locks
from portal.billing.previews.params import CreatePreview
from portal.billing.subscriptions import items
from portal.db import find_row
from portal.errors import params_within
from portal.models import Customer, InvoiceItem, Subscription


def preview_customer(db: Session, command: CreatePreview, now: int) -> Customer:
    """The customer to bill, with the values that the preview sends."""
    sent = command.customer_details
    values = sent.sent_values("address", "shipping", "tax_exempt") if sent else {}
    tax_ids = sent.tax_ids if sent else []
    customer = locks.billable_customer(db, command.customer) if command.customer else None
    with params_within("customer_details"):
        if customer is None:
            return customers.create(db, CreateCustomer(**values, tax_id_data=tax_ids), now=now)
        if values:
            customers.update(db, customer, UpdateCustomer(**values), now=now)
        return customer


def drop_inherited_discounts(customer: Customer, command: CreatePreview) -> None:
    """Leave out the customer's discount where the preview sends `discounts` that are empty."""
    if command.was_sent("discounts") and not command.discounts:
        customer.discount_id = None


def redeem_discounts(
    db: Session, customer: Customer, subscription: Subscription, command: CreatePreview, now: int
) -> None:
    """Redeem the discounts of the preview, in place of the subscription's."""
    if command.was_sent("discounts"):
        sent = DiscountParams(discounts=command.discounts)
        price = items.period_amount(items.list_items(db, subscription.id))
        redemptions.redeem_for_subscription(db, customer, subscription, sent, price, now=now)


def add_invoice_items(
    db: Session, customer: Customer, subscription: Subscription | None, command: CreatePreview, now: int
) -> None:
    """Create or change the pending invoice items that the preview sends."""
    own: dict[str, Any] = {"subscription": subscription.id} if subscription else {}
    for index, sent in enumerate(command.invoice_items):
        values = {name: value for name, value in sent.sent_values().items() if name != "invoiceitem"}
        if sent.invoiceitem is None:
            new = CreateInvoiceItem(customer=customer.id, **own, **values)
            with params_within(f"invoice_items[{index}]"):
                invoiceitems.create(db, new, now=now)
            continue
        row = find_row(
            db, InvoiceItem, sent.invoiceitem, noun="invoice item", param=f"invoice_items[{index}][invoiceitem]"
        )
        values.pop("currency", None)
        with params_within(f"invoice_items[{index}]"):
            invoiceitems.update(db, row, UpdateInvoiceItem(**values), now=now)
    db.flush()
