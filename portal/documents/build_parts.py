"""The parts that an invoice is to be paid in, as its document says them."""

from typing import Any

from portal.billing.invoices.instalments import is_charged
from portal.documents.parts import Instalment
from portal.models import Invoice
from portal.models.document_days import day_on
from portal.rules.instalments import remaining_of

__all__ = ["is_charged", "part_values"]


def part_values(row: Invoice) -> dict[str, Any]:
    """The parts that an invoice is to be paid in, and what is next of them."""
    if not row.amounts_due:
        return {}
    left = remaining_of(row.amounts_due, row.amount_remaining)
    found = tuple(
        Instalment(
            due_date=day_on(row, entry["due_date"]),
            amount=entry["amount"],
            amount_remaining=part,
            description=entry["description"] or "",
            late=bool(part and entry.get("fell_due") and row.overdue_at is not None),
        )
        for entry, part in zip(row.amounts_due, left, strict=True)
    )
    return {"instalments": found, "amount_next": row.amount_next, "charged_in_parts": is_charged(row)}
