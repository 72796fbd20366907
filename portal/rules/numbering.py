"""Numbers of documents: `PREFIX-0001` and `PREFIX-0001-CN-01`."""

from __future__ import annotations


def invoice_number(prefix: str, sequence: int) -> str:
    """The number of a customer's nth invoice."""
    return f"{prefix}-{sequence:04d}"


def credit_note_number(invoice_number: str, sequence: int) -> str:
    """The number of an invoice's nth credit note."""
    return f"{invoice_number}-CN-{sequence:02d}"
