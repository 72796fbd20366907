"""Calls for invoices."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select

from portal.api.resource import Resource
from portal.billing.corrections.corrections import correct
from portal.billing.corrections.params import CorrectInvoice
from portal.billing.invoices import finalization, invoices, payments, statuses
from portal.billing.invoices.params import (
    CreateInvoice,
    FinalizeInvoice,
    ListInvoices,
    PayInvoice,
    SendInvoice,
    UpdateInvoice,
)
from portal.models import Invoice
from portal.wire.commands import ExpandableCommand
from portal.wire.page import equal_conditions, range_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    resource = Resource(blueprint, "invoice", "invoices")
    resource.create(CreateInvoice, invoices.create)
    resource.retrieve()
    resource.change(UpdateInvoice, invoices.update)
    resource.delete(invoices.delete)
    resource.change(FinalizeInvoice, finalization.finalize, "finalize")
    resource.change(PayInvoice, payments.pay, "pay")
    resource.change(ExpandableCommand, statuses.void, "void")
    resource.change(CorrectInvoice, correct, "correct")
    resource.change(ExpandableCommand, statuses.mark_uncollectible, "mark_uncollectible")
    resource.change(SendInvoice, finalization.send, "send")
    resource.list(ListInvoices, _select_invoices)


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
