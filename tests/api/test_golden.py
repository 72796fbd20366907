"""One recorded answer per type; `tests/goldens.py` says how to record them anew."""

from types import SimpleNamespace

import pytest

from portal.billing.invoices import payments
from portal.billing.invoices.params import PayInvoice
from tests import goldens
from tests.examples import EXAMPLES, Scene, path_types

pytestmark = pytest.mark.usefixtures("held_clock")

ADDRESS = {"line1": "Lindenstra\u00dfe 3", "city": "Berlin", "postal_code": "10969", "country": "DE"}
#: Types of which a test of their own, here or beside their other tests, records more than an example shows.
RECORDED_IN_FULL = {
    "account",
    "billing_portal.configuration",
    "billing_portal.session",
    "contact",
    "coupon",
    "credit_note",
    "customer",
    "customer_balance_transaction",
    "event",
    "invoice",
    "invoiceitem",
    "price",
    "product",
    "promotion_code",
    "shipping_rate",
    "subscription",
    "subscription_item",
    "tax_id",
    "tax_rate",
    "webhook_endpoint",
}
FEATURES = {
    "customer_update": {"enabled": True, "allowed_updates": ["email", "address", "tax_id"]},
    "invoice_history": {"enabled": True},
    "subscription_cancel": {
        "enabled": True,
        "cancellation_reason": {"enabled": True, "options": ["too_expensive", "other"]},
    },
}


@pytest.fixture
def customer(api):
    return api.post(
        "customers",
        name="Jenny Rosen",
        email="jenny.rosen@example.com",
        phone="+49 30 123456",
        address=ADDRESS,
        shipping={"name": "Jenny Rosen", "address": ADDRESS},
        preferred_locales=["de"],
        invoice_prefix="ROCKET1",
        invoice_settings={"custom_fields": [{"name": "PO", "value": "4711"}], "footer": "Thanks"},
        metadata={"order": "6735"},
    )


@pytest.fixture
def price(api):
    product = api.post("products", name="Gold plan", description="Unlimited rides", unit_label="seat")
    sent = {"currency": "eur", "unit_amount": 2000, "nickname": "Monthly", "lookup_key": "gold"}
    return api.post("prices", product=product["id"], recurring={"interval": "month"}, **sent)


def test_customer(api, customer):
    goldens.check("customer", customer)


def test_customer_expanded(api, customer):
    api.post(f"customers/{customer['id']}/tax_ids", type="eu_vat", value="DE136695976")
    goldens.check("customer_expanded", api.get(f"customers/{customer['id']}", expand=["tax_ids", "subscriptions"]))


def test_customer_deleted(api, customer):
    goldens.check("customer_deleted", api.delete(f"customers/{customer['id']}"))


def test_tax_id(api, customer):
    goldens.check("tax_id", api.post(f"customers/{customer['id']}/tax_ids", type="eu_vat", value="DE136695976"))


def test_tax_id_of_the_account(api):
    goldens.check("tax_id_of_account", api.post("tax_ids", type="eu_vat", value="DE136695976"))


def test_customer_balance_transaction(api, customer):
    path = f"customers/{customer['id']}/balance_transactions"
    goldens.check("customer_balance_transaction", api.post(path, amount=-500, currency="eur", description="Goodwill"))


def test_customer_statement(api, make, customer):
    row = make.invoice(SimpleNamespace(id=customer["id"]), 2500)
    make.run(payments.pay, PayInvoice, row, paid_out_of_band=True)
    goldens.check("customer_statement", api.get(f"customers/{customer['id']}/statements/2026"))


def test_customer_spending(api, make, customer):
    make.invoice(SimpleNamespace(id=customer["id"]), 2500)
    goldens.check("customer_spending", api.get(f"customers/{customer['id']}/spending")["data"][0])


def test_coming_payment(api, make, customer):
    make.subscription(SimpleNamespace(id=customer["id"]))
    goldens.check("coming_payment", api.get(f"customers/{customer['id']}/coming_payments")["data"][0])


def test_no_product_feature(api, price):
    goldens.check("product_feature", api.get(f"products/{price['product']}/features"))


def test_product(api, price):
    goldens.check("product", api.get(f"products/{price['product']}"))


def test_price(price):
    goldens.check("price", price)


def test_tax_rate(api):
    sent = {"display_name": "MwSt.", "percentage": "19", "inclusive": False, "country": "DE", "tax_type": "vat"}
    goldens.check("tax_rate", api.post("tax_rates", **sent))


def test_account(api):
    company = {"name": "Rocket Rides GmbH", "address": ADDRESS}
    bank = {"iban": "DE89370400440532013000", "bic": "COBADEFFXXX"}
    goldens.check("account", api.post("account", company=company, settings={"invoices": {"bank_transfer": bank}}))


def test_billing_portal_configuration(api):
    goldens.check("billing_portal.configuration", api.post("billing_portal/configurations", features=FEATURES))


def test_billing_portal_session(api, customer):
    sent = {"customer": customer["id"], "return_url": "https://example.com/account", "locale": "de"}
    flow = {"type": "customer_update", "after_completion": {"type": "hosted_confirmation"}}
    goldens.check("billing_portal.session", api.post("billing_portal/sessions", **sent, flow_data=flow))


def test_webhook_endpoint(api):
    sent = {"url": "https://example.com/hooks", "enabled_events": ["invoice.paid", "customer.created"]}
    made = api.post("webhook_endpoints", **sent, description="Books", api_version="2026-10-28.endive")
    goldens.check("webhook_endpoint", {**made, "secret": f"{made['secret'][:6]}<secret>"})


def test_webhook_delivery(api):
    endpoint = api.post("webhook_endpoints", url="https://example.com/hooks", enabled_events=["product.created"])
    api.post("products", name="Gold plan")
    goldens.check("webhook_delivery", api.get(f"webhook_endpoints/{endpoint['id']}/deliveries")["data"][0])


@pytest.mark.parametrize("type", sorted(set(EXAMPLES) - RECORDED_IN_FULL))
def test_example(api, make, type):
    path = next(path for path, below in path_types().items() if below == type)
    example = EXAMPLES[type](Scene(make, api, make.customer(), "Rocket rides"))
    goldens.check(type, api.get(f"{path.removeprefix('/')}/{example}"))


def test_contact(api, customer):
    sent = {"email": "lea.rosen@example.com", "name": "Lea Rosen", "role": "accountant", "locale": "de"}
    goldens.check("contact", api.post(f"customers/{customer['id']}/contacts", **sent, metadata={"desk": "4"}))


def test_quote_line_item(api, make):
    quote = EXAMPLES["quote"](Scene(make, api, make.customer(), "Rocket rides"))
    goldens.check("item", api.get(f"quotes/{quote}/line_items")["data"][0])


def test_audit_entry(api, customer):
    goldens.check("audit_entry", api.get(f"customers/{customer['id']}/audit")["data"][0])


def test_list(api, customer):
    goldens.check("list", api.get("customers", limit=1))


@pytest.mark.parametrize(
    ("name", "path", "sent"),
    [
        ("error_unknown_parameter", "customers", {"address": {"planet": "Earth"}}),
        ("error_missing_parameter", "billing_portal/sessions", {}),
        ("error_invalid_value", "customers", {"email": "nobody"}),
        ("error_unknown_id", "customers/cus_1", {}),
    ],
)
def test_error(api, name, path, sent):
    goldens.check(name, api.request("POST", path, **sent).get_json())


def test_ids_keep_their_identity_and_secrets_are_taken_out():
    one, two = (f"cus_{character * 22}" for character in "ab")
    answer = {
        "z": one,
        "a": two,
        "b": f"/{two}",
        "url": "https://x/p/session/pls_secret",
        "pdf": "https://x/i/to.ken/pdf?a",
    }
    assert goldens.normalized(answer) == {
        "a": "cus_1",
        "b": "/cus_1",
        "pdf": "https://x/i/<secret>/pdf?a",
        "url": "https://x/p/session/<secret>",
        "z": "cus_2",
    }


def test_retention_offer_count(api, make, customer):
    plan = make.subscription(SimpleNamespace(id=customer["id"]))
    make.offer_to_stay(plan, make.coupon(id="STAY"))
    (count,) = api.get("billing_portal/retention_offers/counts")["data"]
    goldens.check("billing_portal.retention_offer_count", count)
