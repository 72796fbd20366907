"""Lines of invoices, credited as a whole."""

from portal.billing.credit_notes.params import CreditNoteLineData
from portal.models import InvoiceLine


def credit_line(line: InvoiceLine) -> CreditNoteLineData:
    """All of a line: by its quantity, which the credit note prints then, or else by its amount."""
    if line.quantity > 0:
        return CreditNoteLineData(type="invoice_line_item", invoice_line_item=line.id, quantity=line.quantity)
    return credit_amount(line, line.amount)


def credit_amount(line: InvoiceLine, amount: int) -> CreditNoteLineData:
    """A part of a line, before discounts."""
    return CreditNoteLineData(type="invoice_line_item", invoice_line_item=line.id, amount=amount)
