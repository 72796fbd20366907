"""Calls for invoices, their line items, and invoice items."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal.api import endpoint
from portal.api.endpoint import AnswerType
from portal.api.lines import page_of_lines
from portal.api.resource import Resource, render_answer
from portal.billing.customers import test_clocks
from portal.billing.invoices import collection, finalization, invoiceitems, invoices, lines, payments
from portal.billing.invoices.item_params import (
    AddLines,
    CreateInvoiceItem,
    ListInvoiceItems,
    RemoveLines,
    UpdateInvoiceItem,
    UpdateLine,
    UpdateLines,
)
from portal.billing.invoices.params import CreateInvoice, FinalizeInvoice, ListInvoices, PayInvoice, UpdateInvoice
from portal.db import find_row
from portal.models import Invoice, InvoiceItem, InvoiceLine
from portal.wire.commands import ExpandableCommand, ListCommand
from portal.wire.page import equal_conditions, range_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of these nouns."""
    resource = Resource(blueprint, "invoice", "invoices")
    resource.create(CreateInvoice, invoices.create)
    resource.retrieve()
    resource.change(UpdateInvoice, invoices.update)
    resource.delete(invoices.delete)
    resource.change(FinalizeInvoice, finalization.finalize, "finalize")
    resource.change(PayInvoice, payments.pay, "pay")
    resource.change(ExpandableCommand, collection.void, "void")
    resource.change(ExpandableCommand, collection.mark_uncollectible, "mark_uncollectible")
    resource.change(ExpandableCommand, finalization.send, "send")
    resource.list(ListInvoices, _select_invoices)
    endpoint.add(
        blueprint, "GET", "/invoices/<id>/lines", ListCommand, _list_line_items, AnswerType("line_item", "list")
    )

    resource.change(AddLines, lines.add, "add_lines")
    resource.change(UpdateLines, lines.update, "update_lines")
    resource.change(RemoveLines, lines.remove, "remove_lines")
    rule = "/invoices/<id>/lines/<line>"
    endpoint.add(blueprint, "POST", rule, UpdateLine, _update_line_item, AnswerType("line_item"))

    item = Resource(blueprint, "invoiceitem", "invoiceitems")
    item.create(CreateInvoiceItem, invoiceitems.create)
    item.retrieve()
    item.change(UpdateInvoiceItem, invoiceitems.update)
    item.delete(invoiceitems.delete)
    item.list(ListInvoiceItems, _select_invoice_items)


def _update_line_item(db: Session, params: UpdateLine, id: str, line: str) -> dict[str, Any]:
    invoice = find_row(db, Invoice, id, noun="invoice")
    changed = lines.update_line(db, invoice, line, params, now=test_clocks.time_for_call(db, invoice))
    return render_answer(db, "line_item", changed, params)


def _list_line_items(db: Session, params: ListCommand, id: str) -> dict[str, Any]:
    find_row(db, Invoice, id, noun="invoice")
    statement = select(InvoiceLine).where(InvoiceLine.invoice_id == id)
    return page_of_lines(db, "line_item", statement, InvoiceLine, params, f"/v1/invoices/{id}/lines")


def _select_invoices(params: ListInvoices) -> Select[Any]:
    statement = select(Invoice).where(
        *range_conditions(Invoice.created, params.created), *range_conditions(Invoice.due_date, params.due_date)
    )
    return statement.where(*equal_conditions(params, **_FILTERS))


_FILTERS = {
    "collection_method": Invoice.collection_method,
    "customer": Invoice.customer_id,
    "status": Invoice.status,
    "subscription": Invoice.subscription_id,
}


def _select_invoice_items(params: ListInvoiceItems) -> Select[Any]:
    statement = select(InvoiceItem).where(*range_conditions(InvoiceItem.created, params.created))
    statement = statement.where(
        *equal_conditions(params, customer=InvoiceItem.customer_id, invoice=InvoiceItem.invoice_id)
    )
    if params.pending is not None:
        pending = InvoiceItem.invoice_id.is_(None)
        statement = statement.where(pending if params.pending else ~pending)
    return statement
