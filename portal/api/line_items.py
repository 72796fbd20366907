"""Calls for the line items of invoices."""

from typing import Any

from flask import Blueprint
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.api import endpoint
from portal.api.endpoint import AnswerType
from portal.api.lines import page_of_lines
from portal.api.resource import Resource, render_answer
from portal.billing.customers import test_clocks
from portal.billing.invoices import lines
from portal.billing.invoices.item_params import AddLines, RemoveLines, UpdateLine, UpdateLines
from portal.db import find_row
from portal.models import Invoice, InvoiceLine
from portal.wire.commands import ListCommand


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun; those that change several lines answer with the invoice."""
    path = "/invoices/<id>/lines"
    endpoint.add(blueprint, "GET", path, ListCommand, _list_line_items, AnswerType("line_item", "list"))
    endpoint.add(blueprint, "POST", f"{path}/<line>", UpdateLine, _update_line_item, AnswerType("line_item"))
    invoice = Resource(blueprint, "invoice", "invoices")
    invoice.change(AddLines, lines.add, "add_lines")
    invoice.change(UpdateLines, lines.update, "update_lines")
    invoice.change(RemoveLines, lines.remove, "remove_lines")


def _update_line_item(db: Session, params: UpdateLine, id: str, line: str) -> dict[str, Any]:
    invoice = find_row(db, Invoice, id, noun="invoice")
    changed = lines.update_line(db, invoice, line, params, now=test_clocks.time_for_call(db, invoice))
    return render_answer(db, "line_item", changed, params)


def _list_line_items(db: Session, params: ListCommand, id: str) -> dict[str, Any]:
    find_row(db, Invoice, id, noun="invoice")
    statement = select(InvoiceLine).where(InvoiceLine.invoice_id == id)
    return page_of_lines(db, "line_item", statement, InvoiceLine, params, f"/v1/invoices/{id}/lines")
