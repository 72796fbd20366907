"""What is due of a customer's open invoices, and on which days: each at once, or in parts."""

from collections.abc import Iterator, Mapping
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Customer, Invoice
from portal.models.document_days import day_on
from portal.rules.instalments import unpaid

_MOST_INVOICES = 200


def list_due(db: Session, customer: Customer, covered: Mapping[str, int]) -> Iterator[tuple[Invoice, date, int]]:
    """Invoices, days and amounts in minor units; `covered` is what debits bring, by the invoice."""
    open_ones = select(Invoice).where(
        Invoice.customer_id == customer.id, Invoice.status == "open", Invoice.amount_remaining > 0
    )
    for each in db.scalars(open_ones.order_by(Invoice.created.desc(), Invoice.id).limit(_MOST_INVOICES)):
        remaining = each.amount_remaining - covered.get(each.id, 0)
        for due_date, amount in _list_parts(each, remaining):
            yield each, day_on(each, due_date), amount


def _list_parts(invoice: Invoice, remaining: int) -> list[tuple[int, int]]:
    if invoice.amounts_due:
        return [(part["due_date"], left) for part, left in unpaid(invoice.amounts_due, remaining)]
    return [(invoice.due_date, remaining)] if invoice.due_date is not None and remaining > 0 else []
