"""A customer's own part in invoice numbers: the prefix and the next sequence."""

import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.errors import InvalidRequest
from portal.models import Customer, Invoice

PREFIX_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"


def refuse_prefix_in_use(db: Session, customer: Customer, prefix: str) -> None:
    """A prefix that another customer has, or has invoices with, is refused, so that no number is given twice."""
    taken = select(Customer.id).where(Customer.invoice_prefix == prefix)
    numbered = Invoice.number.startswith(f"{prefix}-", autoescape=True)
    if db.scalar(taken) or db.scalar(select(Invoice.id).where(numbered, Invoice.customer_id != customer.id).limit(1)):
        raise InvalidRequest("This invoice prefix is already used by another customer.", param="invoice_prefix")


def advance_sequence(customer: Customer, sequence: int) -> None:
    """Set the next sequence. Raises `InvalidRequest` for one that was passed already."""
    if not customer.next_invoice_sequence <= sequence <= 1_000_000_000:
        raise InvalidRequest(
            f"The next invoice sequence must be from {customer.next_invoice_sequence} to 1000000000.",
            param="next_invoice_sequence",
        )
    customer.next_invoice_sequence = sequence


def random_prefix() -> str:
    """Eight letters and digits for a new customer."""
    return "".join(secrets.choice(PREFIX_LETTERS) for _ in range(8))
