"""The claim by which each debit is put into one file alone, and what becomes of those that are claimed."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from portal.billing.collection.due import lives_by
from portal.billing.collection.writing import Planned
from portal.db import scope_of
from portal.models import Customer, DirectDebit, DirectDebitFile, Invoice, Mandate, PaymentMethod
from portal.rules import instalments


def claim(db: Session, until: date, test_clock_id: str | None) -> Sequence[Any]:
    """The scheduled debits until a day, locked with their invoices, beside what a file says of them.

    Who holds an invoice may be about to pay it: such a debit waits for the next file, so nobody waits for anybody.
    """
    columns = (
        DirectDebit.id,
        DirectDebit.amount,
        DirectDebit.collect_on,
        DirectDebit.end_to_end_id,
        DirectDebit.due_by,
        Invoice.id.label("invoice_id"),
        Invoice.status.label("invoice_status"),
        Invoice.amount_remaining,
        Invoice.amounts_due,
        Invoice.debit.label("noted"),
        Invoice.number,
        Mandate.status.label("mandate_status"),
        Mandate.type.label("mandate_type"),
        Mandate.reference,
        Mandate.created.label("mandate_created"),
        Mandate.acceptance,
        PaymentMethod.sealed,
        PaymentMethod.customer_id.label("method_customer_id"),
        PaymentMethod.billing_details,
        Customer.name,
        Customer.address,
    )
    statement = (
        select(*columns)
        .join(Invoice, Invoice.id == DirectDebit.invoice_id)
        .join(Customer, Customer.id == DirectDebit.customer_id)
        .join(Mandate, Mandate.id == DirectDebit.mandate_id)
        .join(PaymentMethod, PaymentMethod.id == Mandate.payment_method_id)
        .where(
            DirectDebit.status == "scheduled",
            DirectDebit.collect_on <= until,
            lives_by(test_clock_id),
        )
        .order_by(DirectDebit.collect_on, DirectDebit.id)
        .with_for_update(of=[DirectDebit, Invoice], skip_locked=True)
    )
    return db.execute(statement).all()


def needs_money(row: Any) -> bool:
    """Whether the invoice of a claimed debit is still to be paid."""
    return bool(row.invoice_status == "open" and amount_of(row) > 0)


def amount_of(row: Any) -> int:
    """How much of a claimed debit is still to be paid; of an invoice in parts no more than is due by then."""
    amount, remaining = row.amount, row.amount_remaining
    if row.due_by is not None:
        remaining = instalments.due_by(row.amounts_due, remaining, row.due_by)
    return int(min(amount, remaining))


def has_mandate(row: Any) -> bool:
    """Whether a claimed debit can still be collected; otherwise `failures.drop` decides what follows."""
    return row.mandate_status == "active" and row.method_customer_id is not None and row.sealed is not None


def cancel(db: Session, rows: Sequence[Any]) -> None:
    """Cancel claimed debits whose invoice needs no money any more."""
    if rows:
        values = [{"own": row.id, "why": f"invoice_{row.invoice_status}"} for row in rows]
        _update_each(db, DirectDebit, {"status": "canceled", "reason": bindparam("why")}, values)
        _update_each(db, Invoice, {"debit": None}, [{"own": row.invoice_id} for row in rows])


def note_in_file(db: Session, file: DirectDebitFile, planned: Sequence[Planned]) -> None:
    """Note which file the claimed debits are in, and as what."""
    values = [
        {"own": each.row.id, "sum": each.amount, "day": each.collect_on, "kind": each.sequence_type} for each in planned
    ]
    changes = {
        "status": "processing",
        "file_id": file.id,
        "amount": bindparam("sum"),
        "collect_on": bindparam("day"),
        "sequence_type": bindparam("kind"),
    }
    _update_each(db, DirectDebit, changes, values)
    _note_changes(db, planned)


def _note_changes(db: Session, planned: Sequence[Planned]) -> None:
    """Let invoices say the day and the amount that are in the file, where these are not what was noted before."""
    changed = [
        {
            "own": each.row.invoice_id,
            "said": {**each.row.noted, "amount": each.amount, "collect_on": str(each.collect_on)},
        }
        for each in planned
        if each.row.noted and (each.amount, each.collect_on) != (each.row.amount, each.row.collect_on)
    ]
    if changed:
        _update_each(db, Invoice, {"debit": bindparam("said", type_=Invoice.debit.type)}, changed)


def _update_each(db: Session, model: Any, changes: dict[str, Any], values: list[dict[str, Any]]) -> None:
    """Change many rows at once, past the session, which would hold and record each."""
    table = model.__table__
    statement = (
        update(table)
        .where(table.c.tenant_id == bindparam("tenant"), table.c.id == bindparam("own"))
        .values(revision=table.c.revision + 1, **changes)
    )
    tenant = scope_of(db).tenant_id
    db.connection().execute(statement, [{**each, "tenant": tenant} for each in values])
