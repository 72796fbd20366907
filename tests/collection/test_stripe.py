"""Cards at Stripe: the official client against a small server that charges as Stripe does, and against stripe-mock."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import stripe

from portal import clock
from portal.assembly import Services
from portal.billing.accounts import provider_access
from portal.billing.intents import asking, attempts, results
from portal.billing.ledger import locks
from portal.errors import InvalidRequest
from portal.models import Account, Customer, Mail
from portal.providers import stripe_client, stripe_disputes
from portal.providers.interface import (
    Access,
    Charge,
    ChargeResult,
    DisputeReply,
    GivenMethod,
    PageOrder,
    RefusedMethod,
    Repayment,
)
from portal.providers.registry import PROVIDERS
from portal.providers.stripe import Stripe
from portal.worker import payments
from tests import stripe_peer
from tests.clients import Api, Portal
from tests.factories import Factories
from tests.mailing import mails_to
from tests.stripe_peer import StripePeer

ACCESS = Access("sk_test_peer", "whsec_peer")
STRIPE_MOCK = Path(__file__).parents[2] / ".setup" / "stripe-mock"


@pytest.fixture
def customer(with_keys: Access, make: Factories) -> Customer:
    """A customer of a merchant who has given its keys."""
    return make.customer(name="Jenny Rosen", email="jenny@example.com")


@pytest.fixture
def visit(portal: Callable[..., Portal], customer: Customer, make: Factories) -> Portal:
    return portal(customer, make.configuration(payment_method_update={"enabled": True}))


@pytest.fixture
def carded(visit: Portal, peer: StripePeer, customer: Customer) -> Callable[[str], Customer]:
    """`carded(method)`: the customer, who has given a card on the page of the peer."""

    def give(method: str = "pm_ok") -> Customer:
        assert visit.get("payment-methods/card/start").status_code == 303
        page = peer.pages("setup")[-1]["id"]
        peer.give_card(page, method)
        assert visit.get(f"payment-methods/card/back?ref={page}").status_code == 303
        return customer

    return give


def intent_of(api: Api, invoice: Any) -> dict[str, Any]:
    [found] = api.get("payment_intents", invoice=invoice.id)["data"]
    return dict(found)


def cards_of(api: Api, customer: Customer) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get("payment_methods", customer=customer.id)["data"]
    return found


def test_a_card_is_given_on_stripes_page_and_charged_without_the_customer(carded, visit, peer, make, api, work):
    assert "Continue to Stripe" in visit.get("payment-methods/card").get_data(as_text=True)
    customer = carded()
    [card] = cards_of(api, customer)
    assert (card["card"]["last4"], card["card"]["exp_year"], card["billing_details"]["name"]) == (
        "4242",
        2030,
        "Jenny Rosen",
    )
    invoice = make.invoice(customer, 4200, auto_advance=True)
    work()
    assert api.get(f"invoices/{invoice.id}")["status"] == "paid"
    assert peer.charged() == 4200


def test_a_card_of_somebody_else_is_not_kept(visit, peer, make, api, customer):
    visit.get("payment-methods/card/start")
    [page] = peer.pages("setup")
    peer.give_card(page["id"])
    page["client_reference_id"] = make.customer().id
    assert visit.get(f"payment-methods/card/back?ref={page['id']}").status_code == 404
    assert cards_of(api, customer) == []


def test_a_closed_window_loses_no_card_and_a_webhook_adds_none_twice(visit, peer, api, customer, notify):
    visit.get("payment-methods/card/start")
    [page] = peer.pages("setup")
    assert visit.get(f"payment-methods/card/back?ref={page['id']}").status_code == 404  # nothing was given yet
    peer.give_card(page["id"])
    for _ in range(2):
        assert notify("checkout.session.completed", {"id": page["id"], "mode": "setup"}) == 200
    visit.get(f"payment-methods/card/back?ref={page['id']}")
    assert len(cards_of(api, customer)) == 1


@pytest.mark.parametrize(
    ("method", "decline", "retried"),
    [("pm_declined", "insufficient_funds", True), ("pm_stolen", "stolen_card", False)],
)
def test_what_is_declined_says_why(carded, make, api, work, method, decline, retried):
    invoice = make.invoice(carded(method), 4200, auto_advance=True)
    work()
    intent = intent_of(api, invoice)
    assert (intent["status"], intent["last_payment_error"]["decline_code"]) == ("requires_payment_method", decline)
    assert (intent["next_attempt_at"] is not None) == retried


@pytest.mark.parametrize("returns", [True, False])
def test_a_payment_is_confirmed_on_stripes_page(carded, visit, peer, make, api, work, notify, returns):
    invoice = make.invoice(carded("pm_confirm"), 4200, auto_advance=True)
    work()
    intent = intent_of(api, invoice)
    assert intent["status"] == "requires_action"
    assert "Continue to Stripe" in visit.get(f"payments/{intent['id']}/confirm").get_data(as_text=True)
    for _ in range(2):
        assert visit.get(f"payments/{intent['id']}/confirm/start").status_code == 303
    [page] = peer.pages("payment")
    peer.pay(page["id"])
    if returns:
        visit.get(f"payments/{intent['id']}/confirm/back")
    else:
        notify("checkout.session.completed", {"mode": "payment", "client_reference_id": page["client_reference_id"]})
    work()
    assert api.get(f"invoices/{invoice.id}")["status"] == "paid"
    assert peer.charged() == 4200


def test_another_card_is_not_charged_as_long_as_a_page_can_be_paid(carded, visit, peer, make, api, work):
    invoice = make.invoice(carded("pm_confirm"), 4200, auto_advance=True)
    work()
    visit.get(f"payments/{intent_of(api, invoice)['id']}/confirm/start")
    carded("pm_other")
    assert "has to confirm" in api.error("POST", f"invoices/{invoice.id}/pay", 402)["message"]
    [page] = peer.pages("payment")
    page["status"] = "expired"
    work(clock.now() + clock.DAY)
    assert intent_of(api, invoice)["status"] == "requires_payment_method"
    api.post(f"invoices/{invoice.id}/pay")
    work(clock.now() + clock.DAY)
    assert (api.get(f"invoices/{invoice.id}")["status"], peer.charged()) == ("paid", 4200)


def test_what_is_paid_on_a_page_after_all_becomes_credit(carded, visit, peer, make, api, work, notify):
    customer = carded("pm_confirm")
    invoice = make.invoice(customer, 4200, auto_advance=True)
    work()
    visit.get(f"payments/{intent_of(api, invoice)['id']}/confirm/start")
    [page] = peer.pages("payment")
    api.post(f"invoices/{invoice.id}/pay", paid_out_of_band=True)
    work(clock.now() + 2 * clock.DAY)
    peer.pay(page["id"])
    notify("checkout.session.completed", {"mode": "payment", "client_reference_id": page["client_reference_id"]})
    work(clock.now() + 3 * clock.DAY)
    assert api.get(f"customers/{customer.id}")["balance"] == -4200


def test_a_lost_answer_charges_once(carded, peer, make, api, work):
    invoice, now = make.invoice(carded(), 4200, auto_advance=True), clock.now()
    peer.drops = 1
    work(now)
    assert (intent_of(api, invoice)["status"], peer.charged()) == ("processing", 4200)
    work(now + 61)
    assert (api.get(f"invoices/{invoice.id}")["status"], peer.charged()) == ("paid", 4200)


def test_a_lost_answer_is_found_after_the_day_of_its_key(carded, peer, make, api, work):
    invoice = make.invoice(carded(), 4200, auto_advance=True)
    peer.drops = 1
    work()
    peer.answers.clear()
    with clock.hold_at(clock.now() + 2 * clock.DAY):
        work()
    assert (api.get(f"invoices/{invoice.id}")["status"], peer.charged()) == ("paid", 4200)


def test_money_goes_back_once(carded, peer, make, api, work):
    invoice = make.invoice(carded(), 4200, auto_advance=True)
    work()
    note = api.post("credit_notes", invoice=invoice.id, amount=1200, refund_amount=1200)
    peer.drops = 1
    now = clock.now()
    work(now)
    assert api.get(f"refunds/{note['refund']}")["status"] == "pending"
    work(now + 61)
    assert (api.get(f"refunds/{note['refund']}")["status"], peer.charged()) == ("succeeded", 3000)


def test_a_dispute_takes_the_payment_back_and_an_inquiry_does_not(carded, peer, make, api, work, notify):
    invoice = make.invoice(carded(), 4200, auto_advance=True)
    work()
    [paid] = [each["id"] for each in peer.kept.values() if each["object"] == "payment_intent"]
    peer.dispute(paid, "warning_needs_response")
    notify("charge.dispute.created", {"payment_intent": paid})
    work()
    assert api.get(f"invoices/{invoice.id}")["status"] == "paid"
    peer.dispute(paid)
    for _ in range(2):
        notify("charge.dispute.created", {"payment_intent": paid})
        work()
    assert api.get(f"invoices/{invoice.id}")["status"] == "open"
    assert intent_of(api, invoice)["disputed_at"] is not None


def test_a_dispute_that_is_won_puts_the_payment_back(carded, peer, make, api, work, notify):
    invoice = make.invoice(carded(), 4200, auto_advance=True)
    work()
    [paid] = [each["id"] for each in peer.kept.values() if each["object"] == "payment_intent"]
    dispute = peer.dispute(paid)
    notify("charge.dispute.created", {"payment_intent": paid})
    work()
    dispute["status"] = "won"
    for _ in range(2):
        notify("charge.dispute.closed", {"payment_intent": paid})
        work()
    after = api.get(f"invoices/{invoice.id}")
    assert (after["status"], after["amount_paid"], after["amount_overpaid"]) == ("paid", 4200, 0)
    assert intent_of(api, invoice)["disputed_at"] is None
    assert told_of_disputes(make) == [False, True]
    peer.dispute(paid)
    notify("charge.dispute.created", {"payment_intent": paid})
    work()
    assert api.get(f"invoices/{invoice.id}")["status"] == "open"


def test_what_was_paid_in_another_way_meanwhile_becomes_credit(carded, peer, make, api, work, notify):
    customer = carded()
    invoice = make.invoice(customer, 4200, auto_advance=True)
    work()
    [paid] = [each["id"] for each in peer.kept.values() if each["object"] == "payment_intent"]
    dispute = peer.dispute(paid)
    notify("charge.dispute.created", {"payment_intent": paid})
    work()
    api.post(f"invoices/{invoice.id}/pay", paid_out_of_band=True)
    dispute["status"] = "won"
    for _ in range(2):
        notify("charge.dispute.closed", {"payment_intent": paid})
        work()
    assert api.get(f"customers/{customer.id}")["balance"] == -4200


def test_a_dispute_that_is_lost_stays_taken_back(carded, peer, make, api, work, notify):
    invoice = make.invoice(carded(), 4200, auto_advance=True)
    work()
    [paid] = [each["id"] for each in peer.kept.values() if each["object"] == "payment_intent"]
    dispute = peer.dispute(paid)
    notify("charge.dispute.created", {"payment_intent": paid})
    work()
    dispute["status"] = "lost"
    notify("charge.dispute.closed", {"payment_intent": paid})
    work()
    assert api.get(f"invoices/{invoice.id}")["status"] == "open"
    assert told_of_disputes(make) == [False]


@pytest.mark.parametrize(("call", "status"), [("", "under_review"), ("/close", "lost")])
def test_an_answer_to_a_dispute_is_told_to_stripe_once(carded, peer, make, api, work, notify, call, status):
    invoice = make.invoice(carded(), 4200, auto_advance=True)
    work()
    [paid] = [each["id"] for each in peer.kept.values() if each["object"] == "payment_intent"]
    dispute = peer.dispute(paid) | {"reason": "product_not_received"}
    peer.kept[dispute["id"]] |= dispute
    notify("charge.dispute.created", {"payment_intent": paid})
    work()
    [found] = api.get("disputes", invoice=invoice.id)["data"]
    assert (found["reason"], found["status"]) == ("product_not_received", "needs_response")
    sent = {} if call else {"evidence": {"uncategorized_text": "Delivered."}}
    assert api.post(f"disputes/{found['id']}{call}", **sent)["status"] == status
    peer.drops = 1
    work()
    for _ in range(2):
        notify("charge.dispute.updated", {"payment_intent": paid})
        work()
    assert api.get(f"disputes/{found['id']}")["status"] == status
    assert peer.kept[dispute["id"]]["status"] == status
    assert sum(each.startswith("POST /v1/disputes") for each in peer.asked) == 1
    assert peer.kept[dispute["id"]].get("evidence") == (None if call else sent["evidence"])


def test_what_stripe_has_decided_counts_more_than_an_answer(carded, peer, make, api, work, notify):
    invoice = make.invoice(carded(), 4200, auto_advance=True)
    work()
    [paid] = [each["id"] for each in peer.kept.values() if each["object"] == "payment_intent"]
    dispute = peer.dispute(paid)
    notify("charge.dispute.created", {"payment_intent": paid})
    work()
    [found] = api.get("disputes", invoice=invoice.id)["data"]
    dispute["status"] = "won"
    assert api.post(f"disputes/{found['id']}/close")["status"] == "lost"
    work()
    assert api.get(f"disputes/{found['id']}")["status"] == "won"
    assert api.get(f"invoices/{invoice.id}")["status"] == "paid"


@pytest.fixture
def charged(carded, peer, make, api, work, notify) -> Any:
    """An invoice of 42 € that was paid, its intent at Stripe, and `ask()`: what a webhook about a dispute leads to."""

    class Charged:
        customer = carded()
        invoice = make.invoice(customer, 4200, auto_advance=True)
        work()
        paid = next(each["id"] for each in peer.kept.values() if each["object"] == "payment_intent")

        def tell(self) -> None:
            assert notify("charge.dispute.updated", {"payment_intent": self.paid}) == 200

        def ask(self, now: int | None = None) -> None:
            self.tell()
            work(now)

        def dispute(self) -> dict[str, Any]:
            [found] = api.get("disputes", invoice=self.invoice.id)["data"]
            return dict(found)

        def shown(self) -> dict[str, Any]:
            return dict(api.get(f"invoices/{self.invoice.id}"))

        def balance(self) -> int:
            return int(api.get(f"customers/{self.customer.id}")["balance"])

        def refund(self, **sent: Any) -> dict[str, Any]:
            made = api.post("refunds", payment_intent=intent_of(api, self.invoice)["id"], **sent)
            work()
            return dict(api.get(f"refunds/{made['id']}"))

    return Charged()


def test_what_was_refunded_before_a_dispute_that_is_won_stays_refunded(charged, peer, api):
    first = charged.refund(amount=1000)
    dispute = peer.dispute(charged.paid, amount=3200)
    charged.ask()
    assert charged.shown()["status"] == "open"
    assert "taken back" in api.error("POST", "refunds", payment_record=first["payment_record"])["message"]
    dispute["status"] = "won"
    charged.ask()
    after = charged.shown()
    assert (after["status"], after["amount_paid"], charged.balance()) == ("paid", 4200, 0)
    again = api.get(f"refunds/{first['id']}")["payment_record"]
    assert again != first["payment_record"]
    assert [
        api.get(f"payment_records/{id}")["amount_refunded"]["value"] for id in (first["payment_record"], again)
    ] == [
        0,
        1000,
    ]
    assert charged.refund()["amount"] == 3200
    assert peer.charged() == 0
    assert api.error("POST", "refunds", payment_record=again)["code"] == "charge_already_refunded"


@pytest.mark.parametrize(
    ("elsewhere", "balance"), [(4200, -3200), (3700, -3200), (3200, -3200), (2200, -2200), (200, -200)]
)
def test_what_comes_back_of_a_refunded_payment_is_credited_once(charged, peer, api, elsewhere, balance):
    """Whatever was paid in another way meanwhile: credit and what can be refunded are what came back."""
    charged.refund(amount=1000)
    dispute = peer.dispute(charged.paid, amount=3200)
    charged.ask()
    pay_elsewhere(api, charged, elsewhere)
    dispute["status"] = "won"
    charged.ask()
    assert (charged.shown()["status"], charged.balance()) == ("paid", balance)
    if balance + 3200:
        assert charged.refund()["amount"] == balance + 3200
    else:
        api.error("POST", "refunds", payment_intent=intent_of(api, charged.invoice)["id"])
    dispute["status"] = "lost"
    charged.ask()
    assert charged.balance() == 0


def pay_elsewhere(api: Api, charged: Any, amount: int) -> None:
    """Pay an invoice by money that did not come by a card."""
    money, details = {"value": amount, "currency": "eur"}, {"guaranteed_at": 1}
    method = {"type": "custom", "custom": {"display_name": "Cash"}}
    record = api.post(
        "payment_records/report_payment",
        amount_requested=money,
        initiated_at=1,
        payment_method_details=method,
        outcome="guaranteed",
        guaranteed=details,
    )
    api.post(f"invoices/{charged.invoice.id}/attach_payment", payment_record=record["id"])


def test_an_older_answer_takes_nothing_back_of_a_dispute_that_was_won(charged, peer, services, monkeypatch, api, make):
    """Two webhooks, two workers: the one that asked before the dispute was won notes its answer last."""
    dispute = peer.dispute(charged.paid)
    charged.ask()
    provider, asked = PROVIDERS["stripe"], []

    class Slow:
        def collect(self, charge):
            asked.append(charge.id)
            result = provider.collect(charge)
            if len(asked) == 1:
                dispute["status"] = "won"
                charged.tell()
                payments.work(services, clock.now())
                assert charged.shown()["status"] == "paid"
            return result

    charged.tell()
    monkeypatch.setitem(PROVIDERS, "stripe", Slow())
    payments.work(services, clock.now())
    assert (len(asked), charged.shown()["status"]) == (2, "paid")
    while payments.work(services, clock.now()):
        pass
    assert (len(asked), charged.shown()["status"], charged.dispute()["status"]) == (3, "paid", "won")
    assert told_of_disputes(make) == [False, True]


def test_an_answer_from_before_a_reply_takes_nothing_back(charged, peer, services, api, make):
    """The worker that asked before the merchant replied notes its answer once the dispute was won."""
    dispute = peer.dispute(charged.paid)
    charged.ask()
    old = describe_and_collect(charged, make, services)
    api.post(f"disputes/{charged.dispute()['id']}", evidence={"uncategorized_text": "Delivered."})
    charged.ask()
    dispute["status"] = "won"
    charged.ask()
    assert charged.shown()["status"] == "paid"
    with make.database.writing(make.scope) as db:
        billed = locks.invoice_by_id(db, charged.invoice.id)
        intent = attempts.lock(db, intent_of(api, charged.invoice)["id"])
        results.apply(db, intent, billed, 1, old, now=clock.now())
    assert (charged.shown()["status"], charged.dispute()["status"]) == ("paid", "won")


def describe_and_collect(charged: Any, make: Factories, services: Services) -> ChargeResult:
    """What the provider says now, which is not noted."""
    with make.database.writing(make.scope) as db:
        billed = locks.invoice_by_id(db, charged.invoice.id)
        intent = attempts.find_latest(db, billed.invoice)
        assert intent is not None
        charge = asking.describe(db, intent, clock.now())
    return PROVIDERS["stripe"].collect(replace(charge, access=ACCESS))


def test_a_question_of_many_calls_ends_in_time(peer):
    """However many disputes a charge has, a worker's lease is longer."""
    peer.slow = 0.2
    client = stripe_client.make_client("sk_test_peer", peer.address, seconds=0.5)
    asked, begun = [], time.monotonic()

    def ask_for_ever() -> None:
        while True:
            asked.append(client.v1.disputes.list({"payment_intent": "pi_1"}))

    with pytest.raises(stripe.APIConnectionError):
        ask_for_ever()
    assert asked
    assert time.monotonic() - begun < 2


def test_evidence_that_stripe_refuses_is_not_counted_and_can_be_given_again(charged, peer, api, caplog):
    dispute = peer.dispute(charged.paid)
    charged.ask()
    path, words = f"disputes/{charged.dispute()['id']}", {"uncategorized_text": "Delivered."}
    assert api.post(path, evidence=words)["evidence_details"]["submission_count"] == 1
    peer.refuses = True
    charged.ask()
    shown = charged.dispute()
    assert (shown["status"], shown["evidence_details"]["submission_count"]) == ("needs_response", 0)
    assert shown["evidence"]["uncategorized_text"] == "Delivered."
    assert f"Stripe refuses the answer to the dispute {dispute['id']}: Not by this key." in caplog.text
    assert "sk_test_peer" not in caplog.text
    charged.ask()
    peer.refuses = False
    api.post(path, evidence={"uncategorized_text": "Delivered on 3 December."})
    charged.ask()
    shown = charged.dispute()
    assert (shown["status"], shown["evidence_details"]["submission_count"]) == ("under_review", 1)
    assert dispute["evidence"] == {"uncategorized_text": "Delivered on 3 December."}


def test_a_close_that_stripe_refuses_hides_no_evidence(charged, peer, api):
    dispute = peer.dispute(charged.paid)
    charged.ask()
    path = f"disputes/{charged.dispute()['id']}"
    peer.refuses = True
    assert api.post(f"{path}/close")["status"] == "lost"
    charged.ask()
    assert charged.dispute()["status"] == "needs_response"
    peer.refuses = False
    charged.ask()
    assert dispute["status"] == "needs_response"
    api.post(path, evidence={"uncategorized_text": "Delivered."})
    charged.ask()
    assert (dispute["status"], charged.dispute()["status"]) == ("under_review", "under_review")
    assert dispute["evidence"] == {"uncategorized_text": "Delivered."}


def test_evidence_that_came_too_late_is_not_counted(charged, peer, api):
    dispute = peer.dispute(charged.paid)
    charged.ask()
    dispute["status"] = "lost"
    api.post(f"disputes/{charged.dispute()['id']}", evidence={"uncategorized_text": "Delivered."})
    charged.ask()
    shown = charged.dispute()
    assert (shown["status"], shown["evidence_details"]["submission_count"]) == ("lost", 0)


def test_who_accepts_an_inquiry_does_not_accept_the_dispute_that_comes_of_it(charged, peer, api):
    dispute = peer.dispute(charged.paid, "warning_needs_response")
    charged.ask()
    assert api.post(f"disputes/{charged.dispute()['id']}/close")["status"] == "warning_closed"
    charged.ask()
    assert dispute["status"] == "warning_closed"
    dispute["status"] = "needs_response"
    peer.answers.clear()  # Stripe forgets keys after a day
    for _ in range(2):
        charged.ask()
    assert (dispute["status"], charged.dispute()["status"], charged.shown()["status"]) == (
        "needs_response",
        "needs_response",
        "open",
    )


def test_a_dispute_of_a_part_leaves_the_invoice_paid(charged, peer, api, make):
    part = peer.dispute(charged.paid, amount=1000)
    for _ in range(2):
        charged.ask()
    assert (charged.shown()["status"], charged.dispute()["amount"]) == ("paid", 1000)
    assert charged.dispute()["funds_withdrawn_at"] is not None
    assert intent_of(api, charged.invoice)["disputed_at"] is None
    assert told_of_disputes(make) == [False]
    charged.refund(amount=3200)
    part["status"] = "lost"
    charged.ask()
    assert (charged.shown()["status"], told_of_disputes(make)) == ("paid", [False])


def test_the_mail_about_a_part_says_how_much_and_not_that_the_invoice_is_open(charged, peer, make, services):
    address = f"{charged.paid}@merchant.example"
    with make.database.writing(make.scope) as db:
        db.get_one(Account, make.scope.account_id).email = address
    peer.dispute(charged.paid, amount=1000)
    charged.ask()
    peer.dispute(charged.paid, amount=3200)
    charged.ask()
    bodies = [mail.get_body(("plain",)).get_content() for mail in mails_to(services, address)]
    told = {("10.00" in each, "42.00" in each, "is open again" in each) for each in bodies}
    assert told == {(True, False, False), (False, True, True)}


def test_a_dispute_of_a_part_that_is_won_changes_nothing(charged, peer, make):
    part = peer.dispute(charged.paid, amount=1000)
    charged.ask()
    part["status"] = "won"
    for _ in range(2):
        charged.ask()
    assert (charged.shown()["status"], charged.balance(), told_of_disputes(make)) == ("paid", 0, [False, True])


def test_disputes_of_all_parts_take_the_payment_back(charged, peer, make):
    peer.dispute(charged.paid, amount=1000)
    charged.ask()
    rest = peer.dispute(charged.paid, amount=3200)
    charged.ask()
    assert (charged.shown()["status"], charged.shown()["amount_remaining"]) == ("open", 4200)
    rest["status"] = "won"
    charged.ask()
    assert (charged.shown()["status"], charged.balance()) == ("paid", 0)


def told_of_disputes(make: Factories) -> list[bool]:
    with make.database.reading(make.scope) as db:
        found = db.query(Mail).filter_by(name="payment_disputed").order_by(Mail.created, Mail.id)
        return sorted(mail.data["won"] for mail in found)


def test_webhooks_that_stripe_has_not_signed_change_nothing(carded, make, api, work, notify, peer, app):
    invoice = make.invoice(carded(), 4200, auto_advance=True)
    work()
    asked = len(peer.asked)
    paid = next(each["id"] for each in peer.kept.values() if each["object"] == "payment_intent")
    assert notify("charge.dispute.created", {"payment_intent": paid}, secret="whsec_other") == 400
    assert notify("charge.dispute.created", {"payment_intent": paid}, at=clock.now() - 600) == 400
    assert app.test_client().post("/webhooks/providers/stripe/acct_none/test").status_code == 404
    assert app.test_client().post(f"/webhooks/providers/sandbox/{make.scope.account_id}/test").status_code == 404
    work()
    assert len(peer.asked) == asked
    assert notify("invoice.paid", {"id": invoice.id}) == 200


def test_keys_are_sealed_and_of_their_mode(customer, api, make, services):
    with make.database.reading(make.scope) as db:
        stored = json.dumps(db.get_one(Account, make.scope.account_id).settings)
    assert "sk_test" not in stored
    assert "whsec" not in stored
    assert "provider_access" not in json.dumps(api.get("account"))
    for access in (Access("sk_live_x", "whsec_x"), Access("sk_test_x", "x")):
        with pytest.raises(InvalidRequest), make.database.writing(make.scope) as db:
            provider_access.give_access(db, "stripe", access, seal=services.seal)


def test_live_mode_has_no_cards_as_long_as_it_has_no_keys(customer, api, merchant):
    live = Api(api.client, merchant.live_key)
    refused = live.error("POST", "payment_methods", type="card", card={"token": "tok_visa"})
    assert "Nobody charges cards here" in refused["message"]


@pytest.fixture(scope="session")
def described() -> Iterator[str]:
    """The address of stripe-mock, which holds each call against Stripe's own description; where it could not be built,
    of a server that takes every call.
    """
    if not STRIPE_MOCK.exists():
        with stripe_peer.running() as peer:
            peer.kept |= stripe_peer.EXAMPLES
            yield peer.address
        return
    ports = ("-http-addr", "127.0.0.1:0", "-https-addr", "127.0.0.1:0")
    with subprocess.Popen([STRIPE_MOCK, *ports], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        # it says where it listens once it has read its description
        found = next(filter(None, (re.search(r"HTTP at address: (\S+)", line) for line in server.stdout)))
        yield f"http://{found[1]}"
        server.terminate()


def _charge(**changed: Any) -> Charge:
    now = clock.now()
    return Charge(**{
        "id": "pi_1-1", "ref": None, "method_ref": "cus_1/pm_1", "amount": 4200, "currency": "eur",
        "asked_at": now, "confirmed_at": None, "now": now, "access": Access("sk_test_123", "whsec_1"), **changed,
    })  # fmt: skip


#: Each call that the provider makes. stripe-mock refuses unknown and badly typed parameters.
CALLS: dict[str, Callable[[Stripe], Any]] = {
    "begin_set_up": lambda made: made.begin_set_up(
        ACCESS, "cus_1", PageOrder("http://x/{ref}", "http://x/", email="a@example.com")
    ),
    "finish_set_up": lambda made: made.finish_set_up(ACCESS, "cs_test_1"),
    "begin_payment": lambda made: made.begin_payment(_charge(), PageOrder("http://x/", "http://x/", words="INV-1")),
    "begin_payment by a card given there": lambda made: made.begin_payment(
        _charge(method_ref=""), PageOrder("http://x/", "http://x/", words="1", email="a@example.com", keeps=True)
    ),
    "begin_payment again": lambda made: made.begin_payment(
        _charge(ref="cs_test_1"), PageOrder("http://x/", "http://x/", words="INV-1")
    ),
    "end_page": lambda made: made.end_page(ACCESS, "cs_test_1"),
    "collect": lambda made: made.collect(_charge()),
    "collect again": lambda made: made.collect(_charge(ref="pi_1")),
    "collect by page": lambda made: made.collect(_charge(ref="cs_test_1")),
    "collect after days": lambda made: made.collect(_charge(asked_at=clock.now() - 3 * clock.DAY)),
    "refund": lambda made: made.refund(_repayment()),
    "refund again": lambda made: made.refund(_repayment(ref="re_1")),
    "refund after days": lambda made: made.refund(_repayment(asked_at=clock.now() - 3 * clock.DAY)),
    "disputes": lambda made: stripe_disputes.find_all(
        made._client(ACCESS), _charge(), {"id": "pi_1", "latest_charge": {"disputed": True}}
    ),
    "accept a dispute": lambda made: stripe_disputes._tell(
        made._client(ACCESS), {"id": "dp_1", "status": "needs_response"}, DisputeReply("dp_1", True, 0)
    ),
    "hand evidence in": lambda made: stripe_disputes._tell(
        made._client(ACCESS),
        {"id": "dp_1", "status": "needs_response"},
        DisputeReply("dp_1", False, 1, {"uncategorized_text": "Delivered."}),
    ),
}


def _repayment(**changed: Any) -> Repayment:
    now = clock.now()
    return Repayment(**{
        "id": "re_1", "ref": None, "charge_ref": "pi_1", "method_ref": "cus_1/pm_1", "amount": 900,
        "currency": "eur", "asked_at": now, "now": now, "access": ACCESS, **changed,
    })  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
def test_every_call_is_one_that_stripe_describes(described, call):
    """What is answered is an example of Stripe's; that it is answered is what counts."""
    CALLS[call](Stripe(described))


def test_no_number_and_no_token_is_taken():
    with pytest.raises(RefusedMethod):
        Stripe().set_up(GivenMethod("tok_visa"), now=clock.now())
