"""Payment methods, mandates and setup intents, by the API."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal.models import AuditEntry, Event, PaymentMethod
from tests import official

IBAN = "DE89 3704 0044 0532 0130 00"
OTHER = "FR1420041010050500013M02606"
HOLDER = {"name": "Jenny Rosen", "email": "jenny@example.com"}
ONLINE = {"ip_address": "192.0.2.1", "user_agent": "Browser"}
MANDATE = {"customer_acceptance": {"type": "online", "online": ONLINE}}


def made(api, iban=IBAN, **sent):
    return api.post("payment_methods", type="sepa_debit", sepa_debit={"iban": iban}, billing_details=HOLDER, **sent)


def attached(api, customer, iban=IBAN):
    return api.post(f"payment_methods/{made(api, iban)['id']}/attach", customer=customer)


def set_up(api, customer, iban=IBAN):
    return api.post(
        "setup_intents",
        customer=customer,
        payment_method=made(api, iban)["id"],
        payment_method_types=["sepa_debit"],
        confirm=True,
        mandate_data=MANDATE,
    )


def test_an_account_shows_no_more_than_its_end(api):
    method = made(api)
    assert method["sepa_debit"] == {
        "bank_code": "37040044",
        "branch_code": None,
        "country": "DE",
        "fingerprint": method["sepa_debit"]["fingerprint"],
        "generated_from": {"charge": None, "setup_attempt": None},
        "last4": "3000",
    }
    assert (method["customer"], method["billing_details"]["name"]) == (None, "Jenny Rosen")
    assert made(api, "de89370400440532013000")["sepa_debit"]["fingerprint"] == method["sepa_debit"]["fingerprint"]
    french = made(api, OTHER)["sepa_debit"]
    assert (french["bank_code"], french["branch_code"], french["country"]) == ("20041", "01005", "FR")


@pytest.mark.parametrize(
    ("iban", "words"),
    [
        ("DE88370400440532013000", "check digits"),
        ("DE8937040044053201300", "too few or too many"),
        ("US64SVBKUS6S3300958879", "SEPA area"),
        ("3704004453201300", "two letters"),
    ],
)
def test_a_wrong_number_is_refused_and_not_repeated(api, iban, words):
    error = api.error("POST", "payment_methods", type="sepa_debit", sepa_debit={"iban": iban}, billing_details=HOLDER)
    assert (error["param"], error["code"]) == ("sepa_debit[iban]", "invalid_iban")
    assert words in error["message"]
    assert iban not in str(error)


def test_what_is_needed_is_said(api):
    error = api.error("POST", "payment_methods", type="sepa_debit", billing_details=HOLDER)
    assert (error["param"], error["code"]) == ("sepa_debit", "parameter_missing")
    error = api.error("POST", "payment_methods", type="sepa_debit", sepa_debit={"iban": IBAN})
    assert error["param"] == "billing_details[name]"
    error = api.error("POST", "payment_methods", type="card", card={"token": "tok_visa"})
    assert error["message"].startswith("Nobody charges cards here")


def test_a_method_is_attached_listed_changed_and_detached(api, make):
    customer = make.customer().id
    method = attached(api, customer)
    assert (method["customer"], api.post(f"payment_methods/{method['id']}/attach", customer=customer)) == (
        customer,
        method,
    )
    for path, sent in [("payment_methods", {"customer": customer}), (f"customers/{customer}/payment_methods", {})]:
        assert [each["id"] for each in api.get(path, type="sepa_debit", **sent)["data"]] == [method["id"]]
        assert api.get(path, type="card", **sent)["data"] == []
    assert api.get(f"customers/{customer}/payment_methods/{method['id']}") == method
    changed = api.post(f"payment_methods/{method['id']}", billing_details={"phone": "1"}, metadata={"a": "b"})
    assert (changed["billing_details"]["phone"], changed["billing_details"]["name"]) == ("1", "Jenny Rosen")
    assert changed["metadata"] == {"a": "b"}
    assert api.get(f"payment_methods/{method['id']}", expand=["customer"])["customer"]["id"] == customer
    assert api.post(f"payment_methods/{method['id']}/detach")["customer"] is None
    assert api.get("payment_methods", customer=customer)["data"] == []
    error = api.error("POST", f"payment_methods/{method['id']}/attach", customer=customer)
    assert "was detached" in error["message"]
    assert api.error("POST", f"payment_methods/{method['id']}/detach")["type"] == "invalid_request_error"
    assert api.error("POST", f"payment_methods/{method['id']}", metadata={"a": "b"})["type"] == "invalid_request_error"


def test_another_customers_method_is_nobodys_default(api, make):
    mine, other = make.customer().id, make.customer().id
    method = attached(api, other)["id"]
    plan, draft = make.subscription(make.customer()), api.post("invoices", customer=mine)["id"]
    for path, sent in [
        (f"customers/{mine}", {"invoice_settings": {"default_payment_method": method}}),
        (f"subscriptions/{plan.id}", {"default_payment_method": method}),
        (f"invoices/{draft}", {"default_payment_method": method}),
    ]:
        error = api.error("POST", path, **sent)
        assert error["param"].endswith("default_payment_method]") or error["param"] == "default_payment_method"
        assert "does not have a payment method" in error["message"]
    error = api.error("POST", f"payment_methods/{method}/attach", customer=mine)
    assert "another customer" in error["message"]
    error = api.error("POST", f"invoices/{draft}", default_payment_method="pm_none")
    assert (error["code"], error["param"]) == ("resource_missing", "default_payment_method")
    api.error("GET", f"customers/{mine}/payment_methods/{method}", status=404)


def test_defaults_are_set_expanded_and_cleared_as_the_method_leaves(api, make):
    customer = make.customer()
    method = attached(api, customer.id)["id"]
    plan, draft = make.subscription(customer).id, api.post("invoices", customer=customer.id)["id"]
    api.post(f"customers/{customer.id}", invoice_settings={"default_payment_method": method})
    api.post(f"subscriptions/{plan}", default_payment_method=method)
    api.post(f"invoices/{draft}", default_payment_method=method)
    found = api.get(f"customers/{customer.id}", expand=["invoice_settings.default_payment_method"])
    assert found["invoice_settings"]["default_payment_method"]["sepa_debit"]["last4"] == "3000"
    for path in (f"subscriptions/{plan}", f"invoices/{draft}"):
        assert api.get(path, expand=["default_payment_method"])["default_payment_method"]["id"] == method
    api.post(f"payment_methods/{method}/detach")
    assert api.get(f"customers/{customer.id}")["invoice_settings"]["default_payment_method"] is None
    for path in (f"subscriptions/{plan}", f"invoices/{draft}"):
        assert api.get(path)["default_payment_method"] is None


def test_an_open_invoice_can_be_charged_by_another_method(api, make):
    customer = make.customer()
    method, invoice = attached(api, customer.id)["id"], make.invoice(customer).id
    assert api.post(f"invoices/{invoice}", default_payment_method=method)["default_payment_method"] == method
    api.post(f"payment_methods/{method}/detach")
    assert api.get(f"invoices/{invoice}")["default_payment_method"] is None
    other, paid = attached(api, customer.id)["id"], make.paid_invoice(customer, 100).id
    assert api.error("POST", f"invoices/{paid}", default_payment_method=other)["param"] == "default_payment_method"


def test_a_new_customer_brings_its_method(api):
    method = made(api)["id"]
    settings = {"default_payment_method": method}
    customer = api.post("customers", payment_method=method, invoice_settings=settings)
    assert customer["invoice_settings"]["default_payment_method"] == method
    assert api.get(f"payment_methods/{method}")["customer"] == customer["id"]


def test_a_setup_intent_attaches_with_a_mandate(api, make):
    customer = make.customer().id
    intent = set_up(api, customer)
    assert (intent["status"], intent["usage"], intent["payment_method_types"]) == (
        "succeeded",
        "off_session",
        ["sepa_debit"],
    )
    mandate = api.get(f"mandates/{intent['mandate']}", expand=["payment_method"])
    assert (mandate["status"], mandate["payment_method"]["customer"]) == ("active", customer)
    assert mandate["customer_acceptance"]["online"] == ONLINE
    assert len(mandate["payment_method_details"]["sepa_debit"]["reference"]) <= 35
    api.post(f"payment_methods/{intent['payment_method']}/detach")
    ended = api.get(f"mandates/{intent['mandate']}")
    assert (ended["status"], ended["ended_reason"]) == ("inactive", "detached")


def test_a_setup_intent_goes_step_by_step(api, make):
    customer = make.customer().id
    intent = api.post("setup_intents", automatic_payment_methods={"enabled": True}, description="x")
    assert intent["status"] == "requires_payment_method"
    path = f"setup_intents/{intent['id']}"
    assert api.error("POST", f"{path}/confirm", mandate_data=MANDATE)["param"] == "payment_method"
    data = {"type": "sepa_debit", "sepa_debit": {"iban": IBAN}, "billing_details": HOLDER}
    changed = api.post(path, customer=customer, payment_method_data=data)
    assert (changed["status"], changed["customer"]) == ("requires_confirmation", customer)
    error = api.error("POST", path, customer=make.customer().id)
    assert error["param"] == "customer"
    assert api.error("POST", f"{path}/confirm")["param"] == "mandate_data"
    online = {"customer_acceptance": {"type": "online"}}
    error = api.error("POST", f"{path}/confirm", mandate_data=online)
    assert error["param"] == "mandate_data[customer_acceptance][online]"
    offline = {"customer_acceptance": {"type": "offline", "accepted_at": 1, "offline": {}}}
    done = api.post(f"{path}/confirm", mandate_data=offline, expand=["mandate"])
    assert (done["status"], done["mandate"]["customer_acceptance"]) == (
        "succeeded",
        {"accepted_at": 1, "offline": {}, "online": None, "type": "offline"},
    )
    assert api.error("POST", f"{path}/cancel")["code"] == "setup_intent_unexpected_state"
    assert [each["id"] for each in api.get("setup_intents", customer=customer)["data"]] == [intent["id"]]


def test_a_setup_intent_is_given_up(api):
    intent = api.post("setup_intents", payment_method_types=["sepa_debit"])
    canceled = api.post(f"setup_intents/{intent['id']}/cancel", cancellation_reason="abandoned")
    assert (canceled["status"], canceled["cancellation_reason"]) == ("canceled", "abandoned")


def test_a_method_set_up_for_nobody_brings_its_mandate_along(api, make):
    customer = make.customer().id
    intent = api.post("setup_intents", payment_method=made(api)["id"], confirm=True, mandate_data=MANDATE)
    assert api.get(f"mandates/{intent['mandate']}")["customer"] is None
    api.post(f"payment_methods/{intent['payment_method']}/attach", customer=customer)
    assert api.get(f"mandates/{intent['mandate']}")["customer"] == customer


def test_what_happens_is_told(api, make):
    customer = make.customer().id
    intent = set_up(api, customer)
    api.post(f"customers/{customer}", invoice_settings={"default_payment_method": intent["payment_method"]})
    api.post(f"payment_methods/{intent['payment_method']}", metadata={"a": "b"})
    api.post(f"payment_methods/{intent['payment_method']}/detach")
    other = api.post("setup_intents", customer=customer)
    api.post(f"setup_intents/{other['id']}/cancel")
    told = [each["type"] for each in api.get("events", limit=50)["data"]][::-1]
    wanted = [type for type in told if type.split(".")[0] in {"payment_method", "setup_intent", "mandate"}]
    assert wanted == [
        "payment_method.attached",
        "setup_intent.created",
        "setup_intent.succeeded",
        "payment_method.updated",
        "payment_method.detached",
        "mandate.updated",
        "setup_intent.created",
        "setup_intent.canceled",
    ]
    assert told.count("customer.updated") == 2


def test_who_is_deleted_leaves_no_account_number(api, make, database, scope):
    customer = make.customer().id
    first, second = attached(api, customer)["id"], attached(api, customer, OTHER)["id"]
    api.post(f"payment_methods/{second}/detach")
    api.delete(f"customers/{customer}")
    assert api.get(f"payment_methods/{first}")["customer"] is None
    with database.reading(scope) as db:
        assert [row.sealed for row in db.scalars(select(PaymentMethod))] == [None, None]


def test_no_number_is_in_anything_that_is_written_down(api, make, database, scope):
    set_up(api, make.customer().id)
    plain = IBAN.replace(" ", "")
    with database.reading(scope) as db:
        [method] = db.scalars(select(PaymentMethod))
        assert plain.encode() not in method.sealed
        written = [row.data for row in db.scalars(select(Event))]
        written += [(row.before, row.after) for row in db.scalars(select(AuditEntry))]
        assert plain not in str([method.details, method.billing_details, *written])


def test_the_official_client_sets_an_account_up(app, merchant, make):
    client = official.client(app, merchant.test_key).v1
    customer = make.customer().id
    data = {"type": "sepa_debit", "sepa_debit": {"iban": IBAN}, "billing_details": HOLDER}
    method = client.payment_methods.create(data)
    intent = client.setup_intents.create(
        {
            "customer": customer,
            "payment_method": method.id,
            "payment_method_types": ["sepa_debit"],
            "confirm": True,
            "mandate_data": MANDATE,
        }
    )
    assert (intent.status, client.mandates.retrieve(intent.mandate).status) == ("succeeded", "active")
    client.customers.update(customer, {"invoice_settings": {"default_payment_method": method.id}})
    [listed] = client.customers.payment_methods.list(customer, {"type": "sepa_debit"}).data
    assert (listed.id, listed.sepa_debit.last4) == (method.id, "3000")
    client.payment_methods.detach(method.id)
    assert client.customers.retrieve(customer).invoice_settings.default_payment_method is None
