"""Prorations to the cent and the second: the reference's worked example, and what first periods are worth."""

from __future__ import annotations

from typing import Any

import pytest

from portal import clock
from tests.api.previews.test_previews import billed
from tests.clients import Api
from tests.factories import Factories
from tests.passing import pass_time

MAY = 1777593600  # 1 May 2026, 00:00 UTC
JUNE = MAY + 31 * clock.DAY
HALF = MAY + 31 * clock.DAY // 2
BY_INVOICE = {"collection_method": "send_invoice", "days_until_due": 30}


@pytest.fixture
def from_may(api: Api, make: Factories) -> Any:
    """$100 a month from 1 May on."""
    price = make.price(unit_amount=10000, currency="usd")
    with clock.hold_at(MAY):
        return api.post("subscriptions", customer=make.customer().id, items=[{"price": price.id}], **BY_INVOICE)


def dearer(make: Factories, subscription: Any, **sent: Any) -> dict[str, Any]:
    """The change to $200 a month."""
    item = {"id": subscription["items"]["data"][0]["id"], "price": make.price(unit_amount=20000, currency="usd").id}
    return {"items": [item], **sent}


def amounts(invoice: Any) -> list[int]:
    return [line["amount"] for line in invoice["lines"]["data"]]


def bills(api: Api, subscription: Any) -> list[list[int]]:
    """The lines of its invoices, the oldest first."""
    found = api.get("invoices", subscription=subscription["id"])["data"]
    return [amounts(invoice) for invoice in reversed(found)]


@pytest.mark.parametrize(
    ("behavior", "expected"),
    [
        ("create_prorations", [[10000], [-5000, 10000, 20000]]),
        ("none", [[10000], [20000]]),
        ("always_invoice", [[10000], [-5000, 10000], [20000]]),
    ],
)
def test_the_worked_example(api: Api, make: Factories, from_may: Any, behavior: str, expected: list[list[int]]) -> None:
    """In the middle of May from $100 to $200: on 1 June $200 and half of the difference, so $250."""
    with clock.hold_at(HALF):
        api.post(f"subscriptions/{from_may['id']}", **dearer(make, from_may, proration_behavior=behavior))
    pass_time(make, JUNE)
    assert bills(api, from_may) == expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (MAY + 14 * clock.DAY, [-5484, 10968]),  # 15 May, 00:00: 17 of 31 days
        (MAY + 14 * clock.DAY + 45, [-5484, 10967]),
        (MAY + 14 * clock.DAY + 45296, [-5315, 10630]),  # 12:34:56
        (JUNE - 200, [-1, 1]),
    ],
)
def test_each_second_counts(api: Api, make: Factories, from_may: Any, moment: int, expected: list[int]) -> None:
    with clock.hold_at(moment):
        api.post(f"subscriptions/{from_may['id']}", **dearer(make, from_may))
        waiting = api.get("invoiceitems", pending=True)["data"]
    assert [each["amount"] for each in reversed(waiting)] == [amount for amount in expected if amount]
    assert {(each["period"]["start"], each["period"]["end"]) for each in waiting} == {(moment, JUNE)}


@pytest.mark.parametrize("behavior", ["create_prorations", "none", "always_invoice"])
def test_a_dated_preview_is_the_dated_change(api: Api, make: Factories, from_may: Any, behavior: str) -> None:
    """Asked at one time, made at another, for the same `proration_date`."""
    change = dearer(make, from_may, proration_behavior=behavior, proration_date=HALF)
    with clock.hold_at(HALF - clock.DAY):
        asked = {"subscription": from_may["id"], "subscription_details": change}
        preview = api.post("invoices/create_preview", **asked)
    with clock.hold_at(HALF + 3 * clock.DAY):
        api.post(f"subscriptions/{from_may['id']}", **change)
    pass_time(make, JUNE if behavior != "always_invoice" else HALF)
    assert billed(preview) == billed(api.get("invoices", subscription=from_may["id"])["data"][0])


def test_a_dated_preview_of_an_end_is_that_end(api: Api, from_may: Any) -> None:
    sent = {"subscription": from_may["id"], "subscription_details": {"cancel_now": True, "proration_date": HALF}}
    with clock.hold_at(MAY + clock.DAY):
        preview = api.post("invoices/create_preview", **sent)
        older = api.get(
            "invoices/upcoming",
            subscription=from_may["id"],
            subscription_cancel_now=True,
            subscription_proration_date=HALF,
        )
    with clock.hold_at(HALF):
        api.delete(f"subscriptions/{from_may['id']}", prorate=True, invoice_now=True)
    made = api.get("invoices", subscription=from_may["id"])["data"][0]
    assert billed(preview) == billed(older) == billed(made)
    assert amounts(made) == [-5000]


def test_an_end_is_previewed_within_its_period(api: Api, from_may: Any) -> None:
    details = {"cancel_now": True, "proration_date": JUNE + 1}
    with clock.hold_at(HALF):
        error = api.error("POST", "invoices/create_preview", subscription=from_may["id"], subscription_details=details)
    assert error["param"] == "subscription_details[proration_date]"


def test_a_credit_names_what_it_gives_back(api: Api, make: Factories, from_may: Any) -> None:
    [billed_first] = api.get(f"invoices/{from_may['latest_invoice']}/lines")["data"]
    path, ten = f"subscriptions/{from_may['id']}", MAY + 10 * clock.DAY
    with clock.hold_at(ten):
        api.post(path, **dearer(make, from_may, proration_behavior="always_invoice"))
    first = api.get(f"subscriptions/{from_may['id']}", expand=["latest_invoice"])["latest_invoice"]
    credit, charge = first["lines"]["data"]
    named = {"invoice": from_may["latest_invoice"], "invoice_line_items": [billed_first["id"]]}
    assert credit["parent"]["invoice_item_details"]["proration_details"] == {"credited_items": named}
    assert charge["proration_details"] == {"credited_items": None}
    with clock.hold_at(HALF):
        api.delete(path, prorate=True, invoice_now=True)
    last = api.get(path, expand=["latest_invoice"])["latest_invoice"]["lines"]["data"]
    assert [line["amount"] for line in last] == [-round(charge["amount"] * 15.5 / 21)]
    assert last[0]["proration_details"]["credited_items"]["invoice_line_items"] == [charge["id"]]


def test_a_credit_names_what_still_waits(api: Api, make: Factories, from_may: Any) -> None:
    path = f"subscriptions/{from_may['id']}"
    with clock.hold_at(MAY + 10 * clock.DAY):
        after = api.post(path, **dearer(make, from_may))
    with clock.hold_at(HALF):
        api.post(path, **dearer(make, after))
        last, credit, charge, first = api.get("invoiceitems", pending=True)["data"]
        assert credit["proration_details"]["credited_items"] == {
            "invoice_item": charge["id"],
            "invoice_line_item_details": None,
            "type": "invoice_item",
        }
        named = first["proration_details"]["credited_items"]["invoice_line_item_details"]
        assert (named["invoice"], last["proration_details"]["credited_items"]) == (from_may["latest_invoice"], None)
        preview = api.post("invoices/create_preview", subscription=from_may["id"])
    credited = [line["proration_details"]["credited_items"] for line in preview["lines"]["data"]]
    assert [each and each["invoice"] for each in credited].count(from_may["latest_invoice"]) == 1
    assert len([each for each in credited if each]) == 1
    pass_time(make, JUNE)
    lines = api.get(path, expand=["latest_invoice"])["latest_invoice"]["lines"]["data"]
    by_item = {line["invoice_item"]: line for line in lines}
    assert by_item[credit["id"]]["proration_details"]["credited_items"] == {
        "invoice": lines[0]["invoice"],
        "invoice_line_items": [by_item[charge["id"]]["id"]],
    }


@pytest.mark.parametrize(("mode", "expected"), [("flexible", [10000]), ("classic", [-5000, 10000])])
def test_what_was_free_is_not_given_back(api: Api, make: Factories, mode: str, expected: list[int]) -> None:
    """A first period up to an anchor that was not billed; the classic mode goes by what the item costs."""
    price = make.price(unit_amount=10000, currency="usd")
    sent = {"billing_cycle_anchor": JUNE, "proration_behavior": "none", "billing_mode": {"type": mode}}
    with clock.hold_at(MAY + clock.DAY):
        made = api.post("subscriptions", customer=make.customer().id, items=[{"price": price.id}], **sent, **BY_INVOICE)
    assert made["billing_mode"]["type"] == mode
    with clock.hold_at(HALF):
        api.post(f"subscriptions/{made['id']}", **dearer(make, made))
        waiting = api.get("invoiceitems", pending=True)["data"]
    assert sorted(each["amount"] for each in waiting) == expected


def test_discounts_are_within_prorations(api: Api, make: Factories) -> None:
    """Who pays half gets half of it back, and pays half of what is new."""
    price, coupon = (
        make.price(unit_amount=10000, currency="usd"),
        api.post("coupons", percent_off=50, duration="forever"),
    )
    sent = {"items": [{"price": price.id}], "discounts": [{"coupon": coupon["id"]}], **BY_INVOICE}
    with clock.hold_at(MAY):
        made = api.post("subscriptions", customer=make.customer().id, **sent)
    with clock.hold_at(HALF):
        api.post(f"subscriptions/{made['id']}", **dearer(make, made, proration_behavior="always_invoice"))
    assert bills(api, made) == [[10000], [-2500, 5000]]
    assert api.get("invoices", subscription=made["id"])["data"][0]["total"] == 2500


@pytest.mark.parametrize("behavior", ["create_prorations", "always_invoice"])
@pytest.mark.parametrize("off", [{"percent_off": 50}, {"amount_off": 5000, "currency": "usd"}])
def test_a_discount_for_once_lowers_one_bill(
    api: Api, make: Factories, from_may: Any, behavior: str, off: dict[str, Any]
) -> None:
    """It waits for the next bill of a period; what changes within this one costs its full price."""
    coupon = api.post("coupons", duration="once", **off)["id"]
    with clock.hold_at(HALF):
        change = dearer(make, from_may, proration_behavior=behavior, discounts=[{"coupon": coupon}])
        api.post(f"subscriptions/{from_may['id']}", **change)
    pass_time(make, JUNE + 40 * clock.DAY)
    totals = [each["total"] for each in api.get("invoices", subscription=from_may["id"])["data"]]
    less = 10000 if "percent_off" in off else 5000
    assert sum(totals) == 10000 + 5000 + 20000 + 20000 - less


@pytest.mark.parametrize("mode", ["flexible", "classic"])
@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"proration_behavior": "always_invoice"}, [-5000, 5000]),
        ({"proration_behavior": "create_prorations"}, [-5000, 5000]),
        ({"billing_cycle_anchor": "now"}, [-5000, 10000]),
    ],
)
@pytest.mark.parametrize("previewed", [False, True])
def test_a_discount_sent_with_a_change_lowers_what_is_charged_and_not_what_is_given_back(
    api: Api, make: Factories, mode: str, sent: dict[str, Any], expected: list[int], previewed: bool
) -> None:
    price = make.price(unit_amount=10000, currency="usd").id
    with clock.hold_at(MAY):
        customer, billing = make.customer().id, {"billing_mode": {"type": mode}, **BY_INVOICE}
        made = api.post("subscriptions", customer=customer, items=[{"price": price}], **billing)
    change, discounts = dearer(make, made, **sent), [{"coupon": make.coupon(percent_off="50").id}]
    with clock.hold_at(HALF):
        if previewed:
            shown = api.post(
                "invoices/create_preview", subscription=made["id"], discounts=discounts, subscription_details=change
            )
            found = discounted(shown)
            if sent.get("proration_behavior") == "create_prorations":
                assert found.pop() == 10000  # the month after
        else:
            api.post(f"subscriptions/{made['id']}", **change, discounts=discounts)
            shown = api.get("invoices", subscription=made["id"])["data"][0]
            waiting = api.get("invoiceitems", pending=True)["data"]
            found = [item["amount"] for item in waiting] or discounted(shown)
    assert sorted(found) == expected


def discounted(invoice: Any) -> list[int]:
    lines = invoice["lines"]["data"]
    return [line["amount"] - sum(off["amount"] for off in line["discount_amounts"]) for line in lines]


@pytest.mark.parametrize("sent", [{}, {"proration_behavior": "create_prorations"}])
def test_a_preview_of_a_resumption_has_its_discounts(
    api: Api, make: Factories, from_may: Any, sent: dict[str, Any]
) -> None:
    with clock.hold_at(MAY + clock.DAY):
        api.post(f"subscriptions/{from_may['id']}/pause", type="subscription")
        discounts = [{"coupon": make.coupon(percent_off="50").id}]
        shown = api.post(
            "invoices/create_preview",
            subscription=from_may["id"],
            discounts=discounts,
            subscription_details={"resume_at": "now", **sent},
        )
    assert shown["total"] == 5000 - 9677  # 30 of 31 days were given back by the pause


def test_a_trial_ended_with_a_discount_bills_it(api: Api, make: Factories) -> None:
    price = make.price(unit_amount=10000, currency="usd").id
    with clock.hold_at(MAY):
        customer = make.customer().id
        made = api.post("subscriptions", customer=customer, items=[{"price": price}], trial_end=JUNE, **BY_INVOICE)
    with clock.hold_at(HALF):
        coupon = make.coupon(percent_off="50").id
        api.post(f"subscriptions/{made['id']}", trial_end="now", discounts=[{"coupon": coupon}])
    assert api.get("invoices", subscription=made["id"])["data"][0]["total"] == 5000


@pytest.mark.parametrize("mode", ["flexible", "classic"])
def test_a_void_upgrade_is_not_given_back(api: Api, make: Factories, mode: str) -> None:
    price = make.price(unit_amount=10000, currency="usd").id
    with clock.hold_at(MAY):
        sent = {"items": [{"price": price}], "billing_mode": {"type": mode}, **BY_INVOICE}
        made = api.post("subscriptions", customer=make.customer().id, **sent)
    with clock.hold_at(MAY + clock.DAY):
        changed = api.post(f"subscriptions/{made['id']}", **dearer(make, made, proration_behavior="always_invoice"))
        api.post(f"invoices/{changed['latest_invoice']}/void")
    with clock.hold_at(HALF):
        api.delete(f"subscriptions/{made['id']}", prorate=True, invoice_now=True)
    assert api.get("invoices", subscription=made["id"])["data"][0]["total"] == -5000


@pytest.mark.parametrize("mode", ["flexible", "classic"])
def test_a_void_bill_is_not_given_back(api: Api, make: Factories, mode: str) -> None:
    price = make.price(unit_amount=10000, currency="usd").id
    sent = {"items": [{"price": price}], "billing_mode": {"type": mode}}
    with clock.hold_at(MAY):
        made = api.post("subscriptions", customer=make.customer().id, **sent, **BY_INVOICE)
        api.post(f"invoices/{made['latest_invoice']}/finalize")
        api.post(f"invoices/{made['latest_invoice']}/void")
    with clock.hold_at(HALF):
        api.post(f"subscriptions/{made['id']}", **dearer(make, made))
        waiting = api.get("invoiceitems", pending=True)["data"]
    assert [each["amount"] for each in waiting] == [10000]


def test_a_subscription_is_moved_to_the_other_mode(api: Api, make: Factories) -> None:
    price = make.price()
    made = api.post(
        "subscriptions", customer=make.customer().id, items=[{"price": price.id}], billing_mode={"type": "classic"}
    )
    assert made["billing_mode"] == {"flexible": None, "type": "classic", "updated_at": None}
    with clock.hold_at(MAY):
        moved = api.post(f"subscriptions/{made['id']}/migrate", billing_mode={"type": "flexible"})
    expected = {"flexible": {"proration_discounts": "included"}, "type": "flexible", "updated_at": MAY}
    assert moved["billing_mode"] == expected
    assert (
        "already"
        in api.error("POST", f"subscriptions/{made['id']}/migrate", billing_mode={"type": "flexible"})["message"]
    )
