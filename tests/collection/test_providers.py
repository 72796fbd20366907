"""Invoices that a provider charges: the sandbox, whose cards are known for what comes of them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from portal import clock
from portal.assembly import Services
from portal.errors import Unavailable
from portal.models import Customer, TestClock
from portal.providers.registry import PROVIDERS
from portal.worker import payments
from tests.clients import Api
from tests.debits import begin_collecting, sign
from tests.factories import Factories
from tests.mailing import mails_to

pytestmark = pytest.mark.usefixtures("held_clock")


@pytest.fixture
def paying(api: Api, make: Factories) -> Callable[..., Customer]:
    """`paying(token)`: a customer whose default is this card of the sandbox."""
    api.post("account", default_currency="eur", settings={"payments": {"provider": "sandbox"}})

    def add(token: str = "tok_visa", customer: Customer | None = None) -> Customer:
        who = customer or make.customer()
        card = api.post("payment_methods", type="card", card={"token": token})["id"]
        api.post(f"payment_methods/{card}/attach", customer=who.id)
        api.post(f"customers/{who.id}", invoice_settings={"default_payment_method": card})
        return who

    return add


def intent_of(api: Api, invoice: Any) -> dict[str, Any]:
    """The only intent of an invoice."""
    [found] = api.get("payment_intents", invoice=invoice.id)["data"]
    return dict(found)


def told(api: Api, prefix: str = "") -> list[str]:
    """The types of all events with these words, oldest first."""
    return [each["type"] for each in api.get("events", limit=100)["data"][::-1] if each["type"].startswith(prefix)]


def test_an_invoice_is_charged_once_it_is_finalized(paying, make, api, work):
    invoice = make.invoice(paying(), 4200, auto_advance=True)
    begun = intent_of(api, invoice)
    assert (invoice.status, begun["status"], begun["amount"]) == ("open", "processing", 4200)
    work()
    paid, intent = api.get(f"invoices/{invoice.id}"), intent_of(api, invoice)
    assert (paid["status"], paid["amount_paid"]) == ("paid", 4200)
    assert (intent["status"], intent["amount_received"]) == ("succeeded", 4200)
    [payment] = api.get("invoice_payments", invoice=invoice.id)["data"]
    record = api.get(f"payment_records/{payment['payment']['payment_record']}")
    assert record["payment_method_details"]["card"]["last4"] == "4242"
    assert told(api, "payment_intent.") == ["payment_intent.created", "payment_intent.succeeded"]
    assert "invoice.paid" in told(api, "invoice.")


@pytest.mark.parametrize(
    ("token", "code", "decline", "retried"),
    [
        ("tok_visa_chargeDeclined", "card_declined", "generic_decline", True),
        ("tok_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds", True),
        ("tok_chargeDeclinedExpiredCard", "expired_card", None, False),
    ],
)
def test_what_is_declined_says_why_and_is_tried_again_where_that_may_help(
    paying, make, api, work, token, code, decline, retried
):
    now = clock.now()
    invoice = make.invoice(paying(token), 4200, auto_advance=True)
    work(now)
    intent, shown = intent_of(api, invoice), api.get(f"invoices/{invoice.id}")
    assert (intent["status"], shown["status"], shown["amount_paid"]) == ("requires_payment_method", "open", 0)
    error = intent["last_payment_error"]
    assert (error["code"], error["decline_code"]) == (code, decline)
    assert intent["next_attempt_at"] == (now + 5 * clock.DAY if retried else None)
    assert told(api, "payment_intent.")[-1] == "payment_intent.payment_failed"
    assert {"invoice.payment_failed", "invoice.overdue"} <= set(told(api, "invoice."))


def test_it_is_tried_on_the_days_of_the_account_and_then_given_up(paying, make, api, work):
    api.post("account", settings={"collection": {"retry_days": [3, 4], "on_exhausted": "mark_unpaid"}})
    customer, now = paying("tok_visa_chargeDeclined"), clock.now()
    subscription = api.post("subscriptions", customer=customer.id, items=[{"price": make.price().id}])["id"]
    assert api.get(f"subscriptions/{subscription}")["status"] == "active"
    seen = []
    for moment in (0, 3 * clock.DAY - 1, 3 * clock.DAY, 7 * clock.DAY - 1, 7 * clock.DAY, 100 * clock.DAY):
        work(now + moment)
        [intent] = api.get("payment_intents", customer=customer.id)["data"]
        seen.append((intent["attempt"], api.get(f"subscriptions/{subscription}")["status"]))
    assert seen == [*([(1, "past_due")] * 2), *([(2, "past_due")] * 2), *([(3, "unpaid")] * 2)]
    assert intent["next_attempt_at"] is None


def test_a_new_card_pays_at_the_next_attempt_or_by_hand(paying, make, api, work):
    customer, now = paying("tok_visa_chargeDeclined"), clock.now()
    first, second = (make.invoice(customer, 4200, auto_advance=True) for _ in range(2))
    work(now)
    paying("tok_mastercard", customer)
    api.post(f"invoices/{first.id}/pay")
    work(now)
    assert api.get(f"invoices/{first.id}")["status"] == "paid"
    assert api.get(f"invoices/{second.id}")["status"] == "open"
    work(now + 6 * clock.DAY)
    assert api.get(f"invoices/{second.id}")["status"] == "paid"
    assert intent_of(api, second)["attempt"] == 2


def test_pay_is_refused_while_the_customer_has_to_confirm(paying, make, api, work):
    invoice = make.invoice(paying("tok_authenticationRequired"), 4200, auto_advance=True)
    work()
    assert intent_of(api, invoice)["status"] == "requires_action"
    assert "invoice.payment_action_required" in told(api, "invoice.")
    error = api.error("POST", f"invoices/{invoice.id}/pay", 402)
    assert "has to confirm" in error["message"]


def test_a_dispute_takes_the_payment_back(paying, make, api, work):
    now = clock.now()
    invoice = make.invoice(paying("tok_createDispute"), 4200, auto_advance=True)
    work(now)
    assert api.get(f"invoices/{invoice.id}")["status"] == "paid"
    work(now + 59)
    assert api.get(f"invoices/{invoice.id}")["status"] == "paid"
    work(now + 61)
    shown, intent = api.get(f"invoices/{invoice.id}"), intent_of(api, invoice)
    assert (shown["status"], shown["amount_paid"], shown["amount_remaining"]) == ("open", 0, 4200)
    assert intent["disputed_at"] == now + 61
    assert told(api, "invoice.")[-2:] == ["invoice.payment_failed", "invoice.overdue"]
    work(now + 1000)
    assert intent_of(api, invoice) == intent


def test_two_workers_and_a_dead_one_charge_once(paying, make, api, services, monkeypatch):
    """The lease of a worker that died runs out; one that was slow comes to note what is noted already."""
    invoice, now, asked = make.invoice(paying(), 4200, auto_advance=True), clock.now(), []
    provider = PROVIDERS["sandbox"]

    @dataclasses.dataclass
    class Watched:
        abilities = provider.abilities
        name: str = "sandbox"

        def collect(self, charge):
            asked.append(charge)
            result = provider.collect(charge)
            if len(asked) == 1:
                raise SystemExit  # as a process that is killed once the provider has charged
            if len(asked) == 2:
                payments.work(services, now + 61 + 61)  # another one, as this one's lease has run out
            return result

    monkeypatch.setitem(PROVIDERS, "sandbox", Watched())
    with pytest.raises(SystemExit):
        payments.work(services, now)
    payments.work(services, now + 1)
    assert len(asked) == 1
    payments.work(services, now + 61)
    assert len({charge.id for charge in asked}) == 1
    assert len(asked) == 3
    assert len(api.get("invoice_payments", invoice=invoice.id)["data"]) == 1
    assert api.get(f"invoices/{invoice.id}")["amount_paid"] == 4200
    assert told(api, "payment_intent.") == ["payment_intent.created", "payment_intent.succeeded"]


def test_a_provider_that_can_not_be_reached_is_asked_again(paying, make, api, work, monkeypatch):
    invoice, now, provider = make.invoice(paying(), 4200, auto_advance=True), clock.now(), PROVIDERS["sandbox"]

    @dataclasses.dataclass
    class Unreachable:
        abilities = provider.abilities
        name: str = "sandbox"

        def collect(self, charge):
            raise TimeoutError

    with monkeypatch.context() as patch:
        patch.setitem(PROVIDERS, "sandbox", Unreachable())
        work(now)
    assert intent_of(api, invoice)["status"] == "processing"
    work(now + 59)
    assert intent_of(api, invoice)["status"] == "processing"
    work(now + 60)
    assert api.get(f"invoices/{invoice.id}")["status"] == "paid"


def test_many_calls_and_many_workers_charge_once(paying, make, api, app, services, merchant):
    invoice, now = make.invoice(paying(), 4200), clock.now()

    def pay(_: int) -> str:
        own = Api(app.test_client(), merchant.test_key)
        # on a slow machine the turn may come too late, and nothing has changed
        while (answer := own.request("POST", f"invoices/{invoice.id}/pay")).status_code == 503:
            pass
        return str(answer.get_json()["status"])

    def work(_: int) -> None:
        while True:
            try:
                payments.work(services, now)
                return
            except Unavailable:
                pass

    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(pay, range(50))) == {"open"}
        list(pool.map(work, range(20)))
    assert intent_of(api, invoice)["attempt"] == 1
    assert len(api.get("invoice_payments", invoice=invoice.id)["data"]) == 1
    assert told(api, "payment_intent.") == ["payment_intent.created", "payment_intent.succeeded"]


def test_what_a_bank_is_asked_for_is_not_charged_to_a_card(paying, make, api, services, work):
    begin_collecting(make)
    customer = make.customer()
    sign(make, services.seal, customer)
    invoice = make.invoice(customer, 4200, auto_advance=True)
    paying(customer=customer)
    api.post(f"invoices/{invoice.id}/pay")
    assert api.get("payment_intents", invoice=invoice.id)["data"] == []
    charged = make.invoice(customer, 900, auto_advance=True)
    work()
    assert api.get(f"invoices/{charged.id}")["status"] == "paid"
    assert [each["invoice"] for each in api.get("direct_debits")["data"]] == [invoice.id]


def test_time_is_that_of_the_customers_test_clock(api, work, services, scope):
    frozen = clock.now() - 300 * clock.DAY
    held = api.post("test_helpers/test_clocks", frozen_time=frozen)["id"]
    customer = api.post("customers", test_clock=held)["id"]
    api.post("account", default_currency="eur", settings={"payments": {"provider": "sandbox"}})
    card = api.post("payment_methods", type="card", card={"token": "tok_visa_chargeDeclined"})["id"]
    api.post(f"payment_methods/{card}/attach", customer=customer)
    invoice = api.post("invoices", customer=customer, default_payment_method=card, currency="eur")["id"]
    api.post("invoiceitems", customer=customer, invoice=invoice, amount=4200, currency="eur")
    api.post(f"invoices/{invoice}/finalize", auto_advance=True)
    work()
    [intent] = api.get("payment_intents", customer=customer)["data"]
    assert (intent["attempt"], intent["next_attempt_at"]) == (1, frozen + 5 * clock.DAY)
    with services.database.writing(scope) as db:
        db.get_one(TestClock, (scope.tenant_id, held)).frozen_time = frozen + 5 * clock.DAY
    work()
    [intent] = api.get("payment_intents", customer=customer)["data"]
    assert (intent["attempt"], intent["next_attempt_at"]) == (2, frozen + 15 * clock.DAY)


def test_an_invoice_that_needs_no_money_any_more_is_not_charged(paying, make, api, work):
    customer = paying()
    paid, voided = (make.invoice(customer, 4200, auto_advance=True) for _ in range(2))
    api.post(f"invoices/{paid.id}/pay", paid_out_of_band=True)
    api.post(f"invoices/{voided.id}/void")
    work()
    reasons = [intent_of(api, each)["cancellation_reason"] for each in (paid, voided)]
    assert reasons == ["automatic", "void_invoice"]
    assert len(api.get("invoice_payments", invoice=paid.id)["data"]) == 1


def test_of_what_was_credited_in_part_the_rest_is_charged(paying, make, api, work):
    invoice = make.invoice(paying(), 4200, auto_advance=True)
    make.credit_note(invoice, 1200)
    work()
    assert intent_of(api, invoice)["amount"] == 3000
    assert api.get(f"invoices/{invoice.id}")["status"] == "paid"


def test_live_mode_refuses_the_sandbox(paying, make, api, merchant):
    paying()
    live = Api(api.client, merchant.live_key)
    error = live.error("POST", "account", settings={"payments": {"provider": "sandbox"}})
    assert error["param"] == "settings[payments][provider]"
    refused = live.error("POST", "payment_methods", type="card", card={"token": "tok_visa"})
    assert "Nobody charges cards here" in refused["message"]


def test_only_tokens_of_the_sandbox_are_taken_and_none_is_repeated(paying, api):
    paying()
    error = api.error("POST", "payment_methods", type="card", card={"token": "4111111111111111"})
    assert (error["param"], "4111" in str(error)) == ("card[token]", False)
    error = api.error("POST", "payment_methods", type="card", card={"number": "4242424242424242", "token": "tok_visa"})
    assert (error["param"], "4242" in str(error)) == ("card[number]", False)


def test_a_card_is_set_up_by_an_intent_without_a_mandate(paying, make, api):
    paying()
    customer = make.customer()
    data = {"type": "card", "card": {"token": "tok_visa", "exp_month": 3, "exp_year": 2027}}
    sent = {"customer": customer.id, "payment_method_types": ["card"], "payment_method_data": data, "confirm": True}
    intent = api.post("setup_intents", **sent)
    assert (intent["status"], intent["mandate"]) == ("succeeded", None)
    card = api.get(f"payment_methods/{intent['payment_method']}")
    assert (card["customer"], card["card"]["exp_month"], card["card"]["exp_year"]) == (customer.id, 3, 2027)
    assert card["sepa_debit"] is None
    refused = api.error("POST", "setup_intents", **sent | {"payment_method_types": ["sepa_debit"]})
    assert refused["param"] == "payment_method"


def told_by_mail(services: Services, customer: Customer) -> list[str]:
    """What was mailed to this customer, as text."""
    found = mails_to(services, customer.email or "")
    return [f"{each['Subject']}\n{each.get_body(('plain',)).get_content()}" for each in found]


def test_who_is_declined_is_told_and_when_the_next_attempt_follows(paying, make, api, services, work):
    customer = paying("tok_visa_chargeDeclined", make.customer(email="declined@example.com"))
    invoice, now = make.invoice(customer, 4200, auto_advance=True), clock.now()
    work(now)
    [mail] = told_by_mail(services, customer)
    assert mail.startswith(f"The payment of invoice {invoice.number} failed")
    assert "•••• 0341" in mail or "•••• 0002" in mail
    assert "We will try again on November 26, 2026." in mail
    work(now + 5 * clock.DAY)
    assert len(told_by_mail(services, customer)) == 2


def test_who_has_to_confirm_is_asked_and_not_once_it_is_done(paying, make, api, services, work, app):
    customer = paying("tok_authenticationRequired", make.customer(email="confirming@example.com"))
    invoice = make.invoice(customer, 4200, auto_advance=True)
    work()
    [mail] = told_by_mail(services, customer)
    assert mail.startswith(f"Please confirm the payment of invoice {invoice.number}")
    [address] = re.findall(r"http://localhost(/i/\S+/confirm)", mail)
    assert app.test_client().get(address).status_code == 200
    late = paying("tok_authenticationRequired", make.customer(email="late@example.com"))
    other = make.invoice(late, 4200, auto_advance=True)
    work()
    api.post(f"invoices/{other.id}/pay", paid_out_of_band=True)
    assert all("confirm" not in each for each in told_by_mail(services, late))
