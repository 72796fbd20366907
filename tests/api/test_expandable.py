"""What the reference documents as expandable can be expanded: to the object, or to null where nothing is held."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.documented.expandable import list_expandable_paths
from tests.examples import EXAMPLES, Scene, path_types

#: The client's class of each type that it knows.
CLASSES: dict[str, Any] = {
    "billing_portal.configuration": stripe.billing_portal.Configuration,
    "billing_portal.session": stripe.billing_portal.Session,
    "credit_note": stripe.CreditNote,
    "customer": stripe.Customer,
    "customer_balance_transaction": stripe.CustomerBalanceTransaction,
    "file_link": stripe.FileLink,
    "invoice": stripe.Invoice,
    "invoice_payment": stripe.InvoicePayment,
    "invoiceitem": stripe.InvoiceItem,
    "mandate": stripe.Mandate,
    "payment_method": stripe.PaymentMethod,
    "plan": stripe.Plan,
    "price": stripe.Price,
    "product": stripe.Product,
    "promotion_code": stripe.PromotionCode,
    "quote": stripe.Quote,
    "setup_intent": stripe.SetupIntent,
    "shipping_rate": stripe.ShippingRate,
    "subscription": stripe.Subscription,
    "subscription_item": stripe.SubscriptionItem,
    "subscription_schedule": stripe.SubscriptionSchedule,
    "tax_id": stripe.TaxId,
}
#: Documented in words, or typed by older clients: keys that show only when they are expanded, and what plans hold.
ALSO = {
    "customer": [
        "cash_balance",
        "default_source",
        "invoice_credit_balance",
        "sources",
        "subscriptions.data.plan.product",
        "tax",
        "tax_ids",
    ],
    "invoice": [
        "charge",
        "confirmation_secret",
        "customer.default_source",
        "customer.invoice_settings.default_payment_method",
        "lines.data.plan.product",
        "lines.data.price.product",
        "payment_intent",
        "payments",
        "subscription.plan.product",
    ],
    "plan": ["tiers"],
    "price": ["currency_options", "tiers"],
    "product": ["tax_code"],
    "quote": ["line_items", "total_details.breakdown"],
    "subscription": [
        "items.data.plan.product",
        "items.data.price.product",
        "latest_invoice.confirmation_secret",
        "latest_invoice.payment_intent",
        "latest_invoice.payments",
        "plan.product",
        "customer.invoice_settings.default_payment_method",
    ],
    "subscription_item": ["plan.product", "price.product", "price.tiers"],
}


@pytest.fixture
def scene(api, make):
    return Scene(make, api, make.customer(), "x")


@pytest.mark.parametrize("type", sorted(CLASSES))
def test_what_is_documented_as_expandable_can_be_expanded(api, scene, type):
    """Each answer is checked against the description of the call, too."""
    path = next(path for path, named in path_types().items() if named == type and path.count("<") < 2)
    id = EXAMPLES[type](scene)
    for expanded in [*dict.fromkeys([*list_expandable_paths(CLASSES[type]), *ALSO.get(type, [])])]:
        api.get(f"{path[1:].replace('<customer>', scene.customer.id)}/{id}", expand=[expanded])


def test_a_plan_is_expanded_where_it_stands(api, make):
    subscription = make.subscription()
    found = api.get(f"subscriptions/{subscription.id}", expand=["plan.product"])
    assert found["plan"]["product"]["name"] == "Gold plan"
    assert found["items"]["data"][0]["plan"]["product"] == found["plan"]["product"]["id"]
    listed = api.get("plans", expand=["data.product"])["data"]
    assert [plan["product"]["name"] for plan in listed] == ["Gold plan"]


def test_nothing_stays_null(api, make):
    subscription = make.subscription()
    paths = ["default_source", "latest_invoice.confirmation_secret", "latest_invoice.issuer.account"]
    found = api.get(f"subscriptions/{subscription.id}", expand=paths)
    assert found["default_source"] is found["latest_invoice"]["confirmation_secret"] is None
    assert found["latest_invoice"]["issuer"] == {"account": None, "type": "self"}


def test_what_a_customer_pays_with_is_empty(api, make):
    customer = make.customer().id
    found = api.get(f"customers/{customer}", expand=["sources", "tax", "cash_balance"])
    empty = {"object": "list", "data": [], "has_more": False, "url": f"/v1/customers/{customer}/sources"}
    assert (found["sources"], found["cash_balance"], found["tax"]["automatic_tax"]) == (empty, None, "not_collecting")


def test_what_does_not_exist_is_refused_still(api, make):
    error = api.error("GET", f"customers/{make.customer().id}", expand=["email"])
    assert error["message"] == "This property cannot be expanded (email)."
