"""`payment_settings`: kept for the payment provider and shown, as nothing is charged here."""

SETTINGS = {
    "payment_method_types": ["card", "sepa_debit"],
    "payment_method_options": {
        "card": {"request_three_d_secure": "any", "network": "visa", "mandate_options": {"amount": 3000}},
        "us_bank_account": {"financial_connections": {"permissions": ["ownership"]}},
    },
    "save_default_payment_method": "on_subscription",
}
BANK = {
    "financial_connections": {"filters": None, "permissions": ["ownership"], "prefetch": []},
    "verification_method": None,
}


def test_the_call_of_the_quick_start_works(api, begun):
    subscription = begun(
        payment_behavior="default_incomplete",
        payment_settings={"save_default_payment_method": "on_subscription"},
        expand=["latest_invoice.confirmation_secret", "latest_invoice.payment_intent", "pending_setup_intent"],
    )
    assert (subscription["status"], subscription["latest_invoice"]["confirmation_secret"]) == ("incomplete", None)
    assert subscription["payment_settings"] == {
        "payment_method_options": None,
        "payment_method_types": None,
        "save_default_payment_method": "on_subscription",
    }


def test_settings_are_shown_and_go_on_to_invoices(api, begun):
    subscription = begun(payment_settings=SETTINGS)
    shown = subscription["payment_settings"]
    assert shown["payment_method_types"] == ["card", "sepa_debit"]
    assert shown["payment_method_options"]["us_bank_account"] == BANK
    assert shown["payment_method_options"]["card"] == {
        "mandate_options": {"amount": 3000, "amount_type": None, "description": None},
        "network": "visa",
        "request_three_d_secure": "any",
    }
    assert shown["payment_method_options"]["konbini"] is None
    invoice = api.get(f"invoices/{subscription['latest_invoice']}")["payment_settings"]
    assert (invoice["payment_method_types"], invoice["default_mandate"]) == (["card", "sepa_debit"], None)
    assert invoice["payment_method_options"]["us_bank_account"] == BANK
    assert invoice["payment_method_options"]["card"] == {"installments": None, "request_three_d_secure": "any"}


def test_an_update_changes_what_was_sent(api, begun):
    path = f"subscriptions/{begun(payment_settings=SETTINGS)['id']}"
    changed = api.post(
        path, payment_settings={"payment_method_types": "", "payment_method_options": {"card": "", "konbini": ""}}
    )["payment_settings"]
    assert (changed["payment_method_types"], changed["save_default_payment_method"]) == (None, "on_subscription")
    assert changed["payment_method_options"]["card"] is None
    assert changed["payment_method_options"]["us_bank_account"] == BANK


def test_an_invoice_has_its_own(api, drafted):
    options = {"card": {"installments": {"enabled": True}}}
    sent = {"default_mandate": "mandate_1", "payment_method_options": options, "payment_method_types": ["card"]}
    invoice = drafted(1000, payment_settings=sent)
    shown = invoice["payment_settings"]
    assert (shown["default_mandate"], shown["payment_method_types"]) == ("mandate_1", ["card"])
    assert shown["payment_method_options"]["card"]["installments"] == {"enabled": True, "plan": None}
    cleared = api.post(f"invoices/{invoice['id']}", payment_settings={"default_mandate": ""})
    assert cleared["payment_settings"]["default_mandate"] is None


def test_a_wrong_word_is_refused_and_named(api, make):
    customer = make.customer().id
    sent = {"payment_settings": {"payment_method_types": ["card", "cash"]}}
    error = api.error("POST", "invoices", customer=customer, **sent)
    assert error["param"] == "payment_settings[payment_method_types][1]"


def test_subscriptions_are_listed_by_automatic_tax(api, begun):
    subscription = begun()
    assert [each["id"] for each in api.get("subscriptions", automatic_tax={"enabled": False})["data"]] == [
        subscription["id"]
    ]
    assert api.get("subscriptions", automatic_tax={"enabled": True})["data"] == []
