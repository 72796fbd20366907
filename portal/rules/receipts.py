"""When an invoice has a receipt, and its number."""

from __future__ import annotations


def number(status: str, invoice_number: str | None, amount_paid: int) -> str | None:
    """`R-` and the invoice's number, so that a receipt leads back to its invoice.

    None where nothing was paid: a receipt confirms money, and an invoice settled by credit alone had none.
    """
    return f"R-{invoice_number}" if status == "paid" and invoice_number and amount_paid > 0 else None
