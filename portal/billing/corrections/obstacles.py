"""What keeps an invoice from being corrected."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.collection.coming_debits import find_coming_debit
from portal.billing.intents import attempts
from portal.errors import InvalidRequest
from portal.models import CreditNote, Invoice
from portal.rules.corrections import OBSTACLES


class NotCorrectable(InvalidRequest):
    """`obstacle` is a key of `rules.corrections.OBSTACLES`."""

    def __init__(self, obstacle: str, *, param: str | None = None) -> None:
        super().__init__(f"This invoice can't be corrected. {OBSTACLES[obstacle]}", param=param)
        self.obstacle = obstacle


def find_obstacle(db: Session, invoice: Invoice) -> str | None:
    """Why an invoice can't be corrected as it is now; None where it can."""
    if invoice.latest_revision_id is not None:
        return "corrected"
    if invoice.status not in {"open", "paid"}:
        return invoice.status
    if invoice.total <= 0:
        return "nothing_billed"
    if db.scalar(_ISSUED_NOTES.where(CreditNote.invoice_id == invoice.id).limit(1)):
        return "credited"
    if invoice.status == "paid":
        return None
    if invoice.amount_paid:
        return "paid_in_part"
    return "payment_under_way" if _is_being_paid(db, invoice) else None


_ISSUED_NOTES = select(CreditNote.id).where(CreditNote.status == "issued")


def _is_being_paid(db: Session, invoice: Invoice) -> bool:
    """Whether money may arrive that nobody could take back."""
    if find_coming_debit(db, invoice):
        return True
    latest = attempts.find_latest(db, invoice)
    return latest is not None and latest.status in {"processing", "requires_action"}
