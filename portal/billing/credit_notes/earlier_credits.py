"""What was credited of the lines of an invoice before."""

from collections import defaultdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import CreditNote, CreditNoteLine, Invoice
from portal.rules.credit_notes import EarlierCredits


def credits_by_line(db: Session, invoice: Invoice) -> defaultdict[str, EarlierCredits]:
    """What issued credit notes have credited, by invoice line."""
    statement = (
        select(CreditNoteLine)
        .join(
            CreditNote,
            (CreditNote.tenant_id == CreditNoteLine.tenant_id) & (CreditNote.id == CreditNoteLine.credit_note_id),
        )
        .where(CreditNote.invoice_id == invoice.id, CreditNote.status == "issued")
    )
    sums: defaultdict[str, EarlierCredits] = defaultdict(EarlierCredits)
    for line in db.scalars(statement):
        if line.invoice_line_id:
            sums[line.invoice_line_id] = add_credit(sums[line.invoice_line_id], line)
    return sums


def add_credit(earlier: EarlierCredits, line: CreditNoteLine) -> EarlierCredits:
    """The earlier credit of an invoice line plus this credit note line."""
    return earlier.with_part(line.amount, line.quantity, line.taxes, line.discount_amounts)
