"""What waits is billed between the periods, and periods are anchored by the calendar."""

from __future__ import annotations

from typing import Any

import pytest

from portal import clock
from portal.rules.anchors import first_moment_and_anchor
from tests.clients import Api
from tests.conftest import NOON
from tests.factories import Factories
from tests.passing import pass_time
from tests.rules.test_periods import at

WEEKLY = {"interval": "week"}


def test_what_waits_is_billed_at_its_interval(api: Api, make: Factories, active: Any) -> None:
    subscription = active(pending_invoice_item_interval=WEEKLY)
    assert subscription["pending_invoice_item_interval"] == {"interval": "week", "interval_count": 1}
    week = NOON + 7 * clock.DAY
    assert subscription["next_pending_invoice_item_invoice"] == week
    own = {"customer": subscription["customer"], "subscription": subscription["id"], "currency": "eur"}
    api.post("invoiceitems", **own, amount=700)
    pass_time(make, week)
    after = api.get(f"subscriptions/{subscription['id']}", expand=["latest_invoice"])
    invoice = after["latest_invoice"]
    assert (invoice["total"], invoice["created"], after["next_pending_invoice_item_invoice"]) == (
        700,
        week,
        week * 2 - NOON,
    )
    pass_time(make, week * 2 - NOON)  # a week in which nothing waited
    assert len(api.get("invoices", subscription=subscription["id"])["data"]) == 2


def test_at_a_periods_end_there_is_one_bill(api: Api, make: Factories, active: Any) -> None:
    subscription = active(pending_invoice_item_interval={"interval": "day", "interval_count": 10})
    end = subscription["current_period_end"]  # thirty days
    pass_time(make, end - 1)
    own = {"customer": subscription["customer"], "subscription": subscription["id"], "currency": "eur"}
    api.post("invoiceitems", **own, amount=700)
    pass_time(make, end)
    totals = [each["total"] for each in api.get("invoices", subscription=subscription["id"])["data"]]
    assert totals == [3700, 3000]


def test_the_interval_ends_or_is_refused(api: Api, active: Any) -> None:
    subscription = active(pending_invoice_item_interval=WEEKLY)
    path = f"subscriptions/{subscription['id']}"
    after = api.post(path, pending_invoice_item_interval="")
    assert (after["pending_invoice_item_interval"], after["next_pending_invoice_item_invoice"]) == (None, None)
    longer = {"interval": "month"}
    assert api.error("POST", path, pending_invoice_item_interval=longer)["param"] == "pending_invoice_item_interval"


@pytest.mark.parametrize(
    ("config", "interval", "now", "first", "expected"),
    [
        ({"day_of_month": 15}, "month", "2026-01-10T08:30:05", "2026-01-15T08:30:05", "2026-01-15T08:30:05"),
        ({"day_of_month": 15}, "month", "2026-01-15T08:30", "2026-02-15T08:30", "2026-02-15T08:30"),
        ({"day_of_month": 31, "hour": 9}, "month", "2026-02-10T08:30", "2026-02-28T09:30", "2026-03-31T09:30"),
        ({"day_of_month": 1, "month": 7}, "year", "2026-08-01T00:00", "2027-07-01T00:00", "2027-07-01T00:00"),
        ({"day_of_month": 29, "month": 2}, "year", "2026-03-01T00:00", "2027-02-28T00:00", "2028-02-29T00:00"),
    ],
)
def test_anchors_follow_the_calendar(
    config: dict[str, int], interval: str, now: str, first: str, expected: str
) -> None:
    assert first_moment_and_anchor(config, interval, 1, at(now)) == (at(first), at(expected))


def test_a_31st_stays_one(api: Api, make: Factories) -> None:
    start = at("2026-02-10T12:00")
    item = {"price": make.price(unit_amount=3100).id}
    sent = {"billing_cycle_anchor_config": {"day_of_month": 31, "hour": 0, "minute": 0, "second": 0}}
    with clock.hold_at(start):
        made = api.post(
            "subscriptions",
            customer=make.customer().id,
            items=[item],
            collection_method="send_invoice",
            days_until_due=7,
            **sent,
            expand=["latest_invoice"],
        )
    assert made["billing_cycle_anchor_config"] == {"month": None, **sent["billing_cycle_anchor_config"]}
    # 17.5 of the 28 days from 31 January to 28 February
    assert made["latest_invoice"]["total"] == round(3100 * 17.5 / 28)
    ends = [made["current_period_end"]]
    for _ in range(3):
        pass_time(make, ends[-1])
        ends.append(api.get(f"subscriptions/{made['id']}")["current_period_end"])
    assert ends == [at(f"2026-{day}T00:00") for day in ("02-28", "03-31", "04-30", "05-31")]


def test_wrong_anchors(api: Api, make: Factories) -> None:
    item = {"price": make.price(recurring={"interval": "week"}).id}
    sent = {"customer": make.customer().id, "items": [item], "billing_cycle_anchor_config": {"day_of_month": 31}}
    assert api.error("POST", "subscriptions", **sent)["param"] == "billing_cycle_anchor_config"
    sent["billing_cycle_anchor_config"] = {"day_of_month": 32}
    assert api.error("POST", "subscriptions", **sent)["param"] == "billing_cycle_anchor_config[day_of_month]"
