"""Plans whose ids callers choose, and what of a plan can change."""

import pytest

SENT = {"currency": "usd", "interval": "month", "amount": 1000}


@pytest.fixture
def plan(api, make):
    return api.post("plans", id="gold-2026", product=make.product().id, **SENT)


def test_a_plan_has_the_id_that_was_chosen(api, plan):
    assert plan["id"] == "gold-2026"
    assert api.get("plans/gold-2026") == plan
    assert api.get("prices/gold-2026")["unit_amount"] == 1000


def test_an_id_is_used_once(api, plan):
    error = api.error("POST", "plans", id="gold-2026", product=plan["product"], **SENT)
    assert (error["param"], error["code"]) == ("id", "resource_already_exists")


def test_days_of_trial_and_product_change(api, make, plan):
    other = make.product().id
    changed = api.post("plans/gold-2026", trial_period_days=14, product=other)
    assert (changed["trial_period_days"], changed["product"]) == (14, other)


def test_the_product_of_a_sold_plan_stays(api, make, plan):
    api.post("subscriptions", customer=make.customer().id, items=[{"plan": plan["id"]}])
    error = api.error("POST", "plans/gold-2026", product=make.product().id, nickname="x")
    assert error["param"] == "product"
    assert api.get("plans/gold-2026") == plan


def test_the_product_of_a_scheduled_plan_stays(api, make, plan):
    phases = [{"items": [{"price": plan["id"]}], "iterations": 1}]
    api.post("subscription_schedules", customer=make.customer().id, start_date=4_000_000_000, phases=phases)
    assert api.error("POST", "plans/gold-2026", product=make.product().id)["param"] == "product"
