"""The invoice that a session in payment mode ends in."""

from typing import Any

from sqlalchemy.orm import Session

from portal.billing.checkout import custom_fields, offers, shipping, sold
from portal.billing.invoices import invoiceitems, invoices
from portal.billing.invoices.item_params import CreateInvoiceItem
from portal.billing.invoices.params import CreateInvoice, UpdateInvoice
from portal.models import CheckoutSession, Customer, Invoice, PaymentMethod
from portal.wire.commands import parse_command


def end_in_invoice(
    db: Session, session: CheckoutSession, customer: Customer, method: PaymentMethod | None, *, now: int
) -> None:
    """Make the invoice for a customer who is locked, finalized, and name it in the session."""
    terms = {"auto_advance": True, **sold.collection_params(db, session, method)}
    invoice = make_draft(db, session, customer, terms, now=now)
    sold.issue(db, customer, invoice, now=now)
    session.invoice_id = invoice.id


def make_draft(
    db: Session, session: CheckoutSession, customer: Customer, terms: dict[str, Any], *, now: int
) -> Invoice:
    """The draft of what a session sells, to be collected by these terms."""
    sent = {"customer": customer.id, "currency": session.currency, **terms, **_invoice_settings(session)}
    invoice = invoices.create(db, parse_command(CreateInvoice, sent), now=now)
    db.flush()
    for line in sold.list_chosen(session):
        own: dict[str, Any] = {"invoice": invoice.id, "discounts": []}
        invoiceitems.create(db, CreateInvoiceItem(customer=customer.id, **sold.item_params(line), **own), now=now)
    db.flush()
    # by now it is known what a promotion code's minimum is compared with
    said = [*(invoice.custom_fields or []), *custom_fields.for_invoice(session)][: custom_fields.MOST_ON_INVOICE]
    told = parse_command(UpdateInvoice, {"custom_fields": said, **shipping.invoice_params(session)})
    invoice.shipping_cost = shipping.cost(session)
    change = told.model_copy(update={"discounts": offers.sources(session)})
    invoices.update(db, invoice, change, now=now)
    db.flush()
    return invoice


def _invoice_settings(session: CheckoutSession) -> dict[str, Any]:
    data = (session.settings.get("invoice_creation") or {}).get("invoice_data") or {}
    sent = {name: value for name, value in data.items() if value and name != "rendering_options"}
    if looks := data.get("rendering_options"):
        sent["rendering"] = looks
    return sent
