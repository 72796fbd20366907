"""Decides whether an invoice has a receipt, and computes the receipt number."""

from portal.rules.statuses import InvoiceStatus

PREFIX = "R-"


def receipt_number(
    status: InvoiceStatus, invoice_number: str | None, amount_paid: int, kept: str | None = None
) -> str | None:
    """The number `kept` from another system, else `R-` and the invoice number.

    None where nothing was paid: a receipt confirms money received, and an invoice paid by credit alone has none.
    """
    if status != "paid" or not invoice_number or amount_paid <= 0:
        return None
    return kept or f"{PREFIX}{invoice_number}"
