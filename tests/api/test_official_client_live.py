"""The newest official client over real HTTP, unchanged but for its address, against the production server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import stripe

from tests.live import Live, Shop

pytestmark = pytest.mark.usefixtures("client")

FEATURES: Any = {
    "customer_update": {"enabled": True, "allowed_updates": ["email", "tax_id"]},
    "invoice_history": {"enabled": True},
    "subscription_cancel": {"enabled": True, "mode": "at_period_end"},
}


@pytest.fixture
def shop(live: Live) -> Shop:
    return live.shop()


@pytest.fixture
def client(live: Live, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The address and the key, as a merchant's program sets them; the connection is closed at the end."""
    connection = stripe.RequestsClient()
    monkeypatch.setattr(stripe, "api_base", live.url)
    monkeypatch.setattr(stripe, "api_key", shop.keys.test_key)
    monkeypatch.setattr(stripe, "default_http_client", connection)
    yield
    connection.close()


@pytest.fixture
def customer(client: None) -> stripe.Customer:
    return stripe.Customer.create(name="Jenny Rosen", email="jenny.rosen@example.com", address={"country": "DE"})


@pytest.fixture
def gold(client: None) -> stripe.Price:
    product = stripe.Product.create(name="Gold plan")
    return stripe.Price.create(product=product.id, unit_amount=2000, currency="eur", recurring={"interval": "month"})


def finalized(customer: stripe.Customer, amount: int) -> stripe.Invoice:
    invoice = stripe.Invoice.create(customer=customer.id, collection_method="send_invoice", days_until_due=14)
    line: Any = {"amount": amount, "currency": "eur", "description": "Consulting"}
    stripe.InvoiceItem.create(customer=customer.id, invoice=invoice.id, **line)
    return stripe.Invoice.finalize_invoice(invoice.id)


def subscribed(customer: stripe.Customer, price: stripe.Price, **more: Any) -> stripe.Subscription:
    billed = {"collection_method": "send_invoice", "days_until_due": 14, **more}
    return stripe.Subscription.create(customer=customer.id, items=[{"price": price.id, "quantity": 2}], **billed)


def test_a_subscription_bills_with_tax(customer: stripe.Customer, gold: stripe.Price) -> None:
    number = stripe.Customer.create_tax_id(customer.id, type="eu_vat", value="DE136695976")
    assert number.verification is not None
    rate = stripe.TaxRate.create(display_name="VAT", percentage=19, inclusive=False, country="DE")
    subscription = subscribed(customer, gold, default_tax_rates=[rate.id], expand=["latest_invoice"])
    assert subscription.status == "active"
    invoice: Any = subscription.latest_invoice
    assert invoice.parent.subscription_details.subscription == subscription.id
    assert (invoice.subtotal, invoice.total) == (4000, 4760)


def test_an_invoice_is_paid_and_credited(customer: stripe.Customer) -> None:
    invoice = finalized(customer, 5000)
    assert (invoice.status, invoice.amount_due, invoice.number) == ("open", 5000, f"{customer.invoice_prefix}-0001")
    assert stripe.Invoice.pay(invoice.id, paid_out_of_band=True).status == "paid"
    line: Any = {"type": "invoice_line_item", "invoice_line_item": invoice.lines.data[0].id, "amount": 1500}
    note = stripe.CreditNote.create(invoice=invoice.id, lines=[line], credit_amount=1500, reason="order_change")
    assert (note.total, note.type, note.status) == (1500, "post_payment", "issued")
    assert stripe.Customer.retrieve(customer.id).balance == -1500


def test_a_credit_note_lowers_what_is_to_pay_until_it_is_void(customer: stripe.Customer) -> None:
    invoice = finalized(customer, 5000)
    note = stripe.CreditNote.create(invoice=invoice.id, amount=2000)
    assert stripe.Invoice.retrieve(invoice.id).amount_remaining == 3000
    assert stripe.CreditNote.void_credit_note(note.id).status == "void"
    assert stripe.Invoice.retrieve(invoice.id).amount_remaining == 5000


def test_the_balance_pays_the_next_invoice(customer: stripe.Customer) -> None:
    entry = stripe.Customer.create_balance_transaction(customer.id, amount=-1200, currency="eur", description="Gift")
    assert (entry.type, entry.ending_balance) == ("adjustment", -1200)
    invoice = finalized(customer, 5000)
    assert (invoice.total, invoice.amount_due, invoice.starting_balance) == (5000, 3800, -1200)
    entries = stripe.Customer.list_balance_transactions(customer.id)
    assert [each.type for each in entries] == ["applied_to_invoice", "adjustment"]


def test_what_can_end_an_invoice(customer: stripe.Customer) -> None:
    assert stripe.Invoice.void_invoice(finalized(customer, 100).id).status == "void"
    assert stripe.Invoice.mark_uncollectible(finalized(customer, 100).id).status == "uncollectible"
    statuses = [each.status for each in stripe.Invoice.list(customer=customer.id)]
    assert statuses == ["uncollectible", "void"]


def test_a_subscription_changes_and_ends(customer: stripe.Customer, gold: stripe.Price) -> None:
    subscription = subscribed(customer, gold)
    item = subscription["items"].data[0]
    changed = stripe.Subscription.modify(subscription.id, items=[{"id": item.id, "quantity": 3}])
    assert changed["items"].data[0].quantity == 3
    ending = stripe.Subscription.modify(subscription.id, cancel_at_period_end=True)
    assert ending.cancel_at == item.current_period_end
    canceled = stripe.Subscription.cancel(subscription.id, cancellation_details={"feedback": "unused"})
    assert canceled.status == "canceled"
    assert stripe.Subscription.list(customer=customer.id).data == []


def test_a_portal_session(live: Live, customer: stripe.Customer) -> None:
    profile: Any = {"headline": "Your rides"}
    configuration = stripe.billing_portal.Configuration.create(business_profile=profile, features=FEATURES)
    assert configuration.features.customer_update.allowed_updates == ["email", "tax_id"]
    session = stripe.billing_portal.Session.create(
        customer=customer.id, configuration=configuration.id, return_url="https://example.com/account", locale="de"
    )
    assert str(session.url).startswith(f"{live.url}/p/session/")
    assert (session.customer, session.configuration) == (customer.id, configuration.id)
    off = stripe.billing_portal.Configuration.modify(configuration.id, features={"invoice_history": {"enabled": False}})
    assert not off.features.invoice_history.enabled


def test_lists_page_by_themselves() -> None:
    made = [stripe.Product.create(name=f"Product {number}").id for number in range(7)]
    assert [each.id for each in stripe.Product.list(limit=3).auto_paging_iter()] == made[::-1]
    backwards = stripe.Product.list(limit=2, ending_before=made[3])
    assert [each.id for each in backwards.auto_paging_iter()] == made[4:]
    first = stripe.Product.list(limit=4)
    assert (first.has_more, first.next_page().has_more) == (True, False)


def test_expanded_objects_are_the_clients_own(customer: stripe.Customer, gold: stripe.Price) -> None:
    subscribed(customer, gold)
    paths = ["data.customer", "data.parent.subscription_details.subscription"]
    invoice: Any = stripe.Invoice.list(limit=1, expand=paths).data[0]
    assert isinstance(invoice.customer, stripe.Customer)
    assert isinstance(invoice.parent.subscription_details.subscription, stripe.Subscription)
    line: Any = stripe.Invoice.list_lines(invoice.id, expand=["data.pricing.price_details.price.product"]).data[0]
    assert line.pricing.price_details.price.product.name == "Gold plan"


def test_refusals_are_the_clients_exceptions(customer: stripe.Customer) -> None:
    planet: Any = {"planet": "Earth"}
    with pytest.raises(stripe.InvalidRequestError) as wrong:
        stripe.Customer.modify(customer.id, address=planet)
    assert (wrong.value.http_status, wrong.value.param) == (400, "address[planet]")
    with pytest.raises(stripe.InvalidRequestError) as unknown:
        stripe.Customer.retrieve("cus_none")
    assert (unknown.value.http_status, unknown.value.code, unknown.value.param) == (404, "resource_missing", "id")
    assert unknown.value.request_id
    with pytest.raises(stripe.InvalidRequestError) as refused:
        stripe.Customer.create_tax_id(customer.id, type="eu_vat", value="DE1")
    assert refused.value.code == "tax_id_invalid"


@pytest.mark.parametrize("key", ["sk_test_wrong", "nonsense"])
def test_a_wrong_key_is_an_authentication_error(key: str) -> None:
    with pytest.raises(stripe.AuthenticationError) as refused:
        stripe.Customer.list(api_key=key)
    assert refused.value.http_status == 401


def test_an_idempotency_key_is_one_call() -> None:
    first, second = (stripe.Customer.create(name="Once", idempotency_key="key-1") for _ in range(2))
    assert first.id == second.id
    assert len(stripe.Customer.list().data) == 1
    with pytest.raises(stripe.IdempotencyError) as refused:
        stripe.Customer.create(name="Other", idempotency_key="key-1")
    assert refused.value.http_status == 400


def test_metadata_is_merged_and_unset(customer: stripe.Customer) -> None:
    def metadata(sent: Any) -> Any:
        changed: Any = stripe.Customer.modify(customer.id, metadata=sent)
        return changed.metadata.to_dict()

    assert metadata({"plan": "gold", "seat": "4"}) == {"plan": "gold", "seat": "4"}
    assert metadata({"plan": "", "row": "2"}) == {"seat": "4", "row": "2"}
    assert metadata("") == {}


def test_the_account_is_read_and_changed(shop: Shop) -> None:
    account = stripe.Account.retrieve()
    assert (account.id, account.default_currency) == (shop.keys.account.id, "eur")
    stripe.Account.modify(account.id, business_profile={"support_email": "help@example.com"})
    again: Any = stripe.Account.retrieve(account.id)
    assert again.business_profile.support_email == "help@example.com"


def test_what_is_deleted_says_so(customer: stripe.Customer) -> None:
    number = stripe.Customer.create_tax_id(customer.id, type="eu_vat", value="DE136695976")
    assert stripe.Customer.delete_tax_id(customer.id, number.id).deleted is True
    item = stripe.InvoiceItem.create(customer=customer.id, amount=100, currency="eur")
    assert stripe.InvoiceItem.delete(item.id).deleted is True
    draft = stripe.Invoice.create(customer=customer.id)
    assert stripe.Invoice.delete(draft.id).deleted is True
    product = stripe.Product.create(name="Wrong")
    assert stripe.Product.delete(product.id).deleted is True
    assert stripe.Customer.delete(customer.id).deleted is True
    assert stripe.Customer.retrieve(customer.id).deleted is True


def test_the_client_object_of_newer_programs(live: Live, shop: Shop) -> None:
    connection = stripe.RequestsClient()
    client = stripe.StripeClient(shop.keys.test_key, base_addresses={"api": live.url}, http_client=connection)
    customer = client.v1.customers.create({"name": "Ada", "metadata": {"a": "b"}})
    assert client.v1.customers.retrieve(customer.id).metadata == customer.metadata
    session = client.v1.billing_portal.sessions.create({"customer": customer.id})
    assert str(session.url).startswith(live.url)
    assert [each.id for each in client.v1.customers.list().auto_paging_iter()] == [customer.id]
    connection.close()


def test_a_session_confirms_a_change_of_plan(customer: stripe.Customer, gold: stripe.Price) -> None:
    silver = stripe.Price.create(
        product=gold.product, unit_amount=1000, currency="eur", recurring={"interval": "month"}
    )
    reason = stripe.billing.FeedbackOption.create(description="I am moving away")
    update: Any = {
        "enabled": True,
        "default_allowed_updates": ["price", "quantity", "promotion_code"],
        "products": [{"product": gold.product, "prices": [gold.id, silver.id]}],
        "proration_behavior": "always_invoice",
        "schedule_at_period_end": {"conditions": [{"type": "decreasing_item_amount"}]},
    }
    asked: Any = {"enabled": True, "options": ["other"], "feedback_options": [reason.id]}
    cancel: Any = {"enabled": True, "cancellation_reason": asked}
    configuration = stripe.billing_portal.Configuration.create(
        features={"subscription_update": update, "subscription_cancel": cancel}
    )
    subscription = subscribed(customer, silver)
    wanted: Any = {"id": subscription["items"].data[0].id, "price": gold.id, "quantity": 2}
    session = stripe.billing_portal.Session.create(
        customer=customer.id,
        configuration=configuration.id,
        flow_data={
            "type": "subscription_update_confirm",
            "subscription_update_confirm": {"subscription": subscription.id, "items": [wanted]},
            "after_completion": {"type": "redirect", "redirect": {"return_url": "https://example.com/thanks"}},
        },
    )
    flow: Any = session.flow
    assert (flow.subscription_update_confirm.items[0].price, flow.subscription_update) == (gold.id, None)
    coupon = stripe.Coupon.create(percent_off=20, duration="once")
    session = stripe.billing_portal.Session.create(
        customer=customer.id,
        configuration=configuration.id,
        flow_data={
            "type": "subscription_cancel",
            "subscription_cancel": {
                "subscription": subscription.id,
                "retention": {"type": "coupon_offer", "coupon_offer": {"coupon": coupon.id}},
            },
        },
    )
    flow = session.flow
    assert flow.subscription_cancel.retention.coupon_offer.coupon == coupon.id
    assert stripe.billing.FeedbackOption.deactivate(reason.id).status == "inactive"
