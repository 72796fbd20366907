"""What a session ends in, by its mode: the invoice, the subscription or the setup intent."""

from collections.abc import Mapping
from typing import Any, Protocol

from sqlalchemy.orm import Session

from portal.billing.checkout import amounts, line_items, offers, ways
from portal.billing.invoices import finalization, invoiceitems, invoices
from portal.billing.invoices.item_params import CreateInvoiceItem
from portal.billing.invoices.params import CreateInvoice, FinalizeInvoice, UpdateInvoice
from portal.billing.payment_methods import mandates, setup_intents
from portal.billing.subscriptions import subscriptions
from portal.billing.subscriptions.item_params import AddedItem, SentItem
from portal.billing.subscriptions.params import CreateSubscription
from portal.db import find_row
from portal.models import CheckoutSession, Customer, Invoice, PaymentMethod
from portal.wire.commands import parse_command

#: Within how many days an invoice is to be paid that the customer transfers.
DAYS_UNTIL_DUE = 14


class End(Protocol):
    """Makes what a session ends in, for a customer who is locked, and names it in the session."""

    def __call__(
        self, db: Session, session: CheckoutSession, customer: Customer, method: PaymentMethod | None, *, now: int
    ) -> None: ...


def _end_in_invoice(
    db: Session, session: CheckoutSession, customer: Customer, method: PaymentMethod | None, *, now: int
) -> None:
    sent = {"customer": customer.id, "currency": session.currency, "auto_advance": True}
    sent |= _collection(db, session, method) | _invoice_settings(session)
    invoice = invoices.create(db, parse_command(CreateInvoice, sent), now=now)
    db.flush()
    for line in _chosen(session):
        own: dict[str, Any] = {"invoice": invoice.id, "discounts": []}
        invoiceitems.create(db, CreateInvoiceItem(customer=customer.id, **_item(line), **own), now=now)
    db.flush()
    # by now it is known what a promotion code's minimum is compared with
    invoices.update(db, invoice, UpdateInvoice(discounts=offers.sources(session)), now=now)
    db.flush()
    finalization.finalize(db, invoice, FinalizeInvoice(auto_advance=True), now=now)
    session.invoice_id = invoice.id


def _end_in_subscription(
    db: Session, session: CheckoutSession, customer: Customer, method: PaymentMethod | None, *, now: int
) -> None:
    lines = _chosen(session)
    sent: dict[str, Any] = {
        "customer": customer.id,
        "items": [SentItem(**_item(line)) for line in lines if line_items.is_repeated(line)],
        "add_invoice_items": [AddedItem(**_item(line)) for line in lines if not line_items.is_repeated(line)],
        "discounts": offers.sources(session),
        **_collection(db, session, method),
        **(session.settings.get("subscription_data") or {}),
    }
    subscription = subscriptions.create(db, CreateSubscription.model_validate(sent), bills_pending=False, now=now)
    db.flush()
    session.subscription_id, session.invoice_id = subscription.id, subscription.latest_invoice_id
    invoice = find_row(db, Invoice, subscription.latest_invoice_id or "", noun="invoice")
    if invoice.status == "draft":
        finalization.finalize(db, invoice, now=now)


def _end_in_method(
    db: Session, session: CheckoutSession, customer: Customer, method: PaymentMethod | None, *, now: int
) -> None:
    if method is None:
        raise RuntimeError("a session in setup mode without a payment method")
    db.flush()
    settings = session.settings.get("setup_intent_data") or {}
    intent = setup_intents.note_success(db, method, mandates.find_active(db, method.id), now=now)
    intent.description, intent.metadata_ = settings.get("description"), settings.get("metadata", {})
    session.setup_intent_id = intent.id


END: Mapping[str, End] = {
    "payment": _end_in_invoice,
    "setup": _end_in_method,
    "subscription": _end_in_subscription,
}


def _chosen(session: CheckoutSession) -> list[dict[str, Any]]:
    return [line for line in session.lines if line["quantity"]]


def _item(line: Mapping[str, Any]) -> dict[str, Any]:
    rates = [rate["id"] for rate in line["tax_rates"]]
    return {"price": line["price_id"], "quantity": line["quantity"], "tax_rates": rates}


def _collection(db: Session, session: CheckoutSession, method: PaymentMethod | None) -> dict[str, Any]:
    """How bills are paid: by the method, else by transfers; where nothing is due, by what there will be then."""
    if method is not None:
        return {"collection_method": "charge_automatically", "default_payment_method": method.id}
    pays_later = session.mode == "subscription" or amounts.amount_total(session)
    wanted = session.settings.get("payment_method_types", [])
    open_ways = ways.list_ways(db, session.mode, session.currency, wanted)
    if pays_later and any(not way.collects for way in open_ways):
        return {"collection_method": "send_invoice", "days_until_due": DAYS_UNTIL_DUE}
    return {"collection_method": "charge_automatically"}


def _invoice_settings(session: CheckoutSession) -> dict[str, Any]:
    data = (session.settings.get("invoice_creation") or {}).get("invoice_data") or {}
    sent = {name: value for name, value in data.items() if value and name != "rendering_options"}
    if looks := data.get("rendering_options"):
        sent["rendering"] = looks
    return sent
