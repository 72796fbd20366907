"""A customer has open invoices collected now: once each, on the day and for the sum that the page names."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from portal import clock
from portal.billing.collection import by_request
from portal.models import DirectDebit, PaymentIntent
from tests.collection.test_pages import words
from tests.debits import DEBTOR_IBAN
from tests.hosted.two_clicks import click_twice

PAYING = {"payment_method_update": {"enabled": True}}


@pytest.fixture
def customer(collecting, make, held_clock):
    found = make.customer()
    collecting.sign(found)
    return found


@pytest.fixture
def visit(customer, portal, make):
    return portal(customer, make.configuration(**PAYING))


@pytest.fixture
def invoice(customer, make):
    return make.invoice(customer, 11900, collection_method="send_invoice", days_until_due=30)


def test_an_invoice_is_collected_from_its_page(invoice, visit, collecting, customer, make):
    shown = words(visit.get(f"invoices/{invoice.id}"))
    assert "You can have it collected from your bank account •••• 3000 on November 24, 2026." in shown
    asked = words(visit.get(f"collect?invoice={invoice.id}"))
    assert "We collect €119.00 on November 24, 2026 from your bank account •••• 3000 ." in asked
    answer = visit.post(f"collect?invoice={invoice.id}", invoice=invoice.id, amount="11900")
    assert answer.status_code == 303
    assert answer.location.endswith(f"/invoices/{invoice.id}")
    (debit,) = collecting.debits()
    told = (debit["invoice"], debit["amount"], debit["collect_on"], debit["status"])
    assert told == (invoice.id, 11900, "2026-11-24", "scheduled")
    after = words(visit.get(f"invoices/{invoice.id}"))
    assert "We collect €119.00 on November 24, 2026 from your bank account •••• 3000 ." in after
    assert "Collect it now" not in after
    assert "How to pay" not in after


def test_all_open_invoices_are_collected_together(invoice, visit, collecting, customer, make):
    other = make.invoice(customer, 500)
    assert "Have it collected from •••• 3000" in words(visit.get())
    page = visit.get("collect")
    assert "We collect €124.00 on November 24, 2026" in words(page)
    named = re.findall(r'name="invoice" value="([^"]+)"', page.get_data(as_text=True))
    assert sorted(named) == sorted([invoice.id, other.id])
    assert visit.post("collect", invoice=named, amount="12400").status_code == 303
    assert sorted(each["amount"] for each in collecting.debits()) == [500, 11900]
    assert "to pay" not in words(visit.get())


def test_a_new_account_is_offered_older_invoices(collecting, make, portal, held_clock):
    customer = make.customer()
    invoice = make.invoice(customer, 11900)
    visit = portal(customer, make.configuration(**PAYING))
    form = visit.get("payment-methods/add").get_data(as_text=True)
    reference = re.search(r'name="reference"[^>]*value="([^"]+)"', form)[1]
    sent = {"name": "Jenny Rosen", "iban": "DE89370400440532013000", "agree": "y", "reference": reference}
    answer = visit.post("payment-methods/add", **sent)
    assert answer.location.endswith("/collect")
    assert invoice.number in words(visit.get("collect"))


def test_another_sum_than_was_read_is_shown_first(invoice, visit, collecting):
    answer = visit.post("collect", invoice=invoice.id, amount="11800")
    assert "We collect €119.00" in words(answer)
    assert collecting.debits() == []


@pytest.mark.parametrize("amount", ["", "x", "-1"])
def test_no_sum_is_none_that_was_read(invoice, visit, collecting, amount):
    visit.post("collect", invoice=invoice.id, amount=amount)
    assert collecting.debits() == []


def test_only_ones_own_invoices_are_collected(invoice, collecting, make, portal):
    stranger = make.customer()
    collecting.sign(stranger)
    answer = portal(stranger, make.configuration(**PAYING)).post("collect", invoice=invoice.id, amount="11900")
    assert answer.status_code == 303
    assert collecting.debits() == []


@pytest.mark.parametrize("off", [{}, {**PAYING, "invoice_history": {"enabled": False}}])
def test_what_is_switched_off_is_refused(invoice, customer, portal, make, collecting, off):
    visit = portal(customer, make.configuration(**off))
    assert visit.get("collect").status_code == 404
    assert visit.post("collect", invoice=invoice.id, amount="11900").status_code == 404
    assert "Have it collected" not in words(visit.get())
    assert collecting.debits() == []


def test_without_an_account_there_is_nothing_to_collect_from(collecting, make, portal, held_clock):
    customer = make.customer()
    invoice = make.invoice(customer, 11900)
    visit = portal(customer, make.configuration(**PAYING))
    assert "Collect it now" not in words(visit.get(f"invoices/{invoice.id}"))
    assert visit.post("collect", invoice=invoice.id, amount="11900").status_code == 303
    assert collecting.debits() == []


def test_two_clicks_collect_once(invoice, customer, visit, collecting, make):
    answers = click_twice(make, customer, visit, "collect", invoice=invoice.id, amount="11900")
    assert {each.status_code for each in answers} == {303}
    assert len(collecting.debits()) == 1


def test_fifty_at_once_collect_once(invoice, customer, collecting, make, database):
    def ask(_number: int) -> int:
        with database.writing(make.scope) as db:
            return len(by_request.collect(db, customer.id, [invoice.id], now=clock.now()))

    with ThreadPoolExecutor(10) as pool:
        made = list(pool.map(ask, range(50)))
    assert sum(made) == 1
    with make.database.reading(make.scope) as db:
        assert [row.amount for row in db.query(DirectDebit)] == [11900]


@pytest.fixture
def card(customer, api) -> str:
    """A card of the sandbox that is the customer's default; the account is the older method."""
    api.post("account", settings={"payments": {"provider": "sandbox"}})
    made = api.post("payment_methods", type="card", card={"token": "tok_visa"})["id"]
    api.post(f"payment_methods/{made}/attach", customer=customer.id)
    choose(api, customer, made)
    return str(made)


def choose(api, customer, method: str) -> None:
    api.post(f"customers/{customer.id}", invoice_settings={"default_payment_method": method})


def account_of(api, customer) -> str:
    [found] = api.get("payment_methods", customer=customer.id, type="sepa_debit")["data"]
    return str(found["id"])


def test_a_card_is_nothing_to_collect_from(card, invoice, visit):
    assert "to pay" in words(visit.get())
    assert "Have it collected" not in words(visit.get())
    assert "Collect it now" not in words(visit.get(f"invoices/{invoice.id}"))


@pytest.mark.parametrize(
    ("status", "asks_again"), [("processing", True), ("requires_action", False), ("requires_payment_method", True)]
)
def test_what_a_provider_charges_is_not_collected_too(
    card, invoice, visit, customer, collecting, api, make, status, asks_again
):
    api.post(f"invoices/{invoice.id}/pay")
    with make.database.writing(make.scope) as db:
        intent = db.query(PaymentIntent).one()
        intent.status, intent.ask_at = status, clock.now() if asks_again else None
    choose(api, customer, account_of(api, customer))
    assert "Collect it now" not in words(visit.get(f"invoices/{invoice.id}"))
    visit.post("collect", invoice=invoice.id, amount="11900")
    assert collecting.debits() == []


def test_what_no_provider_tries_any_more_is_collected(card, invoice, visit, customer, collecting, api, make):
    api.post(f"invoices/{invoice.id}/pay")
    with make.database.writing(make.scope) as db:
        intent = db.query(PaymentIntent).one()
        intent.status, intent.ask_at = "requires_payment_method", None
    choose(api, customer, account_of(api, customer))
    visit.post("collect", invoice=invoice.id, amount="11900")
    assert [each["invoice"] for each in collecting.debits()] == [invoice.id]


def test_the_flow_for_payment_methods_offers_older_invoices_and_then_ends(make, collecting, portal, api):
    customer = make.customer()
    older = make.invoice(customer, 11900, collection_method="send_invoice", days_until_due=30)
    flow = {"type": "payment_method_update", "after_completion": {"type": "hosted_confirmation"}}
    visit = portal(customer, make.configuration(**PAYING), flow_data=flow)
    assert visit.get("collect").location.endswith("/payment-methods/add")
    page = visit.get("payment-methods/add").get_data(as_text=True)
    reference = re.search(r'name="reference"[^>]*value="([^"]+)"', page)[1]
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]
    typed = {"name": "Ada", "iban": DEBTOR_IBAN, "agree": "y", "reference": reference, "csrf_token": token}
    assert visit.post("payment-methods/add", token=False, **typed).location.endswith("/collect")
    assert "€119.00" in words(visit.get("collect"))
    answer = visit.post("collect", token=False, csrf_token=token, invoice=older.id, amount="11900")
    assert answer.location.endswith("/done")
    assert len(collecting.debits()) == 1
