"""Prorations have the taxes of the bill that they give back, whatever taxes hold now."""

from __future__ import annotations

from typing import Any

import pytest

from portal import clock
from tests.api.subscriptions.test_ends import BY_INVOICE, JULY, JUNE, at, june
from tests.clients import Api
from tests.factories import Factories
from tests.passing import pass_time


@pytest.fixture
def subscribe(api: Api, make: Factories) -> Any:
    """`subscribe(default_tax_rates=…)` is a subscription for 3000 a month from 1 June on, billed by invoice."""

    def subscribe(**sent: Any) -> Any:
        items = [{"price": make.price(unit_amount=3000).id}]
        with clock.hold_at(JUNE):
            return api.post("subscriptions", customer=make.customer().id, items=items, **BY_INVOICE, **sent)

    return subscribe


def bill(api: Api, make: Factories, subscription: Any, moment: int) -> list[tuple[int, list[int]]]:
    """Amount and taxes of each line of the newest bill, in their order."""
    pass_time(make, moment)
    invoice = api.get("invoices", subscription=subscription["id"], limit=1)["data"][0]
    lines = reversed(invoice["lines"]["data"])
    return [(line["amount"], [tax["amount"] for tax in line["taxes"]]) for line in lines]


def item_of(subscription: Any, **sent: Any) -> list[Any]:
    return [{"id": subscription["items"]["data"][0]["id"], **sent}]


@pytest.mark.parametrize("mode", ["flexible", "classic"])
def test_what_was_billed_untaxed_is_given_back_untaxed(api: Api, make: Factories, subscribe: Any, mode: str) -> None:
    subscription = subscribe(billing_mode={"type": mode})
    rate = make.tax_rate().id
    at(api, june(16), subscription, items=item_of(subscription, quantity=2), default_tax_rates=[rate])
    assert sorted(bill(api, make, subscription, JULY)) == [(-1500, []), (3000, [570]), (6000, [1140])]


def test_an_untaxed_end_taken_away_comes_out_at_nothing(api: Api, make: Factories, subscribe: Any) -> None:
    subscription = subscribe()
    at(api, june(5), subscription, cancel_at=june(16))
    at(api, june(6), subscription, default_tax_rates=[make.tax_rate().id])
    at(api, june(7), subscription, cancel_at="")
    assert sorted(bill(api, make, subscription, JULY)) == [(-1500, []), (1500, []), (3000, [570])]


def test_other_default_rates_of_a_draft_leave_untaxed_prorations(api: Api, make: Factories, subscribe: Any) -> None:
    subscription = subscribe()
    at(api, june(16), subscription, items=item_of(subscription, quantity=2))
    pass_time(make, JULY)
    draft = api.get("invoices", subscription=subscription["id"], limit=1)["data"][0]
    with clock.hold_at(JULY):
        changed = api.post(f"invoices/{draft['id']}", default_tax_rates=[make.tax_rate().id])
    taxed = sorted((line["amount"], [tax["amount"] for tax in line["taxes"]]) for line in changed["lines"]["data"])
    assert taxed == [(-1500, []), (3000, []), (6000, [1140])]
    credit = next(line for line in changed["lines"]["data"] if line["amount"] < 0)
    with clock.hold_at(JULY):
        own = api.post(f"invoices/{draft['id']}/lines/{credit['id']}", tax_rates="")
    assert [tax["amount"] for tax in own["taxes"]] == [-285]


@pytest.mark.parametrize("mode", ["flexible", "classic"])
def test_rates_that_come_later_tax_no_proration_that_waits(
    api: Api, make: Factories, subscribe: Any, mode: str
) -> None:
    """Neither the charge nor the credit that takes it back: June is untaxed as a whole."""
    subscription = subscribe(billing_mode={"type": mode})
    at(api, june(6), subscription, items=item_of(subscription, quantity=2))
    at(api, june(11), subscription, items=item_of(subscription, quantity=1))
    at(api, june(13), subscription, default_tax_rates=[make.tax_rate().id])
    lines = bill(api, make, subscription, JULY)
    assert sorted(lines) == [(-4000, []), (-2500, []), (2000, []), (3000, [570]), (5000, [])]


@pytest.mark.parametrize("mode", ["flexible", "classic"])
def test_a_credit_has_each_rate_that_was_charged(api: Api, make: Factories, subscribe: Any, mode: str) -> None:
    """An item at 7 % from 11 June on, two of it at 19 % from 16 June on, none from 21 June on."""
    full, reduced = make.tax_rate().id, make.tax_rate(percentage="7").id
    subscription = subscribe(default_tax_rates=[full], billing_mode={"type": mode})
    second = {"price": make.price(unit_amount=6000).id, "tax_rates": [reduced]}
    with clock.hold_at(june(11)):
        added = api.post("subscription_items", subscription=subscription["id"], **second)
    with clock.hold_at(june(16)):
        api.post(f"subscription_items/{added['id']}", quantity=2, tax_rates=[full])
    with clock.hold_at(june(21)):
        api.delete(f"subscription_items/{added['id']}", proration_behavior="create_prorations")
    assert sorted(bill(api, make, subscription, JULY)) == [
        (-4000, [-760]),
        (-3000, [-210]),
        (3000, [570]),
        (4000, [280]),
        (6000, [1140]),
    ]


def test_an_end_over_time_of_two_rates_comes_out_at_nothing(api: Api, make: Factories, subscribe: Any) -> None:
    """Each rate is charged back as it was given, also where the end is moved on for a part of the time."""
    full, reduced = make.tax_rate().id, make.tax_rate(percentage="7").id
    subscription = subscribe(default_tax_rates=[full], cancel_at=june(16))
    at(api, june(3), subscription, default_tax_rates=[reduced])
    for day, end in ((4, ""), (5, june(10)), (6, june(20)), (7, "")):
        at(api, june(day), subscription, cancel_at=end)
    lines = [line for line in bill(api, make, subscription, JULY) if line[0] != 3000]
    assert sum(amount for amount, _ in lines) == 1500
    assert sorted(lines) == [
        (-1500, [-105]),
        (-600, [-114]),
        (400, [28]),
        (600, [114]),
        (1100, [77]),
        (1500, [105]),
    ]


def test_one_item_billed_at_two_rates_is_credited_at_both(api: Api, make: Factories, subscribe: Any) -> None:
    """An end that moves on is charged at the new rate for the time that it adds: 15 days of each rate."""
    full, reduced = make.tax_rate().id, make.tax_rate(percentage="7").id
    subscription = subscribe(default_tax_rates=[full], cancel_at=june(16))
    at(api, june(5), subscription, default_tax_rates=[reduced])
    at(api, june(6), subscription, cancel_at="")
    with clock.hold_at(june(11)):
        api.delete(f"subscriptions/{subscription['id']}", prorate=True, invoice_now=True)
        invoice = api.get("invoices", subscription=subscription["id"], limit=1)["data"][0]
    taxed = sorted((line["amount"], [tax["amount"] for tax in line["taxes"]]) for line in invoice["lines"]["data"])
    assert taxed == [(-1500, [-105]), (-500, [-95]), (1500, [105])]
