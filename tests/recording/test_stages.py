"""What goes through several stages is told stage by stage."""

from __future__ import annotations

import pytest

from portal import clock


@pytest.fixture
def draft(api, make):
    customer = make.customer()
    api.post("invoiceitems", customer=customer.id, amount=1000, currency="eur")
    return api.post("invoices", customer=customer.id, pending_invoice_items_behavior="include")


def test_a_draft_and_its_items(api, make, types):
    customer = make.customer()
    item = {"customer": customer.id, "amount": 1000, "currency": "eur"}
    # the first amount decides the customer's currency
    assert types(lambda: api.post("invoiceitems", **item)) == ["customer.updated", "invoiceitem.created"]
    assert types(lambda: api.post("invoiceitems", **item)) == ["invoiceitem.created"]
    sent = {"customer": customer.id, "pending_invoice_items_behavior": "include"}
    assert types(lambda: api.post("invoices", **sent)) == ["invoice.created"]


def test_an_invoice_that_is_finalized_and_paid(api, draft, types):
    path = f"invoices/{draft['id']}"
    assert types(lambda: api.post(f"{path}/finalize")) == ["invoice.updated", "invoice.finalized"]
    paid = types(lambda: api.post(f"{path}/pay", paid_out_of_band=True))
    assert paid == ["invoice.updated", "invoice.paid", "invoice.payment_succeeded", "invoice_payment.paid"]


def test_a_finalized_invoice_tells_what_was_before(api, draft, told):
    before = len(told())
    api.post(f"invoices/{draft['id']}/finalize")
    updated, finalized = [event for event in told(before) if event.object_type == "invoice"]
    assert (updated.type, finalized.type) == ("invoice.updated", "invoice.finalized")
    assert updated.previous_attributes["status"] == "draft"
    assert updated.previous_attributes["status_transitions"] == {"finalized_at": None}
    assert (finalized.previous_attributes, finalized.data["status"]) == (None, "open")


@pytest.mark.parametrize(
    ("verb", "type"), [("void", "invoice.voided"), ("mark_uncollectible", "invoice.marked_uncollectible")]
)
def test_an_invoice_that_nobody_pays(api, draft, types, verb, type):
    api.post(f"invoices/{draft['id']}/finalize")
    assert types(lambda: api.post(f"invoices/{draft['id']}/{verb}")) == ["invoice.updated", type]


def test_a_sent_invoice(api, draft, types):
    left = types(lambda: api.post(f"invoices/{draft['id']}/send"))
    assert left == ["invoice.updated", "invoice.finalized", "invoice.sent"]


def test_an_invoice_paid_from_the_balance_is_told_in_each_stage(api, make, told):
    customer = make.customer()
    api.post(f"customers/{customer.id}/balance_transactions", amount=-5000, currency="eur")
    before = len(told())
    api.post("subscriptions", customer=customer.id, items=[{"price": make.price().id}])
    stages = [(each.type, each.data["status"]) for each in told(before) if each.object_type == "invoice"]
    assert stages == [
        ("invoice.created", "draft"),
        ("invoice.finalized", "open"),
        ("invoice.paid", "paid"),
        ("invoice.payment_succeeded", "paid"),
    ]


def test_a_subscription_from_its_start_to_its_end(api, make, types):
    sent = {"customer": make.customer().id, "items": [{"price": make.price().id}]}
    kind = {"collection_method": "send_invoice", "days_until_due": 7}
    made = types(lambda: api.post("subscriptions", **sent, **kind))
    assert made == ["customer.updated", "customer.subscription.created", "invoice.created"]
    id = api.get("subscriptions", customer=sent["customer"])["data"][0]["id"]
    assert types(lambda: api.post(f"subscriptions/{id}", cancel_at_period_end=True)) == [
        "customer.subscription.updated"
    ]
    assert "customer.subscription.deleted" in types(lambda: api.delete(f"subscriptions/{id}"))


def test_a_new_quantity_of_an_item_updates_the_subscription(api, make, told):
    subscription = make.subscription()
    item = api.get(f"subscriptions/{subscription.id}")["items"]["data"][0]
    sent = {"items": [{"id": item["id"], "quantity": 3}], "proration_behavior": "none"}
    api.post(f"subscriptions/{subscription.id}", **sent)
    event = told()[-1]
    assert event.type == "customer.subscription.updated"
    assert event.previous_attributes["items"]["data"][0]["quantity"] == 1
    assert event.previous_attributes["quantity"] == 1


def test_a_recurring_price_is_a_plan_as_well(make, told):
    price = make.price()
    created, plan = told()[-2:]
    assert (created.type, plan.type) == ("price.created", "plan.created")
    assert (plan.data["object"], plan.data["id"], plan.data["amount"]) == ("plan", price.id, 2000)


def test_a_credit_note_touches_its_invoice(api, draft, types):
    api.post(f"invoices/{draft['id']}/finalize")
    note = {"invoice": draft["id"], "amount": 300}
    assert types(lambda: api.post("credit_notes", **note)) == ["invoice.updated", "credit_note.created"]


def test_a_visit_with_a_task_that_is_not_done(api, make, types):
    sent = {"customer": make.customer().id, "flow_data": {"type": "customer_update"}}
    session = {}
    assert types(lambda: session.update(api.post("billing_portal/sessions", **sent))) == [
        "billing_portal.session.created"
    ]
    assert types(lambda: api.post(f"billing_portal/sessions/{session['id']}/expire")) == [
        "billing_portal.session.expired",
        "billing_portal.session.flow_abandoned",
    ]


def test_the_moment_is_that_of_the_change(api, held_clock, told):
    with clock.hold_at(held_clock + 60):
        api.post("customers", name="Jenny")
    assert told()[-1].created == held_clock + 60
