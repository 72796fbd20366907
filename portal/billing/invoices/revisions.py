"""Revisions: a draft that repeats an open invoice, and takes its place once it is finalized (ADR 0010)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from sqlalchemy import inspect, select, update
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.invoices.collection import void
from portal.billing.ledger import locks, totals
from portal.billing.ledger.locks import Billed
from portal.db import among, locked
from portal.errors import InvalidRequest
from portal.models import CreditNote, Discount, Invoice, InvoiceItem, InvoiceLine
from portal.wire.commands import Command, Id

#: What a revision takes over, beside lines and discounts.
_REPEATED = (
    "account_tax_ids",
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


class FromInvoice(Command):
    action: Literal["revision"]
    invoice: Id


def start(db: Session, command: FromInvoice, draft: Callable[[Billed], Invoice], *, now: int) -> Billed:
    """A draft that says what the original says; `draft` makes an empty one.

    Raises `InvalidRequest` unless the original is open, with nothing paid or credited on it.
    """
    billed = locks.invoice(db, command.invoice, param="from_invoice[invoice]")
    original = billed.invoice
    refuse_settled(db, original, param="from_invoice[invoice]")
    revision = draft(billed)
    for name in _REPEATED:
        setattr(revision, name, getattr(original, name))
    revision.from_invoice_id = original.id
    db.flush()
    totals.total(db, revision, _repeat_lines(db, original, revision, now))
    return Billed(billed.customer, billed.subscription, revision)


def take_place(db: Session, billed: Billed, *, now: int) -> None:
    """Void the original before its revision is finalized; what waited for the one waits for the other now.

    Raises `InvalidRequest` where the original was paid, credited, voided or written off meanwhile.
    """
    revision = billed.invoice
    if revision.from_invoice_id is None:
        return
    original = locked(db, Invoice, revision.from_invoice_id, noun="invoice")
    refuse_settled(db, original, param=None)
    subscription = billed.subscription
    if subscription and subscription.latest_invoice_id == original.id:
        subscription.latest_invoice_id = revision.id
    if subscription and subscription.pending_update and subscription.pending_update["invoice"] == original.id:
        subscription.pending_update = {**subscription.pending_update, "invoice": revision.id}
    db.flush()
    void(db, original, Command(), now=now)
    spent = update(Discount).where(Discount.spent_on == original.id).values(spent_on=revision.id)
    db.execute(spent, execution_options={"synchronize_session": "fetch"})
    for earlier in _chain(db, original):
        earlier.latest_revision_id = revision.id


def refuse_settled(db: Session, original: Invoice, *, param: str | None) -> None:
    """Raises `InvalidRequest` for an original that can't be taken back any more."""
    if original.status != "open":
        raise InvalidRequest(
            f"Only open invoices can be revised; the invoice '{original.id}' is {original.status}.", param=param
        )
    if original.amount_paid or db.scalar(_NOTES.where(CreditNote.invoice_id == original.id).limit(1)):
        raise InvalidRequest(
            f"The invoice '{original.id}' is paid or credited in part and can't be revised; credit the rest of it.",
            param=param,
        )


_NOTES = select(CreditNote.id).where(CreditNote.status == "issued")


def _chain(db: Session, original: Invoice) -> list[Invoice]:
    """The original, and what it is a revision of in turn."""
    found = [original]
    while found[-1].from_invoice_id:
        found.append(locked(db, Invoice, found[-1].from_invoice_id, noun="invoice"))
    return found


def _repeat_lines(db: Session, original: Invoice, revision: Invoice, now: int) -> list[InvoiceLine]:
    lines = totals.lines(db, original.id)
    items = among(db, InvoiceItem, [line.invoice_item_id for line in lines if line.invoice_item_id])
    return [_repeated_line(db, line, items.get(line.invoice_item_id or ""), revision, now) for line in lines]


def _repeated_line(
    db: Session, line: InvoiceLine, item: InvoiceItem | None, revision: Invoice, now: int
) -> InvoiceLine:
    changed: dict[str, Any] = {"id": ids.new("line_item"), "created": now, "invoice_id": revision.id}
    if item is not None:
        copy = _copy(item, id=ids.new("invoiceitem"), created=now, invoice_id=revision.id)
        db.add(copy)
        changed["invoice_item_id"] = copy.id
    repeated: InvoiceLine = _copy(line, **changed)
    db.add(repeated)
    return repeated


def _copy(row: Any, **changed: Any) -> Any:
    columns = {each.key: getattr(row, each.key) for each in inspect(type(row)).column_attrs}
    return type(row)(**{**columns, **changed})
