"""Services that don't exist here may be named where they are switched off, and the account as its own issuer."""

import pytest

OFF = {"automatic_tax": {"enabled": False, "liability": {"type": "self"}}}
SELF = {"issuer": {"type": "self"}}
SHOWN = {"account": None, "type": "self"}


def test_subscriptions_and_invoices_take_both(api, begun, customer):
    subscription = begun(**OFF, invoice_settings=SELF)
    assert subscription["invoice_settings"]["issuer"] == SHOWN
    changed = api.post(f"subscriptions/{subscription['id']}", **OFF, invoice_settings={**SELF, "footer": "Thanks"})
    assert (changed["invoice_settings"]["issuer"], changed["invoice_settings"]["footer"]) == (SHOWN, "Thanks")
    assert api.post("invoices", customer=customer, **OFF, **SELF)["issuer"] == SHOWN


def test_quotes_take_both(api, make, customer):
    items = [{"price": make.price().id}]
    quote = api.post("quotes", customer=customer, line_items=items, **OFF, invoice_settings=SELF)
    assert (quote["automatic_tax"]["enabled"], quote["invoice_settings"]["issuer"]) == (False, SHOWN)
    assert api.post(f"quotes/{quote['id']}", **OFF, invoice_settings=SELF)["invoice_settings"]["issuer"] == SHOWN


def test_schedules_take_both_in_phases_and_defaults(api, make, customer):
    phase = {"items": [{"price": make.price().id}], "iterations": 2, **OFF, "invoice_settings": SELF}
    sent = {"default_settings": {**OFF, "invoice_settings": SELF}, "phases": [phase]}
    schedule = api.post("subscription_schedules", customer=customer, start_date="now", **sent)
    assert schedule["default_settings"]["invoice_settings"]["issuer"] == SHOWN
    assert schedule["phases"][0]["invoice_settings"]["issuer"] == SHOWN
    assert api.get(f"subscriptions/{schedule['subscription']}")["invoice_settings"]["issuer"] == SHOWN
    preview = api.post("invoices/create_preview", customer=customer, schedule_details={"phases": [phase]})
    assert preview["issuer"] == SHOWN


@pytest.mark.parametrize(
    ("path", "sent", "param"),
    [
        ("quotes", {"automatic_tax": {"enabled": True}}, "automatic_tax[enabled]"),
        ("quotes", {"invoice_settings": {"issuer": {"type": "account"}}}, "invoice_settings[issuer][type]"),
        (
            "subscription_schedules",
            {"default_settings": {"automatic_tax": {"enabled": True}}},
            "default_settings[automatic_tax][enabled]",
        ),
    ],
)
def test_what_is_switched_on_is_refused(api, customer, path, sent, param):
    assert api.error("POST", path, customer=customer, **sent)["param"] == param


def test_tax_words_of_an_item_change_nothing(api, drafted):
    invoice = drafted(1000)
    item = api.get("invoiceitems", invoice=invoice["id"])["data"][0]["id"]
    api.post(f"invoiceitems/{item}", tax_behavior="inclusive", tax_code="txcd_10000000", invoicing_rules="")
    assert api.get(f"invoices/{invoice['id']}")["total"] == 1000


def test_what_clients_type_as_never_null_is_not(api, make):
    """Types say so: a list to walk, a hash to look into, an address."""
    subscription = api.get(f"subscriptions/{make.subscription().id}")
    assert subscription["billing_schedules"] == []
    assert api.get("account")["settings"]["card_payments"]["decline_on"] is None
    api.post("billing_portal/sessions", customer=make.customer().id)
    assert api.get("billing_portal/sessions")["data"][0]["url"] == ""
