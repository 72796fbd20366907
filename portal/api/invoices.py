"""Invoices with their lines, and invoice items."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal import clock, ids
from portal.api import endpoint
from portal.api.endpoint import Answers
from portal.api.lines import page_of_lines
from portal.api.resource import Resource, answer
from portal.billing.customers import test_clocks
from portal.billing.invoices import changes, collection, invoiceitems, invoices, lines, payments
from portal.db import find
from portal.documents.xml import offers
from portal.models import Invoice, InvoiceItem, InvoiceLine
from portal.objects import kinds
from portal.outbox import queue
from portal.wire.commands import Expanding, Listing
from portal.wire.page import between, equal_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of these nouns."""
    kinds.EXTRAS.update(offers.EXTRAS)
    resource = Resource(blueprint, "invoice", "invoices")
    resource.create(invoices.CreateInvoice, invoices.create)
    resource.retrieve()
    resource.change(changes.UpdateInvoice, invoices.update)
    resource.delete(invoices.delete)
    resource.change(invoices.FinalizeInvoice, invoices.finalize, "finalize")
    resource.change(payments.PayInvoice, payments.pay, "pay")
    resource.change(Expanding, collection.void, "void")
    resource.change(Expanding, collection.mark_uncollectible, "mark_uncollectible")
    endpoint.add(blueprint, "POST", "/invoices/<id>/send", Expanding, _send, resource.answers)
    resource.list(invoices.ListInvoices, _invoices)
    endpoint.add(blueprint, "GET", "/invoices/<id>/lines", Listing, _lines, Answers("line_item", "list"))

    resource.change(lines.AddLines, lines.add, "add_lines")
    resource.change(lines.UpdateLines, lines.update, "update_lines")
    resource.change(lines.RemoveLines, lines.remove, "remove_lines")
    rule = "/invoices/<id>/lines/<line>"
    endpoint.add(blueprint, "POST", rule, lines.UpdateLine, _update_line, Answers("line_item"))

    item = Resource(blueprint, "invoiceitem", "invoiceitems")
    item.create(invoiceitems.CreateInvoiceItem, invoiceitems.create)
    item.retrieve()
    item.change(invoiceitems.UpdateInvoiceItem, invoiceitems.update)
    item.delete(invoiceitems.delete)
    item.list(invoiceitems.ListInvoiceItems, _items)


def _send(db: Session, params: Expanding, id: str) -> dict[str, Any]:
    invoice, now = find(db, Invoice, id, noun="invoice"), clock.now()
    invoice = invoices.send(db, invoice, params, now=test_clocks.present(db, invoice))
    key = f"invoice:{invoice.id}:{ids.new('mail')}"  # each call sends it once more
    queue.put(db, "invoice", key, customer_id=invoice.customer_id, invoice=invoice.id, now=now)
    return answer(db, "invoice", invoice, params)


def _update_line(db: Session, params: lines.UpdateLine, id: str, line: str) -> dict[str, Any]:
    invoice = find(db, Invoice, id, noun="invoice")
    changed = lines.update_one(db, invoice, line, params, now=test_clocks.present(db, invoice))
    return answer(db, "line_item", changed, params)


def _lines(db: Session, params: Listing, id: str) -> dict[str, Any]:
    find(db, Invoice, id, noun="invoice")
    statement = select(InvoiceLine).where(InvoiceLine.invoice_id == id)
    return page_of_lines(db, "line_item", statement, InvoiceLine, params, f"/v1/invoices/{id}/lines")


def _invoices(params: invoices.ListInvoices) -> Select[Any]:
    statement = select(Invoice).where(
        *between(Invoice.created, params.created), *between(Invoice.due_date, params.due_date)
    )
    return statement.where(*equal_conditions(params, **_FILTERS))


_FILTERS = {
    "collection_method": Invoice.collection_method,
    "customer": Invoice.customer_id,
    "status": Invoice.status,
    "subscription": Invoice.subscription_id,
}


def _items(params: invoiceitems.ListInvoiceItems) -> Select[Any]:
    statement = select(InvoiceItem).where(*between(InvoiceItem.created, params.created))
    statement = statement.where(
        *equal_conditions(params, customer=InvoiceItem.customer_id, invoice=InvoiceItem.invoice_id)
    )
    if params.pending is not None:
        pending = InvoiceItem.invoice_id.is_(None)
        statement = statement.where(pending if params.pending else ~pending)
    return statement
