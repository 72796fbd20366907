"""Calls for invoice items."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select

from portal.api.resource import Resource
from portal.billing.invoices import invoiceitems
from portal.billing.invoices.item_params import CreateInvoiceItem, ListInvoiceItems, UpdateInvoiceItem
from portal.models import InvoiceItem
from portal.wire.page import equal_conditions, range_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    item = Resource(blueprint, "invoiceitem", "invoiceitems")
    item.create(CreateInvoiceItem, invoiceitems.create)
    item.retrieve()
    item.change(UpdateInvoiceItem, invoiceitems.update)
    item.delete(invoiceitems.delete)
    item.list(ListInvoiceItems, _select_invoice_items)


def _select_invoice_items(params: ListInvoiceItems) -> Select[Any]:
    statement = select(InvoiceItem).where(*range_conditions(InvoiceItem.created, params.created))
    statement = statement.where(
        *equal_conditions(params, customer=InvoiceItem.customer_id, invoice=InvoiceItem.invoice_id)
    )
    if params.pending is not None:
        pending = InvoiceItem.invoice_id.is_(None)
        statement = statement.where(pending if params.pending else ~pending)
    return statement
