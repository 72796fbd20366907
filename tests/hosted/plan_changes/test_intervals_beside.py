"""A plan of several items that is paid by another interval: what is beside it moves along, or nothing is offered."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal import clock
from portal.models import Configuration, Customer, Price, Product, Subscription
from tests.clients import Api, Portal
from tests.conftest import NOON
from tests.factories import Factories
from tests.hosted.plan_changes.pages import BEGAN, confirmed, confirming, hidden, rows, seen, updating
from tests.hosted.two_clicks import click_twice
from tests.passing import pass_time

Open = Callable[..., Portal]
pytestmark = pytest.mark.usefixtures("held_clock")
YEARLY: Any = {"recurring": {"interval": "year"}}
#: The month that began on 11 November has 30 days, ten of which are over.
REST = (20, 30)


@pytest.fixture
def gold(make: Factories) -> Product:
    return make.product()


@pytest.fixture
def month(make: Factories, gold: Product) -> dict[str, Price]:
    """What is paid by the month: a plan, seats beside it, and hosting, which is no add-on."""
    return {
        "gold": make.price(gold, unit_amount=2000),
        "seats": make.price(make.product(name="Extra seats"), unit_amount=300),
        "hosting": make.price(make.product(name="Hosting"), unit_amount=700),
    }


@pytest.fixture
def year(make: Factories, month: dict[str, Price]) -> dict[str, Price]:
    """The same by the year."""
    return {
        name: make.price(product_of(make, price), unit_amount=int(price.unit_amount_decimal) * 10, **YEARLY)
        for name, price in month.items()
    }


@pytest.fixture
def configured(make: Factories, month: dict[str, Price], year: dict[str, Price]) -> Callable[..., Configuration]:
    """`configured(without, **feature)` offers both intervals, and one product by the month only."""

    def build(without: str | None = None, **feature: Any) -> Configuration:
        listed = {f"{name} a month": price for name, price in month.items()}
        listed |= {f"{name} a year": price for name, price in year.items() if name != without}
        update = updating(listed, **feature)
        for each in update["products"]:
            if each["product"] == month["seats"].product_id:
                each |= {"role": "add_on", "adjustable_quantity": {"enabled": True, "minimum": 1, "maximum": 10}}
            if each["product"] == month["hosting"].product_id:
                each["adjustable_quantity"] = {"enabled": False}
        return make.configuration(subscription_update=update)

    return build


def product_of(make: Factories, price: Price) -> Product:
    (found,) = rows(make, Product, id=price.product_id)
    product: Product = found
    return product


def begin(make: Factories, customer: Customer, prices: dict[str, Price], **sent: Any) -> Subscription:
    """The plan, with two seats and hosting."""
    items = [
        {"price": prices["gold"].id},
        {"price": prices["seats"].id, "quantity": 2},
        {"price": prices["hosting"].id},
    ]
    return make.subscription(customer, items=items, now=BEGAN, **sent)


def items_of(api: Api, plan: Subscription) -> dict[str, int]:
    found = api.get(f"subscriptions/{plan.id}")["items"]["data"]
    return {each["price"]["id"]: each["quantity"] for each in found}


def words(answer: Any) -> str:
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", answer.get_data(as_text=True))).split()).replace(" .", ".")


def test_what_is_beside_the_plan_moves_along(
    portal: Open,
    make: Factories,
    customer: Customer,
    month: dict[str, Price],
    year: dict[str, Price],
    configured: Any,
    api: Api,
) -> None:
    plan = begin(make, customer, month)
    visit = portal(customer, configured())
    shown = words(visit.get(f"subscriptions/{plan.id}/change?interval=1-year"))
    assert "What you have beside your plan is billed by this interval too. Hosting €70.00 a year" in shown
    assert "Extra seats €30.00 a year each." in shown
    path = confirming(plan, year["gold"])
    page = words(visit.get(path))
    assert "Extra seats Now: 2 × €3.00 = €6.00 a month Then: 2 × €30.00 = €60.00 a year" in page
    assert "Hosting Now: €7.00 a month Then: €70.00 a year" in page
    # a year of all of it, less two thirds of a month of €20.00, €6.00 and €7.00, each rounded by itself
    due = 20000 + 6000 + 7000 - 1333 - 400 - 467
    assert f"Change now for €{due / 100:.2f}" in page
    fields = hidden(seen(visit, path), "revision", "date", "due", "moved_to")
    answers = click_twice(make, customer, visit, path, **fields)
    assert [answer.status_code for answer in answers] == [303, 303]
    assert items_of(api, plan) == {year["gold"].id: 1, year["seats"].id: 2, year["hosting"].id: 1}
    bills = api.get("invoices", subscription=plan.id)["data"]
    assert [bill["amount_due"] for bill in bills] == [due, 3300]
    assert "Nothing was done twice." in words(visit.get(f"subscriptions/{plan.id}/changed"))


@pytest.mark.parametrize("name", ["seats", "hosting"])
def test_an_item_without_such_a_price_is_named_and_nothing_is_offered(
    portal: Open,
    make: Factories,
    customer: Customer,
    month: dict[str, Price],
    year: dict[str, Price],
    configured: Any,
    api: Api,
    name: str,
) -> None:
    plan, configuration = begin(make, customer, month), configured(without=name)
    visit = portal(customer, configuration)
    page = words(visit.get(f"subscriptions/{plan.id}/change?interval=1-year"))
    product = {"seats": "Extra seats", "hosting": "Hosting"}[name]
    assert f"Yearly: not to be had together with {product}." in page
    assert "What you have beside your plan" not in page
    assert year["gold"].id not in visit.get(f"subscriptions/{plan.id}/change?interval=1-year").text
    posted = visit.post(f"subscriptions/{plan.id}/change", price=year["gold"].id, quantity="1")
    assert posted.status_code == 400
    path = confirming(plan, year["gold"])
    assert visit.get(path).status_code == 404
    sent = {"revision": str(rows(make, Subscription, id=plan.id)[0].revision), "date": str(NOON), "due": "0"}
    assert visit.post(path, **sent).status_code == 404
    change = {"subscription": plan.id, "items": [{"id": items(api, plan)[0]["id"], "price": year["gold"].id}]}
    flow = {"type": "subscription_update_confirm", "subscription_update_confirm": change}
    session = {"customer": customer.id, "configuration": configuration.id, "flow_data": flow}
    assert api.error("POST", "billing_portal/sessions", **session)["param"].endswith("[price]")
    assert items_of(api, plan)[month["gold"].id] == 1


def items(api: Api, plan: Subscription) -> list[Any]:
    found: list[Any] = api.get(f"subscriptions/{plan.id}")["items"]["data"]
    return found


def test_a_price_that_is_off_sale_is_no_price(
    portal: Open,
    make: Factories,
    customer: Customer,
    month: dict[str, Price],
    year: dict[str, Price],
    configured: Any,
    api: Api,
) -> None:
    plan = begin(make, customer, month)
    api.post(f"prices/{year['seats'].id}", active=False)
    visit = portal(customer, configured())
    assert "not to be had together with Extra seats." in words(visit.get(f"subscriptions/{plan.id}/change"))


def test_a_flow_moves_all_of_it(
    portal: Open,
    make: Factories,
    customer: Customer,
    month: dict[str, Price],
    year: dict[str, Price],
    configured: Any,
    api: Api,
) -> None:
    plan = begin(make, customer, month)
    change = {"subscription": plan.id, "items": [{"id": items(api, plan)[0]["id"], "price": year["gold"].id}]}
    flow = {"type": "subscription_update_confirm", "subscription_update_confirm": change}
    visit = portal(customer, configured(), flow_data=flow)
    assert confirmed(visit, f"subscriptions/{plan.id}/change/confirm").status_code == 303
    assert items_of(api, plan) == {year["gold"].id: 1, year["seats"].id: 2, year["hosting"].id: 1}


def test_a_shorter_interval_waits_for_the_period_s_end_with_all_of_it(
    portal: Open,
    make: Factories,
    customer: Customer,
    month: dict[str, Price],
    year: dict[str, Price],
    configured: Any,
    api: Api,
) -> None:
    plan = begin(make, customer, year)
    rate = make.tax_rate()
    seats = next(each for each in items(api, plan) if each["price"]["id"] == year["seats"].id)
    half = [{"coupon": make.coupon(percent_off="50").id}]
    api.post(f"subscription_items/{seats['id']}", tax_rates=[rate.id], metadata={"team": "north"}, discounts=half)
    visit = portal(customer, configured(schedule_at_period_end={"conditions": [{"type": "shortening_interval"}]}))
    path = confirming(plan, month["gold"])
    assert "€30.57" in seen(visit, path), "the next bill, with tax on the seats at half their price"
    assert confirmed(visit, path).status_code == 303
    assert items_of(api, plan)[year["gold"].id] == 1
    coming = seen(visit, f"subscriptions/{plan.id}/changed")
    assert "Extra seats: 2 × €3.00 = €6.00 a month" in coming
    again = visit.post(path, token=True, revision="0", date=str(NOON), due="0")
    assert (again.status_code, len(api.get("subscription_schedules")["data"])) == (303, 1)
    with clock.hold_at(BEGAN + 366 * clock.DAY):
        pass_time(make, clock.now())
        assert items_of(api, plan) == {month["gold"].id: 1, month["seats"].id: 2, month["hosting"].id: 1}
        moved = next(each for each in items(api, plan) if each["price"]["id"] == month["seats"].id)
        assert api.get("invoices", subscription=plan.id)["data"][0]["total"] == 3057
    assert ([each["id"] for each in moved["tax_rates"]], moved["metadata"]) == ([rate.id], {"team": "north"})
    assert (moved["id"], len(moved["discounts"])) == (seats["id"], 1)


@pytest.mark.parametrize("waits", [False, True])
def test_an_item_of_quantity_0_moves_along_and_stays(
    portal: Open,
    make: Factories,
    customer: Customer,
    month: dict[str, Price],
    year: dict[str, Price],
    configured: Any,
    api: Api,
    waits: bool,
) -> None:
    """A merchant may keep an item of which there is none now, such as one that is counted later."""
    before, after = (year, month) if waits else (month, year)
    plan = begin(make, customer, before)
    hosting = next(each for each in items(api, plan) if each["price"]["id"] == before["hosting"].id)
    api.post(f"subscription_items/{hosting['id']}", quantity=0)
    conditions = {"schedule_at_period_end": {"conditions": [{"type": "shortening_interval"}]}} if waits else {}
    visit, path = portal(customer, configured(**conditions)), confirming(plan, after["gold"])
    each = "Hosting Now: 0 × €7.00 = €0.00 a month Then: 0 × €70.00 = €0.00 a year"
    assert waits or each in words(visit.get(path))
    fields = hidden(seen(visit, path), "revision", "date", "due", "moved_to")
    assert [answer.location[-8:] for answer in click_twice(make, customer, visit, path, **fields)] == ["/changed"] * 2
    with clock.hold_at(BEGAN + 366 * clock.DAY if waits else NOON):
        pass_time(make, clock.now())
        assert items_of(api, plan) == {after["gold"].id: 1, after["seats"].id: 2, after["hosting"].id: 0}
        moved = next(each for each in items(api, plan) if each["price"]["id"] == after["hosting"].id)
    assert moved["id"] == hosting["id"]


def test_a_price_beside_the_plan_that_the_page_did_not_show_is_not_taken(
    portal: Open,
    make: Factories,
    customer: Customer,
    month: dict[str, Price],
    year: dict[str, Price],
    configured: Any,
    api: Api,
) -> None:
    """Nothing is due at once where a change waits, so that the amount alone would not tell."""
    plan = begin(make, customer, year)
    dearer = make.price(product_of(make, month["seats"]), unit_amount=900)
    configuration = configured(schedule_at_period_end={"conditions": [{"type": "shortening_interval"}]})
    visit, path = portal(customer, configuration), confirming(plan, month["gold"])
    fields = hidden(seen(visit, path), "revision", "date", "due", "moved_to")
    offered = configuration.features["subscription_update"]["products"]
    products = [
        {**{name: each[name] for name in ("product", "prices")}, "adjustable_quantity": {"enabled": False}}
        for each in offered
    ]
    for each in products:
        if each["product"] == dearer.product_id:
            each["prices"] = [dearer.id, year["seats"].id]
    update = {"products": products}
    api.post(f"billing_portal/configurations/{configuration.id}", features={"subscription_update": update})
    answer = visit.post(path, **fields)
    assert answer.status_code == 409
    assert "2 × €9.00 = €18.00 a month" in words(answer)
    assert not api.get("subscription_schedules")["data"]
    fields = hidden(answer.text, "revision", "date", "due", "moved_to")
    assert visit.post(path, **fields).status_code == 303
    (schedule,) = api.get("subscription_schedules")["data"]
    assert dearer.id in [each["price"] for each in schedule["phases"][1]["items"]]


def test_what_was_typed_stays_when_another_interval_is_chosen(
    portal: Open, make: Factories, customer: Customer, month: dict[str, Price], year: dict[str, Price], configured: Any
) -> None:
    plan, visit = begin(make, customer, month), portal(customer, configured())
    typed = {f"add_{month['seats'].id}": "5", "price": month["gold"].id, "quantity": "1", "interval": "1-year"}
    onward = visit.post(f"subscriptions/{plan.id}/change", **typed).location
    page = visit.get(f"subscriptions/{plan.id}/{onward}").text
    field = re.search(rf'<input[^>]*name="add_{year["seats"].id}"[^>]*>', page)
    assert field
    assert 'value="5"' in field[0]


@pytest.mark.parametrize(("seats", "status"), [("1", 400), ("2", 303), ("3", 303)])
def test_fewer_beside_a_longer_interval_are_less(
    portal: Open,
    make: Factories,
    customer: Customer,
    month: dict[str, Price],
    year: dict[str, Price],
    configured: Any,
    seats: str,
    status: int,
) -> None:
    plan = begin(make, customer, month)
    rules = {"allowed_changes": ["increasing_item_amount", "lengthening_interval"]}
    visit = portal(customer, configured(rules=rules))
    typed = {f"add_{year['seats'].id}": seats, "price": year["gold"].id, "quantity": "1"}
    answer = visit.post(f"subscriptions/{plan.id}/change?interval=1-year", **typed)
    assert answer.status_code == status
    assert ("less than you have" in words(answer)) is (status == 400)


def test_two_items_of_a_product_need_two_prices(
    portal: Open, make: Factories, customer: Customer, month: dict[str, Price], year: dict[str, Price], configured: Any
) -> None:
    more = make.price(product_of(make, month["seats"]), unit_amount=250)
    held = [{"price": price.id} for price in (month["gold"], month["seats"], more)]
    plan = make.subscription(customer, items=held, now=BEGAN)
    assert "Yearly: not to be had" in words(portal(customer, configured()).get(f"subscriptions/{plan.id}/change"))


AMOUNTS = st.integers(1, 10**6)
BESIDE = st.lists(
    st.fixed_dictionaries({"month": AMOUNTS, "year": AMOUNTS, "quantity": st.integers(1, 9)}), min_size=1, max_size=3
)


def rounded(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    plan=st.fixed_dictionaries({"month": AMOUNTS, "year": AMOUNTS, "quantity": st.integers(1, 9)}),
    beside=BESIDE,
    second=st.integers(1, 30 * clock.DAY - 1),
    ways=st.sampled_from([("month", "year"), ("year", "month")]),
    proration=st.sampled_from(["always_invoice", "create_prorations", "none"]),
)
def test_what_is_shown_is_charged_and_is_right_to_the_cent(
    portal: Open,
    make: Factories,
    api: Api,
    plan: dict[str, int],
    beside: list[dict[str, int]],
    second: int,
    ways: tuple[str, str],
    proration: str,
) -> None:
    """For any prices and quantities, at any second of the period, in both directions."""
    (before, after), customer = ways, make.customer()
    sold = [plan, *beside]
    prices = [
        {
            name: make.price(product, unit_amount=each[name], recurring={"interval": name}).id
            for name in ("month", "year")
        }
        for each, product in ((each, make.product()) for each in sold)
    ]
    wanted = [{"price": each[before], "quantity": of["quantity"]} for each, of in zip(prices, sold, strict=True)]
    subscription = make.subscription(customer, items=wanted, now=NOON)
    products = [
        {"product": rows(make, Price, id=each["month"])[0].product_id, "prices": list(each.values())} for each in prices
    ]
    update = {"enabled": True, "default_allowed_updates": ["price"], "products": products}
    configuration = make.configuration(subscription_update={**update, "proration_behavior": proration})
    start, end = (
        api.get(f"subscriptions/{subscription.id}")[key] for key in ("current_period_start", "current_period_end")
    )
    with clock.hold_at(NOON + second):
        visit = portal(customer, configuration)
        path = f"subscriptions/{subscription.id}/change/confirm?price={prices[0][after]}&quantity={plan['quantity']}"
        shown = hidden(seen(visit, path), "due")["due"]
        assert confirmed(visit, path).status_code == 303
        bill = api.get("invoices", subscription=subscription.id)["data"][0]
        unused = [
            rounded(Decimal(each[before] * each["quantity"]) * (end - NOON - second) / (end - start)) for each in sold
        ]
        whole = sum(each[after] * each["quantity"] for each in sold)
        assert bill["total"] == whole - (0 if proration == "none" else sum(unused))
        assert shown == str(bill["amount_due"]) == str(max(0, bill["total"]))
        assert items_of(api, subscription) == {
            each[after]: of["quantity"] for each, of in zip(prices, sold, strict=True)
        }
