"""The confirmation of a plan change: it costs what was shown, and is made once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from copy import copy
from threading import Barrier
from typing import Any

import pytest

from portal import clock
from portal.models import (
    Customer,
    Invoice,
    InvoiceItem,
    Price,
    Subscription,
    SubscriptionSchedule,
)
from tests.clients import Portal
from tests.conftest import NOON
from tests.factories import Factories
from tests.hosted.plan_changes.pages import (
    BEGAN,
    DOWNGRADES,
    confirmed,
    confirming,
    hidden,
    now_of,
    rows,
    seen,
)
from tests.hosted.two_clicks import click_twice

pytestmark = pytest.mark.usefixtures("held_clock")


def test_an_upgrade_costs_what_was_shown(
    visit: Any, plan: Subscription, prices: dict[str, Price], make: Factories
) -> None:
    opened, path = visit(), confirming(plan, prices["gold"])
    page = seen(opened, path)
    assert "Change to Gold plan?" in page
    assert "Change now for €6.66" in page
    assert "to pay by December 5, 2026" in page
    assert "€20.00 on December 11, 2026" in page
    assert confirmed(opened, path).location.endswith(f"/subscriptions/{plan.id}/changed")
    subscription, item = now_of(make, plan)
    assert item.price_id == prices["gold"].id
    (invoice,) = rows(make, Invoice, id=subscription.latest_invoice_id)
    assert (invoice.amount_due, invoice.billing_reason) == (666, "subscription_update")
    done = seen(opened, f"subscriptions/{plan.id}/changed")
    assert "You have Gold plan" in done
    assert "There is an invoice of €6.66 to pay." in done


def test_the_amount_holds_for_a_while_and_then_is_shown_anew(
    visit: Any, plan: Subscription, prices: dict[str, Price], make: Factories
) -> None:
    opened, path = visit(), confirming(plan, prices["gold"])
    fields = hidden(seen(opened, path), "revision", "date", "due", "csrf_token")
    with clock.hold_at(NOON + 1700):
        assert opened.post(path, token=False, **{**fields, "date": str(NOON - 8000)}).status_code == 409
        assert opened.post(path, token=False, **fields).status_code == 303
    (invoice,) = rows(make, Invoice, id=now_of(make, plan)[0].latest_invoice_id)
    assert invoice.amount_due == 666


@pytest.mark.parametrize(
    "instead", [{"due": "1"}, {"revision": "77"}, {"date": "0"}, {"date": "x"}, {"date": "9" * 30}]
)
def test_nothing_is_changed_but_what_was_seen(
    visit: Any, plan: Subscription, prices: dict[str, Price], make: Factories, instead: dict[str, str]
) -> None:
    answer = confirmed(visit(), confirming(plan, prices["gold"]), **instead)
    assert answer.status_code == 409
    assert "Nothing was changed yet." in answer.get_data(as_text=True)
    assert now_of(make, plan)[1].price_id == prices["silver"].id
    assert len(rows(make, Invoice, subscription_id=plan.id)) == 1


def test_what_waits_for_the_next_invoice_is_on_it(
    visit: Any, plan: Subscription, prices: dict[str, Price], make: Factories
) -> None:
    opened, path = visit(proration_behavior="create_prorations"), confirming(plan, prices["gold"])
    page = seen(opened, path)
    assert "€26.66 on December 11, 2026" in page
    assert "Nothing</dd>" in page
    confirmed(opened, path)
    assert sum(item.amount for item in rows(make, InvoiceItem, subscription_id=plan.id)) == 666


def test_a_longer_interval_starts_at_once(
    visit: Any, plan: Subscription, prices: dict[str, Price], make: Factories
) -> None:
    opened, path = visit(), confirming(plan, prices["gold a year"])
    assert "Change now for €193.33" in seen(opened, path)
    confirmed(opened, path)
    subscription, _ = now_of(make, plan)
    assert (subscription.current_period_start, subscription.billing_cycle_anchor) == (NOON, NOON)


def test_more_of_the_same(visit: Any, plan: Subscription, prices: dict[str, Price], make: Factories) -> None:
    opened, path = visit(), confirming(plan, prices["silver"], 3)
    page = seen(opened, path)
    assert "Change Silver plan?" in page
    assert "Change now for €13.33" in page
    confirmed(opened, path)
    assert now_of(make, plan)[1].quantity == 3


def test_a_code_lowers_what_is_billed(
    visit: Any, plan: Subscription, prices: dict[str, Price], make: Factories
) -> None:
    make.promotion_code(code="Ride10")
    opened, path = visit(), confirming(plan, prices["gold"], code="RIDE10")
    assert "€18.00 on December 11, 2026" in seen(opened, path)
    confirmed(opened, path)
    assert len(now_of(make, plan)[0].discounts) == 1


def test_two_clicks_at_the_same_moment_change_it_once(
    visit: Any, make: Factories, customer: Customer, prices: dict[str, Price]
) -> None:
    gold = make.subscription(customer, prices["gold"], now=BEGAN)
    opened, path = visit(), confirming(gold, prices["silver"])
    fields = hidden(seen(opened, path), "revision", "date", "due")
    answers = click_twice(make, customer, opened, path, **fields)
    assert [(answer.status_code, answer.location[-8:]) for answer in answers] == [(303, "/changed")] * 2


@pytest.mark.parametrize("downgrades", [{}, DOWNGRADES])
def test_a_double_click_does_it_once_and_says_so(
    visit: Any, make: Factories, customer: Customer, prices: dict[str, Price], downgrades: Any
) -> None:
    gold = make.subscription(customer, prices["gold"], now=BEGAN)
    opened, path = visit(**downgrades), confirming(gold, prices["silver"])
    fields = hidden(seen(opened, path), "revision", "date", "due", "csrf_token")
    for _ in range(2):
        assert opened.post(path, token=False, **fields).status_code == 303
    assert "Nothing was done twice." in seen(opened, f"subscriptions/{gold.id}/changed")
    assert len(rows(make, SubscriptionSchedule, customer_id=customer.id)) == bool(downgrades)


def test_many_clicks_at_once_change_it_once(
    visit: Any, plan: Subscription, prices: dict[str, Price], make: Factories
) -> None:
    opened, path = visit(), confirming(plan, prices["gold"])
    fields = hidden(seen(opened, path), "revision", "date", "due", "csrf_token")
    barrier = Barrier(8)

    def click(_: int) -> int:
        barrier.wait()
        own = Portal(copy(opened.client), opened.session_id)
        return own.post(path, token=False, **fields).status_code

    with ThreadPoolExecutor(8) as threads:
        statuses = set(threads.map(click, range(8)))
    assert statuses == {303}
    assert len(rows(make, Invoice, subscription_id=plan.id, billing_reason="subscription_update")) == 1


@pytest.mark.parametrize(
    ("behaviour", "due", "status"), [("end_trial", "€20.00", "active"), ("continue_trial", None, "trialing")]
)
def test_a_trial_ends_or_goes_on_as_configured(
    visit: Any, make: Factories, customer: Customer, prices: dict[str, Price], behaviour: str, due: str, status: str
) -> None:
    trial = make.subscription(customer, prices["silver"], trial_period_days=7)
    opened, path = visit(trial_update_behavior=behaviour), confirming(trial, prices["gold"])
    page = seen(opened, path)
    assert (f"Change now for {due}" in page) is (due is not None)
    assert ("your trial ends with it" in page) is (due is not None)
    confirmed(opened, path)
    assert now_of(make, trial)[0].status == status
