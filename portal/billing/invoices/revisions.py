"""Invoice revisions: a draft that copies an open invoice and replaces it once it is finalized (ADR 0010)."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import inspect, select, update
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.invoices.params import FromInvoice
from portal.billing.invoices.statuses import void
from portal.billing.ledger import locks, totals
from portal.billing.ledger.locks import Billed
from portal.db import lock_row, rows_by_id
from portal.errors import InvalidRequest
from portal.models import CreditNote, Discount, Invoice, InvoiceItem, InvoiceLine, Subscription
from portal.wire.commands import Command

#: What a revision takes over, beside lines and discounts.
_COPIED_COLUMNS = (
    "account_tax_ids",
    "amounts_due",
    "collection_method",
    "custom_fields",
    "days_until_due",
    "default_tax_rates",
    "description",
    "discounts",
    "due_date",
    "footer",
    "metadata_",
    "quote_id",
    "rendering",
    "shipping_cost",
    "shipping_details",
    "statement_descriptor",
)


def start_revision(db: Session, command: FromInvoice, draft: Callable[[Billed], Invoice], *, now: int) -> Billed:
    """A draft with the content of the original; `draft` creates an empty one.

    Raises `InvalidRequest` unless the original is open, with nothing paid or credited on it.
    """
    billed = locks.invoice_by_id(db, command.invoice, param="from_invoice[invoice]")
    original = billed.invoice
    refuse_unrevisable(db, original, param="from_invoice[invoice]")
    revision = draft(billed)
    repeat(db, original, revision, now=now)
    return Billed(billed.customer, billed.subscription, revision)


def repeat(db: Session, original: Invoice, draft: Invoice, *, now: int) -> None:
    """Have an empty draft say what the original says, as the one that takes its place."""
    for name in _COPIED_COLUMNS:
        setattr(draft, name, getattr(original, name))
    draft.from_invoice_id = original.id
    db.flush()
    totals.compute_totals(db, draft, _copy_lines(db, original, draft, now))


def replace_original(db: Session, billed: Billed, *, now: int) -> None:
    """Void the original before its revision is finalized; what waits for the original then waits for the revision.

    Raises `InvalidRequest` where the original was paid, credited, voided or written off meanwhile.
    """
    revision = billed.invoice
    if revision.from_invoice_id is None:
        return
    original = lock_row(db, Invoice, revision.from_invoice_id, noun="invoice")
    refuse_unrevisable(db, original, param=None)
    take_over(db, billed.subscription, original, revision)
    void(db, original, Command(), now=now)


def take_over(db: Session, subscription: Subscription | None, original: Invoice, revision: Invoice) -> None:
    """What waits for the original, or was spent on it, is the revision's from now on."""
    if subscription and subscription.latest_invoice_id == original.id:
        subscription.latest_invoice_id = revision.id
    if subscription and subscription.pending_update and subscription.pending_update["invoice"] == original.id:
        subscription.pending_update = {**subscription.pending_update, "invoice": revision.id}
    db.flush()
    spent = update(Discount).where(Discount.spent_on == original.id).values(spent_on=revision.id)
    db.execute(spent, execution_options={"synchronize_session": "fetch"})
    for earlier in _revision_chain(db, original):
        earlier.latest_revision_id = revision.id


def refuse_unrevisable(db: Session, original: Invoice, *, param: str | None) -> None:
    """Raises `InvalidRequest` for an original that can't be revised any more."""
    if original.status != "open":
        raise InvalidRequest(
            f"Only open invoices can be revised; the invoice '{original.id}' is {original.status}.", param=param
        )
    if original.amount_paid or db.scalar(_ISSUED_NOTES.where(CreditNote.invoice_id == original.id).limit(1)):
        raise InvalidRequest(
            f"The invoice '{original.id}' is paid or credited in part and can't be revised; credit the rest of it.",
            param=param,
        )


_ISSUED_NOTES = select(CreditNote.id).where(CreditNote.status == "issued")


def _revision_chain(db: Session, original: Invoice) -> list[Invoice]:
    """The original, and the invoices that it revises in turn."""
    found = [original]
    while found[-1].from_invoice_id:
        found.append(lock_row(db, Invoice, found[-1].from_invoice_id, noun="invoice"))
    return found


def _copy_lines(db: Session, original: Invoice, revision: Invoice, now: int) -> list[InvoiceLine]:
    lines = totals.list_lines(db, original.id)
    items = rows_by_id(db, InvoiceItem, [line.invoice_item_id for line in lines if line.invoice_item_id])
    return [_copy_line(db, line, items.get(line.invoice_item_id or ""), revision, now) for line in lines]


def _copy_line(db: Session, line: InvoiceLine, item: InvoiceItem | None, revision: Invoice, now: int) -> InvoiceLine:
    changed: dict[str, Any] = {"id": ids.new("line_item"), "created": now, "invoice_id": revision.id}
    if item is not None:
        copy = _copy_row(item, id=ids.new("invoiceitem"), created=now, invoice_id=revision.id)
        db.add(copy)
        changed["invoice_item_id"] = copy.id
    repeated: InvoiceLine = _copy_row(line, **changed)
    db.add(repeated)
    return repeated


def _copy_row(row: Any, **changed: Any) -> Any:
    columns = {each.key: getattr(row, each.key) for each in inspect(type(row)).column_attrs}
    return type(row)(**{**columns, **changed})
