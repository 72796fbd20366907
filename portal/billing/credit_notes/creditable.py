"""What of an invoice can still be credited: its shipping cost, and how much in total."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.billing.credit_notes import refunding
from portal.billing.credit_notes.params import CreateCreditNote
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import CreditNote, Invoice
from portal.rules import credit_notes as rules


def find_creditable_shipping(db: Session, invoice: Invoice, command: CreateCreditNote) -> dict[str, Any] | None:
    """The invoice's whole shipping cost, which can be credited once. Raises `InvalidRequest` and `ResourceMissing`."""
    if command.shipping_cost is None:
        return None
    cost, param = invoice.shipping_cost, "shipping_cost[shipping_rate]"
    if cost is None or command.shipping_cost.shipping_rate != cost["shipping_rate"]:
        raise ResourceMissing("shipping rate on this invoice", command.shipping_cost.shipping_rate or "", param=param)
    issued = select(CreditNote).where(CreditNote.invoice_id == invoice.id, CreditNote.status == "issued")
    if any(note.shipping_cost for note in db.scalars(issued)):
        raise InvalidRequest("The cost of shipping of this invoice has been credited already.", param=param)
    return cost


def credited_amount(db: Session, invoice: Invoice) -> int:
    """What has been credited of an invoice before."""
    issued = (CreditNote.invoice_id == invoice.id, CreditNote.status == "issued")
    return int(db.scalar(select(func.coalesce(func.sum(CreditNote.total), 0)).where(*issued)) or 0)


def allocate_total(db: Session, invoice: Invoice, command: CreateCreditNote, total: int) -> rules.CreditNoteAllocation:
    """Split the total into what lowers the amount due and what is given back.

    Raises `InvalidRequest` for more than there is to credit.
    """
    refunded = refunding.refunded_amount(db, invoice, command)
    try:
        return rules.allocate_total(
            total=total,
            status=invoice.status,
            invoice_total=invoice.total,
            credited=credited_amount(db, invoice),
            amount_remaining=invoice.amount_remaining,
            credit=command.credit_amount,
            out_of_band=command.out_of_band_amount,
            refunded=refunded,
        )
    except rules.NotCreditable as error:
        raise InvalidRequest(str(error), param="amount" if command.amount is not None else "lines") from None
