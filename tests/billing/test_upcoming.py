"""The bill of a renewal is told of some days before."""

import pytest

from portal import clock
from portal.billing.customers import test_clocks
from portal.billing.invoices import invoiceitems
from portal.billing.invoices.item_params import CreateInvoiceItem
from portal.billing.subscriptions import updates
from portal.billing.subscriptions.params import UpdateSubscription
from tests.passing import pass_time

#: 31 January 2027, 09:00 UTC.
START = 1801386000
FEBRUARY, MARCH = START + 28 * clock.DAY, START + 59 * clock.DAY
WEEK = 7 * clock.DAY


@pytest.fixture(autouse=True)
def _at_the_start():
    with clock.hold_at(START):
        yield


def _told(api):
    return api.get("events", type="invoice.upcoming", limit=100)["data"]


def _set(api, days):
    api.post("account", settings={"billing": {"upcoming_days": days}})


def test_a_week_before_each_renewal_once(api, make):
    make.subscription(now=START)
    pass_time(make, FEBRUARY - WEEK - 1)
    assert _told(api) == []
    pass_time(make, FEBRUARY - WEEK)
    assert len(_told(api)) == 1
    pass_time(make, MARCH - WEEK - 1)
    assert len(_told(api)) == 1
    pass_time(make, MARCH - WEEK)
    assert len(_told(api)) == 2


def test_it_is_the_preview_without_an_id_and_leaves_nothing(api, make):
    subscription = make.subscription(now=START)
    sent = {"customer": subscription.customer_id, "amount": 500, "currency": "eur"}
    make.run(invoiceitems.create, CreateInvoiceItem, now=START, **sent)
    pass_time(make, FEBRUARY - WEEK - 1)
    before = api.get(f"subscriptions/{subscription.id}")
    preview = api.post("invoices/create_preview", subscription=subscription.id)
    pass_time(make, FEBRUARY - WEEK)
    (event,) = _told(api)
    told = event["data"]["object"]
    assert "id" not in told
    assert (told["total"], told["billing_reason"], told["subscription"]) == (2500, "upcoming", subscription.id)
    assert _without_ids(told) == _without_ids(preview)
    assert api.get(f"subscriptions/{subscription.id}") == before
    assert len(api.get("invoices", subscription=subscription.id)["data"]) == 1
    assert api.get("invoiceitems", customer=subscription.customer_id, pending=True)["data"]
    assert [each["id"] for each in api.get("events", related_object=subscription.id)["data"]][:1] == [event["id"]]


def test_the_renewal_then_bills_what_was_told(api, make):
    subscription = make.subscription(now=START)
    pass_time(make, FEBRUARY)
    (event,) = _told(api)
    latest = api.get(f"subscriptions/{subscription.id}", expand=["latest_invoice"])["latest_invoice"]
    assert (latest["total"], latest["period_end"]) == (
        event["data"]["object"]["total"],
        event["data"]["object"]["period_end"],
    )


@pytest.mark.parametrize(
    "change",
    [{"cancel_at_period_end": True}, {"pause_collection": {"behavior": "void"}}],
)
def test_nothing_is_told_where_nothing_will_be_collected(api, make, change):
    subscription = make.subscription(now=START)
    make.run(updates.update_subscription, UpdateSubscription, subscription, now=START, **change)
    pass_time(make, FEBRUARY - 1)
    assert _told(api) == []


def test_who_stays_after_all_is_told_late(api, make):
    subscription = make.subscription(now=START)
    command = UpdateSubscription
    make.run(updates.update_subscription, command, subscription, now=START, cancel_at_period_end=True)
    pass_time(make, FEBRUARY - clock.DAY)
    api.post(f"subscriptions/{subscription.id}", cancel_at_period_end=False)
    pass_time(make, FEBRUARY - clock.DAY)
    assert len(_told(api)) == 1


@pytest.mark.parametrize(("ends_in", "times"), [("cancel", 0), ("pause", 0), ("create_invoice", 1)])
def test_a_trial_is_told_of_where_its_end_is_billed(api, make, ends_in, times):
    settings = {"end_behavior": {"missing_payment_method": ends_in}}
    make.subscription(
        now=START,
        trial_period_days=10,
        trial_settings=settings,
        collection_method="charge_automatically",
        days_until_due=None,
    )
    pass_time(make, START + 10 * clock.DAY - 1)
    assert len(_told(api)) == times


def test_the_account_says_how_many_days(api, make):
    _set(api, 3)
    make.subscription(now=START)
    pass_time(make, FEBRUARY - 3 * clock.DAY - 1)
    assert _told(api) == []
    pass_time(make, FEBRUARY - 3 * clock.DAY)
    assert len(_told(api)) == 1


def test_fewer_days_count_at_once(api, make):
    make.subscription(now=START)
    _set(api, 2)
    pass_time(make, FEBRUARY - 2 * clock.DAY - 1)
    assert _told(api) == []
    pass_time(make, FEBRUARY - 2 * clock.DAY)
    assert len(_told(api)) == 1


def test_none_is_wanted(api, make):
    make.subscription(now=START)
    _set(api, 0)
    pass_time(make, MARCH)
    assert _told(api) == []


def test_a_test_clock_brings_it_as_well(api, make):
    frozen = api.post("test_helpers/test_clocks", frozen_time=START)["id"]
    customer = api.post("customers", test_clock=frozen, email="ada@example.com")["id"]
    sent = {"customer": customer, "items": [{"price": make.price().id}], "collection_method": "send_invoice"}
    api.post("subscriptions", **sent, days_until_due=14)
    api.post(f"test_helpers/test_clocks/{frozen}/advance", frozen_time=FEBRUARY)
    while api.get(f"test_helpers/test_clocks/{frozen}")["status"] == "advancing":
        with make.database.writing(make.scope) as db:
            test_clocks.take_step(db, frozen, now=START)
    assert len(_told(api)) == 1


@pytest.mark.parametrize("days", [-1, 91])
def test_other_numbers_are_refused(api, days):
    error = api.error("post", "account", settings={"billing": {"upcoming_days": days}})
    assert error["param"] == "settings[billing][upcoming_days]"


def _without_ids(invoice):
    lines = [{**line, "invoice": None} for line in invoice["lines"]["data"]]
    return {**invoice, "id": None, "lines": {**invoice["lines"], "data": lines}}
