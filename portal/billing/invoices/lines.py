"""Changes of several lines of a draft at once; each line is an invoice item, pending again once it is removed."""

from typing import Any

from sqlalchemy.orm import Session

from portal.billing.catalogue import tax_rates
from portal.billing.invoices import drafts, given_taxes, invoiceitems
from portal.billing.invoices.item_params import (
    AddLines,
    CreateInvoiceItem,
    LineChange,
    LinesCommand,
    NewLine,
    RemoveLines,
    UpdateInvoiceItem,
    UpdateLine,
    UpdateLines,
)
from portal.billing.ledger import locks, totals
from portal.db import find_row, lock_row
from portal.errors import InvalidRequest, ResourceMissing, params_within
from portal.models import Invoice, InvoiceItem, InvoiceLine
from portal.wire.commands import (
    merge_metadata,
)


def add(db: Session, invoice: Invoice, command: AddLines, *, now: int) -> Invoice:
    """Put new or pending invoice items on a draft. Raises `InvalidRequest` that names the line."""
    _lock_draft(db, invoice, command)
    for index, line in enumerate(command.lines):
        with params_within(f"lines[{index}]"):
            _add_line(db, invoice, line, now)
    return invoice


def update(db: Session, invoice: Invoice, command: UpdateLines, *, now: int) -> Invoice:
    """Change lines of a draft. Raises `InvalidRequest` that names the line."""
    _lock_draft(db, invoice, command)
    for index, change in enumerate(command.lines):
        with params_within(f"lines[{index}]"):
            _change_line(db, invoice, change.id, change, now)
    return invoice


def remove(db: Session, invoice: Invoice, command: RemoveLines, *, now: int) -> Invoice:
    """Delete lines of a draft, or make their items pending again. Raises `InvalidRequest` that names the line."""
    _lock_draft(db, invoice, command)
    for index, removed in enumerate(command.lines):
        with params_within(f"lines[{index}]"):
            item = _find_item(db, _find_line(db, invoice, removed.id))
            drafts.remove_item(db, invoice, item)
            item.invoice_id = None
            if removed.behavior == "delete":
                db.delete(item)
    return invoice


def update_line(db: Session, invoice: Invoice, id: str, command: UpdateLine, *, now: int) -> InvoiceLine:
    """Change one line of a draft."""
    _lock_draft(db, invoice, None)
    return _change_line(db, invoice, id, command, now)


def _lock_draft(db: Session, invoice: Invoice, command: LinesCommand | None) -> None:
    locks.invoice(db, invoice)
    drafts.refuse_finalized(invoice, "lines" if command else None)
    if command and command.was_sent("invoice_metadata"):
        invoice.metadata_ = merge_metadata(invoice.metadata_, command.invoice_metadata)


def _add_line(db: Session, invoice: Invoice, line: NewLine, now: int) -> None:
    _refuse_two_tax_sources(line)
    if line.invoice_item is None:
        sent = {**_item_params(line), "customer": invoice.customer_id, "invoice": invoice.id}
        made = invoiceitems.create(db, CreateInvoiceItem.model_construct(set(sent), **sent), now=now)
        _set_item_taxes(db, invoice, made, line, now)
        return
    item = lock_row(db, InvoiceItem, line.invoice_item, noun="invoice item", param="invoice_item")
    if item.customer_id != invoice.customer_id or item.currency != invoice.currency:
        raise InvalidRequest("The invoice item is another customer's, or in another currency.", param="invoice_item")
    if item.invoice_id is not None:
        raise InvalidRequest("The invoice item is on an invoice already.", param="invoice_item")
    drafts.add_items(db, invoice, [item])
    _update_item(db, item, line, now)
    _set_item_taxes(db, invoice, item, line, now)


def _change_line(db: Session, invoice: Invoice, id: str, change: LineChange, now: int) -> InvoiceLine:
    _refuse_two_tax_sources(change)
    line = _find_line(db, invoice, id)
    item = _find_item(db, line) if line.invoice_item_id else None
    if not change.was_sent("tax_amounts") and _item_params(change).keys() & _PRICE_PARAMS:
        line.given_taxes = None
    if item:
        _update_item(db, item, change, now)
    else:
        _update_subscription_line(db, invoice, line, change)
    if change.was_sent("tax_amounts"):
        given_taxes.set_line_taxes(db, invoice, line, item, change.tax_amounts, now=now)
    return line


def _set_item_taxes(db: Session, invoice: Invoice, item: InvoiceItem, change: LineChange, now: int) -> None:
    if not change.was_sent("tax_amounts"):
        return
    db.flush()
    (line,) = (each for each in totals.list_lines(db, invoice.id) if each.invoice_item_id == item.id)
    given_taxes.set_line_taxes(db, invoice, line, item, change.tax_amounts, now=now)


def _refuse_two_tax_sources(change: LineChange) -> None:
    if change.tax_amounts and change.tax_rates:
        raise InvalidRequest(
            "You may only specify one of these parameters: tax_amounts, tax_rates.", param="tax_amounts"
        )


#: What a line costs; with any of it the taxes that were given hold no longer.
_PRICE_PARAMS = frozenset(
    {"amount", "discountable", "discounts", "price_data", "pricing", "quantity", "quantity_decimal", "tax_rates"}
)


def _update_item(db: Session, item: InvoiceItem, change: LineChange, now: int) -> None:
    sent = _item_params(change)
    if sent:
        invoiceitems.update(db, item, UpdateInvoiceItem.model_construct(set(sent), **sent), now=now)


def _update_subscription_line(db: Session, invoice: Invoice, line: InvoiceLine, change: LineChange) -> None:
    """Change texts and tax rates of a subscription's line; its amount comes from the subscription and can't change."""
    fixed = sorted(set(_item_params(change)) - {"description", "discountable", "metadata", "tax_rates"})
    if fixed:
        raise InvalidRequest("The subscription says what this line costs; change the subscription.", param=fixed[0])
    for key, value in change.sent_values("description", "discountable").items():
        setattr(line, key, value)
    if change.was_sent("metadata"):
        line.metadata_ = merge_metadata(line.metadata_, change.metadata)
    if change.was_sent("tax_rates"):
        chosen = [rate.id for rate in tax_rates.active_tax_rates(db, change.tax_rates, "tax_rates")]
        line.tax_rates = drafts.frozen_rates(db, chosen) or invoice.default_tax_rates
    totals.compute_totals(db, invoice)


def _item_params(change: LineChange) -> dict[str, Any]:
    return {name: getattr(change, name) for name in change.model_fields_set - _NOT_ITEM_PARAMS}


_NOT_ITEM_PARAMS = {"id", "invoice_item", "expand", "tax_amounts"}


def _find_line(db: Session, invoice: Invoice, id: str) -> InvoiceLine:
    line = find_row(db, InvoiceLine, id, noun="line item", param="id")
    if line.invoice_id != invoice.id:
        raise ResourceMissing("line item", id, param="id")
    return line


def _find_item(db: Session, line: InvoiceLine) -> InvoiceItem:
    if line.invoice_item_id is None:
        raise InvalidRequest("The line is a subscription's and can't be taken off.", param="id")
    return find_row(db, InvoiceItem, line.invoice_item_id, noun="invoice item")
