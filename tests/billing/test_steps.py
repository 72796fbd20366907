"""Subscriptions go on by themselves, each step dated to its own moment."""

import pytest

from portal import clock
from portal.billing.invoices import invoiceitems
from portal.billing.invoices.item_params import CreateInvoiceItem
from portal.billing.subscriptions import updates
from portal.billing.subscriptions.params import UpdateSubscription
from portal.rules.steps import DRAFT_DURATION, FIRST_PAYMENT_WITHIN
from tests.passing import pass_time

#: 31 January 2027, 09:00 UTC, so that months of other lengths follow.
START = 1801386000
FEBRUARY, MARCH, APRIL = START + 28 * clock.DAY, START + 59 * clock.DAY, START + 89 * clock.DAY


@pytest.fixture(autouse=True)
def _at_the_start():
    with clock.hold_at(START):
        yield


def _invoices(api, subscription):
    return list(reversed(api.get("invoices", subscription=subscription.id, limit=100)["data"]))


def test_a_period_is_billed_when_it_begins(api, make):
    subscription = make.subscription(now=START)
    pass_time(make, FEBRUARY)
    renewed = api.get(f"subscriptions/{subscription.id}")
    assert (renewed["current_period_start"], renewed["current_period_end"]) == (FEBRUARY, MARCH)
    first, second = _invoices(api, subscription)
    assert first["status"] == "open"
    assert second["id"] == renewed["latest_invoice"]
    assert (second["status"], second["billing_reason"], second["created"]) == ("draft", "subscription_cycle", FEBRUARY)
    assert (second["period_start"], second["period_end"]) == (START, FEBRUARY)
    assert second["automatically_finalizes_at"] == FEBRUARY + DRAFT_DURATION
    assert second["lines"]["data"][0]["period"] == {"start": FEBRUARY, "end": MARCH}


def test_a_draft_is_finalized_after_its_hour(api, make):
    subscription = make.subscription(now=START)
    pass_time(make, START + DRAFT_DURATION - 1)
    assert _invoices(api, subscription)[0]["status"] == "draft"
    pass_time(make, START + DRAFT_DURATION)
    (invoice,) = _invoices(api, subscription)
    assert (invoice["status"], invoice["status_transitions"]["finalized_at"]) == ("open", START + DRAFT_DURATION)


def test_three_periods_behind_make_three_invoices_each_at_its_moment(api, make):
    subscription = make.subscription(now=START)
    pass_time(make, APRIL + clock.DAY)
    made = _invoices(api, subscription)
    assert [each["created"] for each in made] == [START, FEBRUARY, MARCH, APRIL]
    assert [each["status_transitions"]["finalized_at"] - each["created"] for each in made] == [DRAFT_DURATION] * 4
    assert [each["number"][-4:] for each in made] == ["0001", "0002", "0003", "0004"]


def test_pending_items_go_along(api, make):
    subscription = make.subscription(now=START)
    for own in ({"subscription": subscription.id}, {}):
        sent = {"customer": subscription.customer_id, "amount": 500, "currency": "eur", **own}
        make.run(invoiceitems.create, CreateInvoiceItem, now=START, **sent)
    pass_time(make, FEBRUARY)
    assert sorted(line["amount"] for line in _invoices(api, subscription)[1]["lines"]["data"]) == [500, 500, 2000]


def test_a_trial_ends_in_a_paid_period(api, make):
    subscription = make.subscription(now=START, trial_period_days=10)
    end = START + 10 * clock.DAY
    pass_time(make, end)
    shown = api.get(f"subscriptions/{subscription.id}")
    assert (shown["status"], shown["current_period_start"]) == ("active", end)
    assert [each["total"] for each in _invoices(api, subscription)] == [0, 2000]


def test_the_end_of_a_trial_is_told_of_three_days_before(api, make):
    make.subscription(now=START, trial_period_days=10)
    told = "customer.subscription.trial_will_end"
    pass_time(make, START + 7 * clock.DAY - 1)
    assert api.get("events", type=told)["data"] == []
    pass_time(make, START + 10 * clock.DAY)
    assert len(api.get("events", type=told)["data"]) == 1


def test_it_ends_at_the_end_of_its_period(api, make):
    subscription = make.subscription(now=START)
    asked = START + clock.DAY
    command = UpdateSubscription
    make.run(updates.update_subscription, command, subscription, now=asked, cancel_at_period_end=True)
    pass_time(make, MARCH)
    shown = api.get(f"subscriptions/{subscription.id}")
    assert (shown["status"], shown["ended_at"], shown["canceled_at"]) == ("canceled", FEBRUARY, asked)
    assert shown["cancel_at_period_end"]
    assert len(_invoices(api, subscription)) == 1


def test_an_unpaid_invoice_makes_it_past_due_after_its_due_date(api, make):
    subscription = make.subscription(now=START)
    due = START + DRAFT_DURATION + 14 * clock.DAY
    pass_time(make, due - 1)
    assert api.get(f"subscriptions/{subscription.id}")["status"] == "active"
    pass_time(make, due)
    assert api.get(f"subscriptions/{subscription.id}")["status"] == "past_due"


def test_a_renewal_that_cannot_be_charged_is_past_due_at_once_until_paid(api, make):
    subscription = _charged(api, make)
    pass_time(make, FEBRUARY + DRAFT_DURATION)
    assert api.get(f"subscriptions/{subscription.id}")["status"] == "past_due"
    api.post(f"invoices/{_invoices(api, subscription)[1]['id']}/pay", paid_out_of_band=True)
    assert api.get(f"subscriptions/{subscription.id}")["status"] == "active"


@pytest.mark.parametrize(
    ("action", "status"), [("cancel", "canceled"), ("mark_unpaid", "unpaid"), ("leave", "past_due")]
)
def test_what_follows_a_long_unpaid_invoice_is_the_accounts_choice(api, make, action, status):
    api.post("account", settings={"billing": {"overdue_subscriptions": action, "overdue_days": 7}})
    subscription = _charged(api, make)
    pass_time(make, FEBRUARY + DRAFT_DURATION + 7 * clock.DAY)
    assert api.get(f"subscriptions/{subscription.id}")["status"] == status


def test_new_invoices_of_an_unpaid_subscription_stay_drafts(api, make):
    api.post("account", settings={"billing": {"overdue_subscriptions": "mark_unpaid", "overdue_days": 7}})
    subscription = _charged(api, make)
    pass_time(make, APRIL)
    assert [each["status"] for each in _invoices(api, subscription)] == ["paid", "open", "draft", "draft"]


def test_a_first_payment_is_awaited_for_23_hours(api, make):
    subscription = make.subscription(now=START, collection_method="charge_automatically", days_until_due=None)
    pass_time(make, START + FIRST_PAYMENT_WITHIN - 1)
    assert api.get(f"subscriptions/{subscription.id}")["status"] == "incomplete"
    pass_time(make, START + FIRST_PAYMENT_WITHIN)
    assert api.get(f"subscriptions/{subscription.id}")["status"] == "incomplete_expired"
    assert [each["status"] for each in _invoices(api, subscription)] == ["void"]


def test_nothing_happens_in_mirror_mode(api, make):
    api.post("account", settings={"billing": {"mode": "mirror"}})
    make.subscription(now=START)
    assert pass_time(make, APRIL) == 0


def _charged(api, make):
    subscription = make.subscription(now=START, collection_method="charge_automatically", days_until_due=None)
    api.post(f"invoices/{_invoices(api, subscription)[0]['id']}/pay", paid_out_of_band=True)
    return subscription
