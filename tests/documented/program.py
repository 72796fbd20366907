"""A merchant's program that makes every call the 2022 documentation has an example of, with whichever client it finds.

Run with the address and a key; prints what each call answered, by its name in that documentation.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import stripe

stripe.api_base, stripe.api_key = sys.argv[1:]
ANSWERS: dict[str, Any] = {}
FAILURE: type[Exception] = stripe.StripeError if hasattr(stripe, "StripeError") else stripe.error.StripeError
BILLED: dict[str, Any] = {"collection_method": "send_invoice", "days_until_due": 30}
PORTAL = {"customer_update": {"allowed_updates": ["email", "tax_id"], "enabled": True}}
URLS = {"privacy_policy_url": "https://example.com/privacy", "terms_of_service_url": "https://example.com/terms"}


def call(name: str, *args: Any, **params: Any) -> Any:
    """Make a call and note its answer; `path.method`, and after a blank what tells two of them apart."""
    target: Any = stripe
    for part in name.partition(" ")[0].split("."):
        target = getattr(target, part)
    return note(name, lambda: target(*args, **params))


def note(name: str, make: Callable[[], Any]) -> Any:
    try:
        answer = make()
    except FAILURE as error:
        ANSWERS[name] = {"failed": str(error)}
        return None
    ANSWERS[name] = json.loads(str(answer))
    return answer


def main() -> None:
    """Every call, in an order in which each finds what it needs."""
    customer = stripe.Customer.create(name="Jenny Rosen", email="jenny.rosen@example.com")
    product = stripe.Product.create(name="Gold plan")
    monthly = {"interval": "month"}
    price = stripe.Price.create(product=product.id, unit_amount=2000, currency="eur", recurring=monthly)
    for part in (_customers, _portal, _invoices, _credit_notes, _subscriptions, _quotes, _plans, _checkout):
        part(customer.id, price.id)
    print(json.dumps(ANSWERS))


def _customers(customer: str, price: str) -> None:
    of = "Customer."
    entry = call(f"{of}create_balance_transaction", customer, amount=-500, currency="eur")
    call(f"{of}retrieve_balance_transaction", customer, entry.id)
    call(f"{of}modify_balance_transaction", customer, entry.id, metadata={"order_id": "6735"})
    call(f"{of}list_balance_transactions", customer, limit=3)
    number = call(f"{of}create_tax_id", customer, type="eu_vat", value="DE136695976")
    call(f"{of}retrieve_tax_id", customer, number.id)
    call(f"{of}list_tax_ids", customer, limit=3)
    call(f"{of}delete_tax_id", customer, number.id)


def _portal(customer: str, price: str) -> None:
    of = "billing_portal.Configuration."
    made = call(f"{of}create", features=PORTAL, business_profile=URLS)
    call(f"{of}modify", made.id, business_profile=URLS)
    call(f"{of}retrieve", made.id)
    call(f"{of}list", limit=3)
    call("billing_portal.Session.create", customer=customer, return_url="https://example.com/account")


def _drafted(customer: str, amount: int = 1000) -> Any:
    draft = stripe.Invoice.create(
        customer=customer, currency="eur", collection_method="send_invoice", days_until_due=30
    )
    stripe.InvoiceItem.create(customer=customer, invoice=draft.id, amount=amount, currency="eur")
    return draft


def _opened(customer: str) -> Any:
    return stripe.Invoice.finalize_invoice(_drafted(customer).id)


def _invoices(customer: str, price: str) -> None:
    item = call("InvoiceItem.create", customer=customer, amount=500, currency="eur")
    call("InvoiceItem.retrieve", item.id)
    call("InvoiceItem.modify", item.id, metadata={"order_id": "6735"})
    call("InvoiceItem.list", limit=3)
    call("InvoiceItem.delete", item.id)
    made = call("Invoice.create", customer=customer)
    call("Invoice.modify", made.id, metadata={"order_id": "6735"})
    call("Invoice.delete", made.id)
    draft = _drafted(customer, 5000)
    call("Invoice.retrieve", draft.id)
    note("Invoice.retrieve lines", lambda: stripe.Invoice.retrieve(draft.id).lines.list(limit=5))
    call("Invoice.finalize_invoice", draft.id)
    call("Invoice.send_invoice", draft.id)
    call("Invoice.pay", draft.id, paid_out_of_band=True)
    call("Invoice.void_invoice", _opened(customer).id)
    call("Invoice.mark_uncollectible", _opened(customer).id)
    call("Invoice.list", limit=3)
    call("Invoice.search", query="total>999 AND status:'paid'")
    if hasattr(stripe, "InvoicePayment"):
        call("InvoicePayment.list", invoice=draft.id)


def _credit_notes(customer: str, price: str) -> None:
    invoice = stripe.Invoice.finalize_invoice(_drafted(customer, 10_000).id)
    line = {"type": "invoice_line_item", "invoice_line_item": invoice.lines.data[0].id, "amount": 500}
    call("CreditNote.preview", invoice=invoice.id, lines=[line])
    if hasattr(stripe.CreditNote, "preview_lines"):
        note("CreditNote.preview lines", lambda: stripe.CreditNote.preview_lines(invoice=invoice.id, lines=[line]))
    made = call("CreditNote.create", invoice=invoice.id, lines=[line])
    call("CreditNote.retrieve", made.id)
    call("CreditNote.modify", made.id, metadata={"order_id": "6735"})
    call("CreditNote.list", limit=3)
    note("CreditNote.retrieve lines", lambda: stripe.CreditNote.retrieve(made.id).lines.list(limit=5))
    call("CreditNote.void_credit_note", made.id)


def _subscriptions(customer: str, price: str) -> None:
    made = call("Subscription.create", customer=customer, items=[{"price": price}], **BILLED)
    call("Subscription.retrieve", made.id)
    call("Subscription.modify", made.id, metadata={"order_id": "6735"})
    call("Subscription.list", limit=3)
    call("Subscription.search", query="status:'active' AND metadata['order_id']:'6735'")
    _upcoming(customer)
    other = stripe.Price.create(
        product=_product(price), unit_amount=500, currency="eur", recurring={"interval": "month"}
    )
    item = call("SubscriptionItem.create", subscription=made.id, price=other.id, quantity=2)
    if item:
        call("SubscriptionItem.retrieve", item.id)
        call("SubscriptionItem.modify", item.id, metadata={"order_id": "6735"})
        call("SubscriptionItem.list", subscription=made.id)
        call("SubscriptionItem.delete", item.id)
    end = "cancel" if hasattr(stripe.Subscription, "cancel") else "delete"
    note("Subscription.delete", lambda: getattr(stripe.Subscription, end)(made.id))


def _product(price: str) -> str:
    product: str = stripe.Price.retrieve(price).product
    return product


def _upcoming(customer: str) -> None:
    if hasattr(stripe.Invoice, "upcoming"):
        call("Invoice.upcoming", customer=customer)
        note("Invoice.upcoming lines", lambda: stripe.Invoice.upcoming(customer=customer).lines.list(limit=5))
    else:
        note("Invoice.upcoming", lambda: stripe.Invoice.create_preview(customer=customer))


def _quotes(customer: str, price: str) -> None:
    lines = [{"price": price, "quantity": 2}]
    made = call("Quote.create", customer=customer, line_items=lines)
    call("Quote.retrieve", made.id)
    call("Quote.modify", made.id, metadata={"order_id": "6735"})
    call("Quote.list", limit=3)
    call("Quote.list_line_items", made.id, limit=5)
    call("Quote.list_computed_upfront_line_items", made.id, limit=5)
    call("Quote.finalize_quote", made.id)
    call("Quote.accept", made.id)
    call("Quote.cancel", stripe.Quote.create(customer=customer, line_items=lines).id)


def _plans(customer: str, price: str) -> None:
    product = _product(price)
    made = call("Plan.create", amount=2000, currency="eur", interval="month", product=product)
    if made:
        call("Plan.retrieve", made.id)
        call("Plan.modify", made.id, metadata={"order_id": "6735"})
        call("Plan.list", limit=3)
        call("Plan.delete", made.id)


def _checkout(customer: str, price: str) -> None:
    account = stripe.Account.retrieve().id
    stripe.Account.modify(account, settings={"invoices": {"bank_transfer": {"iban": "DE02120300000000202051"}}})
    lines = [{"price": price, "quantity": 1}]
    made = stripe.checkout.Session.create(
        mode="subscription",
        line_items=lines,
        success_url="https://example.com/success?session={CHECKOUT_SESSION_ID}",
        cancel_url="https://example.com/cancel",
    )
    call("checkout.Session.retrieve", made.id)
    call("checkout.Session.list", limit=3)
    call("checkout.Session.list_line_items", made.id, limit=5)
    stripe.checkout.Session.expire(made.id)
    link = call("PaymentLink.create", line_items=lines)
    call("PaymentLink.retrieve", link.id)
    call("PaymentLink.list_line_items", link.id, limit=3)
    call("PaymentLink.modify", link.id, active=False)
    call("PaymentLink.list", limit=3)


if __name__ == "__main__":
    main()
