"""Invoice items that wait for the next invoice."""

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from portal.models import InvoiceItem

#: Items that one invoice takes up by itself; the others wait for the next one.
MOST_PENDING = 250


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
