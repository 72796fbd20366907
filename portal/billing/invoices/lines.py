"""Lines of a draft, several at a time: each is an invoice item, which waits again once it is taken off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from sqlalchemy.orm import Session

from portal.billing.catalogue import one_off_prices
from portal.billing.catalogue import tax_rates as catalogue_tax_rates
from portal.billing.discounts.discounts import Sources
from portal.billing.invoices import drafts, given_taxes, invoiceitems
from portal.billing.invoices.invoiceitems import CreateInvoiceItem, Period, Pricing, UpdateInvoiceItem
from portal.billing.ledger import locks, totals
from portal.db import find, locked
from portal.errors import InvalidRequest, PortalError, ResourceMissing
from portal.models import Invoice, InvoiceItem, InvoiceLine
from portal.wire.commands import (
    Amount,
    Clearable,
    Command,
    Expanding,
    Flag,
    Id,
    ListOf,
    Metadata,
    Quantity,
    Text,
    WholeDecimal,
    merged,
)


class Change(Command):
    amount: Amount | None = None
    description: Clearable[Text] = None
    discountable: Flag | None = None
    discounts: Sources = []
    metadata: Metadata = {}
    period: Period | None = None
    price_data: one_off_prices.PriceData | None = None
    pricing: Pricing | None = None
    quantity: Quantity | None = None
    quantity_decimal: WholeDecimal | None = None
    tax_amounts: ListOf[given_taxes.TaxAmount] = []
    tax_rates: ListOf[Id] = []


class NewLine(Change):
    invoice_item: Id | None = None


class ChangedLine(Change):
    id: Id


class RemovedLine(Command):
    id: Id
    behavior: Literal["delete", "unassign"]


class Several(Expanding):
    invoice_metadata: Metadata = {}


class AddLines(Several):
    lines: ListOf[NewLine]


class UpdateLines(Several):
    lines: ListOf[ChangedLine]


class RemoveLines(Several):
    lines: ListOf[RemovedLine]


class UpdateLine(Change, Expanding):
    pass


def add(db: Session, invoice: Invoice, command: AddLines, *, now: int) -> Invoice:
    """Put new charges, or items that wait, on a draft. Raises `InvalidRequest` that names the line."""
    invoice = _draft(db, invoice, command)
    for index, line in enumerate(command.lines):
        with _named(index):
            _add(db, invoice, line, now)
    return invoice


def update(db: Session, invoice: Invoice, command: UpdateLines, *, now: int) -> Invoice:
    """Change lines of a draft. Raises `InvalidRequest` that names the line."""
    invoice = _draft(db, invoice, command)
    for index, change in enumerate(command.lines):
        with _named(index):
            _change(db, invoice, change.id, change, now)
    return invoice


def remove(db: Session, invoice: Invoice, command: RemoveLines, *, now: int) -> Invoice:
    """Take lines off a draft for good, or let their items wait again. Raises `InvalidRequest` that names the line."""
    invoice = _draft(db, invoice, command)
    for index, removed in enumerate(command.lines):
        with _named(index):
            item = _item(db, _line(db, invoice, removed.id))
            drafts.remove_item(db, invoice, item)
            item.invoice_id = None
            if removed.behavior == "delete":
                db.delete(item)
    return invoice


def update_one(db: Session, invoice: Invoice, id: str, command: UpdateLine, *, now: int) -> InvoiceLine:
    """Change one line of a draft."""
    invoice = _draft(db, invoice, None)
    return _change(db, invoice, id, command, now)


def _draft(db: Session, invoice: Invoice, command: Several | None) -> Invoice:
    invoice = locks.invoice(db, invoice.id).invoice
    drafts.refuse_finalized(invoice, "lines" if command else None)
    if command and command.has("invoice_metadata"):
        invoice.metadata_ = merged(invoice.metadata_, command.invoice_metadata)
    return invoice


@contextmanager
def _named(index: int) -> Iterator[None]:
    """What is wrong in a line is told by the line's place."""
    try:
        yield
    except PortalError as error:
        head, bracket, rest = (error.param or "").partition("[")
        error.param = f"lines[{index}]" + (f"[{head}]{bracket}{rest}" if head else "")
        raise


def _add(db: Session, invoice: Invoice, line: NewLine, now: int) -> None:
    _refuse_both(line)
    if line.invoice_item is None:
        sent = {**_sent(line), "customer": invoice.customer_id, "invoice": invoice.id}
        made = invoiceitems.create(db, CreateInvoiceItem.model_construct(set(sent), **sent), now=now)
        _give_taxes(db, invoice, made, line, now)
        return
    item = locked(db, InvoiceItem, line.invoice_item, noun="invoice item", param="invoice_item")
    if item.customer_id != invoice.customer_id or item.currency != invoice.currency:
        raise InvalidRequest("The invoice item is another customer's, or in another currency.", param="invoice_item")
    if item.invoice_id is not None:
        raise InvalidRequest("The invoice item is on an invoice already.", param="invoice_item")
    drafts.add_items(db, invoice, [item])
    _update_item(db, item, line, now)
    _give_taxes(db, invoice, item, line, now)


def _change(db: Session, invoice: Invoice, id: str, change: Change, now: int) -> InvoiceLine:
    _refuse_both(change)
    line = _line(db, invoice, id)
    item = _item(db, line) if line.invoice_item_id else None
    if not change.has("tax_amounts") and _sent(change).keys() & _PRICED:
        line.given_taxes = None
    if item:
        _update_item(db, item, change, now)
    else:
        _update_subscribed(db, invoice, line, change)
    if change.has("tax_amounts"):
        given_taxes.give(db, invoice, line, item, change.tax_amounts, now=now)
    return line


def _give_taxes(db: Session, invoice: Invoice, item: InvoiceItem, change: Change, now: int) -> None:
    if not change.has("tax_amounts"):
        return
    db.flush()
    (line,) = (each for each in totals.lines(db, invoice.id) if each.invoice_item_id == item.id)
    given_taxes.give(db, invoice, line, item, change.tax_amounts, now=now)


def _refuse_both(change: Change) -> None:
    if change.tax_amounts and change.tax_rates:
        raise InvalidRequest(
            "You may only specify one of these parameters: tax_amounts, tax_rates.", param="tax_amounts"
        )


#: What a line costs; with any of it the taxes that were given hold no longer.
_PRICED = frozenset(
    {"amount", "discountable", "discounts", "price_data", "pricing", "quantity", "quantity_decimal", "tax_rates"}
)


def _update_item(db: Session, item: InvoiceItem, change: Change, now: int) -> None:
    sent = _sent(change)
    if sent:
        invoiceitems.update(db, item, UpdateInvoiceItem.model_construct(set(sent), **sent), now=now)


def _update_subscribed(db: Session, invoice: Invoice, line: InvoiceLine, change: Change) -> None:
    """What a subscription's item says of a line stays: its amount, and what that is made of."""
    fixed = sorted(set(_sent(change)) - {"description", "discountable", "metadata", "tax_rates"})
    if fixed:
        raise InvalidRequest("The subscription says what this line costs; change the subscription.", param=fixed[0])
    for key, value in change.given("description", "discountable").items():
        setattr(line, key, value)
    if change.has("metadata"):
        line.metadata_ = merged(line.metadata_, change.metadata)
    if change.has("tax_rates"):
        chosen = [rate.id for rate in catalogue_tax_rates.tax_rates(db, change.tax_rates, "tax_rates")]
        line.tax_rates = drafts.frozen_rates(db, chosen) or invoice.default_tax_rates
    totals.total(db, invoice)


def _sent(change: Change) -> dict[str, Any]:
    return {name: getattr(change, name) for name in change.model_fields_set - _OUTSIDE}


_OUTSIDE = {"id", "invoice_item", "expand", "tax_amounts"}


def _line(db: Session, invoice: Invoice, id: str) -> InvoiceLine:
    line = find(db, InvoiceLine, id, noun="line item", param="id")
    if line.invoice_id != invoice.id:
        raise ResourceMissing("line item", id, param="id")
    return line


def _item(db: Session, line: InvoiceLine) -> InvoiceItem:
    if line.invoice_item_id is None:
        raise InvalidRequest("The line is a subscription's and can't be taken off.", param="id")
    return find(db, InvoiceItem, line.invoice_item_id, noun="invoice item")
