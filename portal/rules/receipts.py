"""When an invoice has a receipt, and its number."""

from __future__ import annotations

PREFIX = "R-"


def number(status: str, invoice_number: str | None, amount_paid: int, kept: str | None = None) -> str | None:
    """The number `kept` from another system, else `R-` and the invoice's, so that a receipt leads back to its invoice.

    None where nothing was paid: a receipt confirms money, and an invoice settled by credit alone had none.
    """
    if status != "paid" or not invoice_number or amount_paid <= 0:
        return None
    return kept or f"{PREFIX}{invoice_number}"
