"""The subscription that a session in subscription mode ends in, with its first invoice."""

from typing import Any

from sqlalchemy.orm import Session

from portal.billing.checkout import line_items, offers, sold
from portal.billing.subscriptions import subscriptions
from portal.billing.subscriptions.item_params import AddedItem, SentItem
from portal.billing.subscriptions.params import CreateSubscription
from portal.db import find_row
from portal.models import CheckoutSession, Customer, Invoice, PaymentMethod


def end_in_subscription(
    db: Session, session: CheckoutSession, customer: Customer, method: PaymentMethod | None, *, now: int
) -> None:
    """Make the subscription for a customer who is locked, its invoice finalized, and name both in the session."""
    lines = sold.list_chosen(session)
    repeated = [line for line in lines if line_items.is_repeated(line)]
    sent: dict[str, Any] = {
        "customer": customer.id,
        "items": [SentItem(**sold.item_params(line)) for line in repeated],
        "add_invoice_items": [AddedItem(**sold.item_params(line)) for line in lines if line not in repeated],
        "discounts": offers.sources(session),
        **sold.collection_params(db, session, method),
        **(session.settings.get("subscription_data") or {}),
    }
    subscription = subscriptions.create(db, CreateSubscription.model_validate(sent), bills_pending=False, now=now)
    db.flush()
    session.subscription_id, session.invoice_id = subscription.id, subscription.latest_invoice_id
    invoice = find_row(db, Invoice, subscription.latest_invoice_id or "", noun="invoice")
    if invoice.status == "draft":
        sold.issue(db, customer, invoice, now=now)
