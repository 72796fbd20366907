"""Quotes: offered, accepted, and made into what they offer."""

import io

import pypdf
import pytest
from stripe import LineItem, Quote

from portal import clock
from portal.rules import periods
from tests import contract, official
from tests.passing import pass_time

#: 1 March 2030, 12:00 UTC.
START = 1898683200
BY_INVOICE = {"collection_method": "send_invoice", "invoice_settings": {"days_until_due": 14}}


@pytest.fixture(autouse=True)
def _at_the_start():
    with clock.hold_at(START):
        yield


@pytest.fixture
def customer(make):
    return make.customer()


@pytest.fixture
def setup(make):
    return make.price(unit_amount=5000, recurring=None).id


@pytest.fixture
def monthly(make):
    return make.price(unit_amount=2000).id


def _quote(api, customer, *prices, **sent):
    lines = [{"price": price} for price in prices]
    return api.post("quotes", customer=customer.id, line_items=lines, **sent)


def _accepted(api, quote):
    api.post(f"quotes/{quote['id']}/finalize")
    return api.post(f"quotes/{quote['id']}/accept")


def test_a_draft_has_every_documented_key(app, merchant, make, customer, setup, monthly):
    stripe = official.client(app, merchant.test_key).v1
    rate = make.tax_rate()
    lines = [{"price": setup, "quantity": 2}, {"price": monthly, "tax_rates": [rate.id]}]
    made = stripe.quotes.create({"customer": customer.id, "line_items": lines, "expand": ["line_items"]})
    assert list(contract.violations(made.to_dict(), Quote)) == []
    assert (made.status, made.number, made.expires_at) == ("draft", None, START + 30 * clock.DAY)
    assert (made.amount_subtotal, made.amount_total, made.total_details.amount_tax) == (12000, 12380, 380)
    recurring = made.computed.recurring
    assert (recurring.amount_total, recurring.interval, recurring.interval_count) == (2380, "month", 1)
    assert [each.amount_total for each in made.line_items.data] == [10000, 2380]
    listed = stripe.quotes.line_items.list(made.id, {"limit": 1})
    assert (listed.has_more, list(contract.violations(listed.data[0].to_dict(), LineItem))) == (True, [])
    assert len(stripe.quotes.computed_upfront_line_items.list(made.id).data) == 2


def test_a_trial_is_not_paid_upfront(api, customer, setup, monthly):
    made = _quote(api, customer, setup, monthly, subscription_data={"trial_period_days": 14})
    assert (made["amount_total"], made["computed"]["recurring"]["amount_total"]) == (5000, 2000)
    upfront = api.get(f"quotes/{made['id']}/computed_upfront_line_items")["data"]
    assert [each["price"]["id"] for each in upfront] == [setup]


def test_a_draft_changes_and_an_open_one_does_not(api, customer, setup, monthly):
    made = _quote(api, customer, setup, expand=["line_items"])
    line = made["line_items"]["data"][0]["id"]
    kept = [{"id": line, "quantity": 3}, {"price": monthly}]
    changed = api.post(f"quotes/{made['id']}", line_items=kept, header="For you", expand=["line_items"])
    assert [each["id"] == line for each in changed["line_items"]["data"]] == [True, False]
    assert (changed["amount_total"], changed["header"]) == (17000, "For you")
    api.post(f"quotes/{made['id']}/finalize")
    assert "open" in api.error("POST", f"quotes/{made['id']}", header="Other")["message"]


def test_numbers_count_per_customer_and_edition(api, customer, setup):
    first, second = (api.post(f"quotes/{_quote(api, customer, setup)['id']}/finalize") for _ in range(2))
    sent = {"quote": second["id"], "is_revision": True}
    revision = api.post("quotes", from_quote=sent)
    assert (revision["from_quote"], revision["amount_total"]) == (sent, 5000)
    finalized = api.post(f"quotes/{revision['id']}/finalize")
    tails = [each["number"][-6:] for each in (first, second, finalized)]
    assert tails == ["0001-1", "0002-1", "0002-2"]
    assert api.get(f"quotes/{second['id']}")["status"] == "canceled"


def test_one_time_prices_become_an_invoice(api, customer, setup):
    made = _quote(api, customer, setup, **BY_INVOICE)
    accepted = _accepted(api, made)
    invoice = api.get(f"invoices/{accepted['invoice']}")
    assert (accepted["status"], accepted["subscription"]) == ("accepted", None)
    assert (invoice["status"], invoice["total"], invoice["quote"]) == ("draft", 5000, made["id"])
    assert invoice["parent"]["quote_details"] == {"quote": made["id"]}
    assert (invoice["collection_method"], invoice["currency"]) == ("send_invoice", "eur")


def test_recurring_prices_become_a_subscription(api, customer, setup, monthly):
    data = {"description": "As agreed", "metadata": {"deal": "7"}}
    accepted = _accepted(api, _quote(api, customer, setup, monthly, subscription_data=data, **BY_INVOICE))
    subscription = api.get(f"subscriptions/{accepted['subscription']}", expand=["latest_invoice"])
    assert (subscription["description"], subscription["metadata"]) == ("As agreed", {"deal": "7"})
    assert subscription["latest_invoice"]["id"] == accepted["invoice"]
    assert subscription["latest_invoice"]["total"] == 7000


def test_what_begins_later_becomes_a_schedule(api, make, customer, setup, monthly):
    start = START + 10 * clock.DAY
    accepted = _accepted(
        api, _quote(api, customer, setup, monthly, subscription_data={"effective_date": start}, **BY_INVOICE)
    )
    assert (accepted["subscription"], accepted["invoice"]) == (None, None)
    pass_time(make, start)
    schedule = api.get(f"subscription_schedules/{accepted['subscription_schedule']}", expand=["subscription"])
    assert schedule["subscription"]["start_date"] == start
    assert api.get("invoices", subscription=schedule["subscription"]["id"])["data"][0]["total"] == 7000


def test_it_expires(api, make, customer, setup):
    made = _quote(api, customer, setup, expires_at=START + clock.DAY)
    api.post(f"quotes/{made['id']}/finalize")
    with clock.hold_at(START + clock.DAY):
        assert "expired" in api.error("POST", f"quotes/{made['id']}/accept")["message"]
    pass_time(make, START + clock.DAY)
    shown = api.get(f"quotes/{made['id']}")
    assert (shown["status"], shown["status_transitions"]["canceled_at"]) == ("canceled", START + clock.DAY)


def test_it_is_accepted_once(api, customer, setup):
    accepted = _accepted(api, _quote(api, customer, setup))
    assert "accepted" in api.error("POST", f"quotes/{accepted['id']}/accept")["message"]
    assert "accepted" in api.error("POST", f"quotes/{accepted['id']}/cancel")["message"]
    assert len(api.get("invoices", customer=customer.id)["data"]) == 1


def test_prices_can_be_made_along_with_it(api, make, customer):
    price = {"currency": "eur", "product": make.product().id, "unit_amount": 700, "recurring": {"interval": "year"}}
    made = api.post("quotes", customer=customer.id, line_items=[{"price_data": price, "quantity": 2}])
    assert made["computed"]["recurring"]["amount_total"] == 1400


def test_it_is_a_document(api, customer, setup, monthly):
    api.post("account", settings={"quotes": {"header": "Offer", "footer": "Thanks for asking"}})
    made = _quote(api, customer, setup, monthly)
    assert api.request("GET", f"quotes/{made['id']}/pdf").status_code == 400
    finalized = api.post(f"quotes/{made['id']}/finalize")
    answer = api.request("GET", f"quotes/{made['id']}/pdf")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    text = " ".join(pypdf.PdfReader(io.BytesIO(answer.get_data())).pages[0].extract_text().split())
    for words in (finalized["number"], "Offer", "Thanks for asking", "€70.00", "€20.00 a month", "Valid until"):
        assert words in text
    assert "Ship to" not in text


@pytest.mark.parametrize(
    ("sent", "param"),
    [
        ({"line_items": [{"price": "price_none"}]}, "line_items[0][price]"),
        ({"line_items": [{"quantity": 1}]}, "line_items[0][price]"),
        ({"collection_method": "send_invoice"}, "invoice_settings[days_until_due]"),
        ({"expires_at": START}, "expires_at"),
        ({"customer": "cus_none"}, "customer"),
    ],
)
def test_what_makes_no_sense_is_refused(api, sent, param):
    assert api.error("POST", "quotes", 400, **sent)["param"] == param


def test_it_lives_by_its_customers_test_clock(api, setup):
    frozen = api.post("test_helpers/test_clocks", frozen_time=periods.add(START, "year", 1, 1))
    customer = api.post("customers", test_clock=frozen["id"])
    made = api.post("quotes", customer=customer["id"], line_items=[{"price": setup}])
    assert (made["test_clock"], made["created"]) == (frozen["id"], frozen["frozen_time"])
