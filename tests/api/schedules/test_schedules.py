"""Subscription schedules: phases that a subscription goes through by itself."""

import pytest
from stripe import SubscriptionSchedule

from portal import clock
from portal.rules import periods
from tests import contract, official
from tests.passing import pass_time

#: 1 March 2030, 12:00 UTC.
START = 1898683200


@pytest.fixture(autouse=True)
def _at_the_start():
    with clock.hold_at(START):
        yield


def _after(months):
    return periods.add(START, "month", 1, months)


@pytest.fixture
def prices(make):
    product = make.product()
    return [make.price(product, unit_amount=amount).id for amount in (1000, 3000)]


@pytest.fixture
def schedule(api, make, prices):
    """Two months at 10 euros, then 30 euros for another three."""
    return api.post("subscription_schedules", customer=make.customer().id, **_sent(prices))


def _sent(prices, **sent):
    first, second = prices
    phases = [{"items": [{"price": first}], "iterations": 2}, {"items": [{"price": second}], "iterations": 3}]
    settings = {"collection_method": "send_invoice", "invoice_settings": {"days_until_due": 14}}
    return {"phases": phases, "default_settings": settings, "start_date": "now", **sent}


def _totals(api, subscription):
    return [each["total"] for each in reversed(api.get("invoices", subscription=subscription, limit=100)["data"])]


def test_it_begins_with_a_subscription(app, merchant, make, prices):
    stripe = official.client(app, merchant.test_key).v1
    made = stripe.subscription_schedules.create({"customer": make.customer().id, **_sent(prices)})
    assert list(contract.violations(made.to_dict(), SubscriptionSchedule)) == []
    assert made.status == "active"
    assert (made.current_phase.start_date, made.current_phase.end_date) == (START, _after(2))
    assert made.phases[1].end_date == _after(5)
    subscription = stripe.subscriptions.retrieve(made.subscription, {"expand": ["schedule"]})
    assert (subscription.schedule.id, subscription["items"].data[0].price.id) == (made.id, prices[0])


def test_phases_take_effect_at_their_time(api, make, prices, schedule):
    pass_time(make, _after(2))
    shown = api.get(f"subscription_schedules/{schedule['id']}", expand=["subscription", "phases.items.price"])
    assert shown["current_phase"]["start_date"] == _after(2)
    assert shown["phases"][1]["items"][0]["price"]["unit_amount"] == 3000
    assert shown["subscription"]["items"]["data"][0]["price"]["id"] == prices[1]
    assert _totals(api, schedule["subscription"]) == [1000, 1000, 3000]


def test_the_subscription_goes_on_when_released_at_the_end(api, make, schedule):
    pass_time(make, _after(5))
    shown = api.get(f"subscription_schedules/{schedule['id']}")
    assert (shown["status"], shown["released_at"], shown["subscription"]) == ("released", _after(5), None)
    subscription = api.get(f"subscriptions/{shown['released_subscription']}")
    assert (subscription["status"], subscription["schedule"]) == ("past_due", None)
    assert _totals(api, subscription["id"]) == [1000, 1000, 3000, 3000, 3000, 3000]


def test_the_subscription_ends_with_a_schedule_that_cancels(api, make, prices):
    made = api.post("subscription_schedules", customer=make.customer().id, **_sent(prices, end_behavior="cancel"))
    pass_time(make, _after(2))
    assert api.get(f"subscriptions/{made['subscription']}")["cancel_at"] == _after(5)
    pass_time(make, _after(9))
    assert api.get(f"subscription_schedules/{made['id']}")["status"] == "completed"
    ended = api.get(f"subscriptions/{made['subscription']}")
    assert (ended["status"], ended["ended_at"]) == ("canceled", _after(5))
    assert _totals(api, made["subscription"]) == [1000, 1000, 3000, 3000, 3000]


def test_it_waits_for_its_start(api, make, prices):
    start = START + 10 * clock.DAY
    made = api.post("subscription_schedules", customer=make.customer().id, **_sent(prices, start_date=start))
    assert (made["status"], made["subscription"], made["current_phase"]) == ("not_started", None, None)
    assert [each["id"] for each in api.get("subscription_schedules", scheduled=True)["data"]] == [made["id"]]
    pass_time(make, start)
    shown = api.get(f"subscription_schedules/{made['id']}", expand=["subscription"])
    assert (shown["status"], shown["subscription"]["start_date"]) == ("active", start)


def test_a_change_within_a_period_is_prorated(api, make, prices):
    sent = _sent(prices)
    sent["phases"][0] = {"items": [{"price": prices[0]}], "end_date": START + 31 * clock.DAY // 2}
    made = api.post("subscription_schedules", customer=make.customer().id, **sent)
    pass_time(make, START + 31 * clock.DAY // 2)
    pending = api.get("invoiceitems", pending=True, customer=made["customer"])["data"]
    assert sorted(each["amount"] for each in pending) == [-500, 1500]
    pass_time(make, _after(1))
    assert _totals(api, made["subscription"]) == [1000, 4000]


def test_another_interval_begins_a_period_of_its_own(api, make, prices):
    yearly = make.price(unit_amount=9900, recurring={"interval": "year"}).id
    sent = _sent(prices)
    sent["phases"][1]["items"][0]["price"], sent["phases"][1]["iterations"] = yearly, 1
    made = api.post("subscription_schedules", customer=make.customer().id, **sent)
    pass_time(make, _after(2))
    shown = api.get(f"subscriptions/{made['subscription']}")
    assert (shown["current_period_start"], shown["current_period_end"]) == (_after(2), _after(14))
    assert _totals(api, made["subscription"]) == [1000, 1000, 9900]


def test_a_trial_and_added_items_belong_to_their_phase(api, make, prices):
    setup = make.price(unit_amount=500, recurring=None).id
    phases = [
        {"items": [{"price": prices[0]}], "trial": True, "end_date": START + 14 * clock.DAY},
        {"items": [{"price": prices[0]}], "iterations": 1, "add_invoice_items": [{"price": setup}]},
    ]
    made = api.post("subscription_schedules", customer=make.customer().id, **_sent(prices, phases=phases))
    assert api.get(f"subscriptions/{made['subscription']}")["status"] == "trialing"
    pass_time(make, START + 14 * clock.DAY)
    assert api.get(f"subscriptions/{made['subscription']}")["status"] == "active"
    assert _totals(api, made["subscription"]) == [0, 1500]


def test_a_running_subscription_is_scheduled_and_changed(api, make, prices):
    subscription = make.subscription(now=START, metadata={"order": "A-17"})
    made = api.post("subscription_schedules", from_subscription=subscription.id)
    present = made["phases"][0]
    assert (present["start_date"], present["end_date"]) == (START, _after(1))
    assert api.error("POST", "subscription_schedules", from_subscription=subscription.id)["param"]
    first = {
        "items": [{"price": present["items"][0]["price"]}],
        "start_date": present["start_date"],
        "end_date": present["end_date"],
    }
    following = {"items": [{"price": prices[1]}], "iterations": 1, "metadata": {"plan": "gold"}}
    api.post(f"subscription_schedules/{made['id']}", phases=[first, following], metadata={"a": "b"})
    assert api.get(f"subscriptions/{subscription.id}")["metadata"] == {"order": "A-17"}
    pass_time(make, _after(1))
    assert api.get(f"subscriptions/{subscription.id}")["metadata"] == {"order": "A-17", "plan": "gold"}
    assert _totals(api, subscription.id) == [2000, 3000]


def test_releasing_it_lets_the_subscription_go_on(api, make, schedule):
    released = api.post(f"subscription_schedules/{schedule['id']}/release")
    assert (released["status"], released["released_subscription"]) == ("released", schedule["subscription"])
    pass_time(make, _after(3))
    assert _totals(api, schedule["subscription"]) == [1000, 1000, 1000, 1000]
    assert "released" in api.error("POST", f"subscription_schedules/{schedule['id']}/cancel")["message"]


def test_canceling_it_ends_the_subscription(api, schedule):
    canceled = api.post(f"subscription_schedules/{schedule['id']}/cancel", invoice_now=False, prorate=False)
    assert (canceled["status"], canceled["canceled_at"]) == ("canceled", START)
    assert api.get(f"subscriptions/{schedule['subscription']}")["status"] == "canceled"


def test_it_ends_with_its_subscription(api, schedule):
    api.delete(f"subscriptions/{schedule['subscription']}")
    assert api.get(f"subscription_schedules/{schedule['id']}")["status"] == "canceled"


@pytest.mark.parametrize(
    ("phase", "param"),
    [
        ({"iterations": 1, "end_date": START + clock.DAY}, "phases[0][end_date]"),
        ({"end_date": START - 1}, "phases[0][end_date]"),
        ({"start_date": START + 1}, "phases[0][start_date]"),
        ({"trial_end": START + 90 * clock.DAY}, "phases[0][trial_end]"),
        ({"collection_method": "send_invoice"}, "phases[0][invoice_settings][days_until_due]"),
    ],
)
def test_phases_that_make_no_sense_are_refused(api, make, prices, phase, param):
    sent = {"customer": make.customer().id, "phases": [{"items": [{"price": prices[0]}], **phase}]}
    assert api.error("POST", "subscription_schedules", **sent)["param"] == param
    assert api.get("subscription_schedules")["data"] == []


def test_a_preview_follows_the_schedule(api, schedule, make):
    by_schedule = [api.get("invoices/upcoming", schedule=schedule["id"])["total"]]
    pass_time(make, _after(1) + clock.HOUR)
    preview = api.post("invoices/create_preview", subscription=schedule["subscription"])
    by_schedule.append(api.post("invoices/create_preview", schedule=schedule["id"])["total"])
    assert (by_schedule, preview["total"]) == ([1000, 3000], 3000)
    assert preview["lines"]["data"][0]["period"] == {"start": _after(2), "end": _after(3)}
    pass_time(make, _after(2) + clock.HOUR)
    assert _totals(api, schedule["subscription"])[-1] == preview["total"]


def test_a_preview_of_what_a_schedule_will_begin(api, make, prices):
    made = api.post("subscription_schedules", customer=make.customer().id, **_sent(prices, start_date=_after(1)))
    preview = api.get("invoices/upcoming", schedule=made["id"])
    assert (preview["total"], preview["subscription"]) == (1000, None)
    assert api.get(f"subscription_schedules/{made['id']}") == made
    assert api.error("GET", "invoices/upcoming", 400, schedule="sub_sched_no")["param"] == "schedule"


def test_it_may_have_started_in_the_past(api, make, prices):
    """The first bill has the time since then beside the first period."""
    start = periods.add(START, "month", 1, -1)
    schedule = api.post("subscription_schedules", customer=make.customer().id, **_sent(prices, start_date=start))
    subscription = api.get(f"subscriptions/{schedule['subscription']}")
    assert (schedule["status"], schedule["current_phase"]) == ("active", {"start_date": start, "end_date": _after(1)})
    assert (subscription["start_date"], subscription["current_period_start"]) == (start, START)
    assert _totals(api, subscription["id"]) == [2000]
    pass_time(make, _after(2))
    assert _totals(api, subscription["id"]) == [2000, 3000, 3000]


@pytest.mark.parametrize(
    ("sent", "param"),
    [
        ({"start_date": periods.add(START, "month", 1, -2)}, "start_date"),
        ({"start_date": periods.add(START, "year", 1, -6)}, "start_date"),
    ],
)
def test_a_first_phase_that_is_over_is_refused(api, make, prices, sent, param):
    error = api.error("POST", "subscription_schedules", customer=make.customer().id, **_sent(prices, **sent))
    assert error["param"] == param
    assert api.get("subscription_schedules")["data"] == []
