"""What a session sells, as the parameters of what it ends in."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.checkout import amounts, line_items, ways
from portal.billing.invoices import finalization, mailing
from portal.billing.invoices.params import FinalizeInvoice, SendInvoice
from portal.models import CheckoutSession, Customer, Invoice, PaymentMethod

#: Within how many days an invoice is to be paid that the customer transfers.
DAYS_UNTIL_DUE = 14


def list_chosen(session: CheckoutSession) -> list[dict[str, Any]]:
    """The lines of which the customer wants any."""
    return line_items.list_chosen(session.lines)


def item_params(line: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of an item, of an invoice or a subscription."""
    rates = [rate["id"] for rate in line["tax_rates"]]
    return {"price": line["price_id"], "quantity": line["quantity"], "tax_rates": rates}


def collection_params(db: Session, session: CheckoutSession, method: PaymentMethod | None) -> dict[str, Any]:
    """How bills are paid: by the method, else by transfers; where nothing is due, by what there will be then."""
    if method is not None:
        return {"collection_method": "charge_automatically", "default_payment_method": method.id}
    pays_later = session.mode == "subscription" or amounts.amount_total(session)
    wanted = session.settings.get("payment_method_types", [])
    open_ways = ways.list_ways(db, session.mode, session.currency, wanted)
    if pays_later and any(not way.collects for way in open_ways):
        return {"collection_method": "send_invoice", "days_until_due": DAYS_UNTIL_DUE}
    return {"collection_method": "charge_automatically"}


def issue(db: Session, customer: Customer, invoice: Invoice, *, now: int) -> None:
    """Finalize the invoice of a purchase, and mail the one that says how to pay: the page has promised it."""
    if invoice.collection_method == "send_invoice" and invoice.total and mailing.has_addressee(customer):
        finalization.send(db, invoice, SendInvoice(), now=now)
    else:
        finalization.finalize(db, invoice, FinalizeInvoice(auto_advance=True), now=now)
