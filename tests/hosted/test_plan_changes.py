"""Changing a plan: what can be chosen, what it costs before and after, and at the period's end instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from threading import Barrier
from typing import Any

import pytest

from portal import clock
from portal.billing.invoices import payments
from portal.billing.invoices.params import PayInvoice
from portal.billing.lifecycle import steps
from portal.billing.schedules import schedules
from portal.billing.schedules.params import CreateSchedule
from portal.billing.subscriptions import updates
from portal.billing.subscriptions.params import UpdateSubscription
from portal.models import (
    Customer,
    Invoice,
    InvoiceItem,
    Price,
    Product,
    Subscription,
    SubscriptionItem,
    SubscriptionSchedule,
)
from tests.clients import Api, Portal
from tests.conftest import NOON
from tests.factories import Factories

Open = Callable[..., Portal]
pytestmark = pytest.mark.usefixtures("held_clock")
BEGAN = NOON - 10 * clock.DAY


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer()


@pytest.fixture
def silver(make: Factories) -> Product:
    return make.product(name="Silver plan", description="For one")


@pytest.fixture
def prices(make: Factories, silver: Product) -> dict[str, Price]:
    gold = make.product(description="For teams")
    yearly = {"recurring": {"interval": "year"}}
    return {
        "silver": make.price(silver, unit_amount=1000),
        "gold": make.price(gold, unit_amount=2000),
        "gold a year": make.price(gold, unit_amount=20000, **yearly),
    }


@pytest.fixture
def plan(make: Factories, customer: Customer, prices: dict[str, Price]) -> Subscription:
    """Silver, ten days into its month."""
    return make.subscription(customer, prices["silver"], now=BEGAN)


@pytest.fixture
def visit(portal: Open, make: Factories, customer: Customer, prices: dict[str, Price]) -> Callable[..., Portal]:
    """`visit(**feature)` opens the portal for the customer, with these settings of the feature."""

    def opened(*, flow_data: Any = None, also: dict[str, Any] | None = None, **feature: Any) -> Portal:
        configuration = make.configuration(subscription_update=updating(prices, **feature), **(also or {}))
        return portal(customer, configuration, **({"flow_data": flow_data} if flow_data else {}))

    return opened


def updating(prices: dict[str, Price], **feature: Any) -> dict[str, Any]:
    products: dict[str, list[str]] = {}
    for price in prices.values():
        products.setdefault(price.product_id, []).append(price.id)
    return {
        "enabled": True,
        "default_allowed_updates": ["price", "quantity", "promotion_code"],
        "products": [{"product": id, "prices": ids} for id, ids in products.items()],
        "proration_behavior": "always_invoice",
        **feature,
    }


DOWNGRADES = {"schedule_at_period_end": {"conditions": [{"type": "decreasing_item_amount"}]}}


def hidden(page: str, *names: str) -> dict[str, str]:
    found = {name: re.search(rf'name="{name}"[^>]*value="([^"]*)"', page) for name in names}
    return {name: match[1] for name, match in found.items() if match}


def confirming(plan: Subscription, price: Price, quantity: int = 1, code: str = "") -> str:
    query = f"price={price.id}&quantity={quantity}" + (f"&code={code}" if code else "")
    return f"subscriptions/{plan.id}/change/confirm?{query}"


def seen(visit: Portal, path: str) -> str:
    answer = visit.get(path)
    assert answer.status_code == 200, (answer.status, answer.headers.get("Location"))
    return re.sub(r"</?bdi[^>]*>|</?span[^>]*>|</?strong>", "", answer.get_data(as_text=True))


def confirmed(visit: Portal, path: str, **instead: str) -> Any:
    page = seen(visit, path)
    fields = {**hidden(page, "revision", "date", "due", "csrf_token"), **instead}
    return visit.post(path, token=False, **fields)


def now_of(make: Factories, plan: Subscription) -> tuple[Subscription, SubscriptionItem]:
    with make.database.reading(make.scope) as db:
        found: Any = db.get(Subscription, (plan.tenant_id, plan.id))
        return found, db.query(SubscriptionItem).filter_by(subscription_id=plan.id).one()


def rows(make: Factories, model: Any, **which: Any) -> list[Any]:
    with make.database.reading(make.scope) as db:
        return list(db.query(model).filter_by(**which))


def test_the_home_page_leads_to_the_choice(visit: Any, plan: Subscription) -> None:
    opened = visit()
    assert f'href="subscriptions/{plan.id}/change"' in seen(opened, "")
    page = seen(opened, f"subscriptions/{plan.id}/change")
    assert page.index("Silver plan") < page.index("Gold plan")
    assert "For teams" in page
    assert page.count("Your plan") == 1


def test_plans_of_another_interval_show_on_their_own(visit: Any, plan: Subscription, prices: dict[str, Price]) -> None:
    opened = visit()
    monthly = seen(opened, f"subscriptions/{plan.id}/change")
    assert prices["gold a year"].id not in monthly
    assert 'href="?interval=1-year"' in monthly
    yearly = seen(opened, f"subscriptions/{plan.id}/change?interval=1-year")
    assert "€200.00 a year" in yearly
    assert prices["silver"].id not in yearly


def test_a_choice_leads_to_what_it_costs(visit: Any, plan: Subscription, prices: dict[str, Price]) -> None:
    path = f"subscriptions/{plan.id}/change"
    answer = visit().post(path, price=prices["gold"].id, quantity="٣")
    assert answer.status_code == 303
    assert answer.location.endswith(f"/change/confirm?price={prices['gold'].id}&quantity=3")


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"price": "price_unknown"},
        {"quantity": "0"},
        {"quantity": "x"},
        {"quantity": "1e3"},
        {"code": "NOPE"},
        {"code": "\0"},
    ],
)
def test_what_can_not_be_chosen(
    visit: Any, plan: Subscription, prices: dict[str, Price], fields: dict[str, str]
) -> None:
    sent = {"price": prices["gold"].id if fields else prices["silver"].id, "quantity": "1", **fields}
    answer = visit().post(f"subscriptions/{plan.id}/change", **sent)
    assert answer.status_code == 400
    assert "There is a problem" in answer.get_data(as_text=True)


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


def test_a_downgrade_waits_for_the_end_of_the_period(
    visit: Any, make: Factories, customer: Customer, prices: dict[str, Price]
) -> None:
    gold = make.subscription(customer, prices["gold"], now=BEGAN)
    opened, path = visit(**DOWNGRADES), confirming(gold, prices["silver"])
    page = seen(opened, path)
    assert "Change on December 11, 2026" in page
    assert "€10.00 on December 11, 2026" in page
    confirmed(opened, path)
    subscription, item = now_of(make, gold)
    assert item.price_id == prices["gold"].id
    (schedule,) = rows(make, SubscriptionSchedule, id=subscription.schedule_id)
    assert schedule.metadata_ == {"portal_session": opened.session_id}
    assert "Your plan will change to Silver plan" in seen(opened, f"subscriptions/{gold.id}/changed")
    assert "Changes on December 11, 2026 to Silver plan for €10.00 a month." in seen(opened, "")


def test_the_downgrade_comes_and_the_plan_can_be_changed_again(
    visit: Any, make: Factories, customer: Customer, prices: dict[str, Price]
) -> None:
    gold = make.subscription(customer, prices["gold"], now=BEGAN)
    confirmed(visit(**DOWNGRADES), confirming(gold, prices["silver"]))
    end = gold.current_period_end
    with clock.hold_at(end + clock.DAY):
        for _ in range(9):
            with make.database.writing(make.scope) as db:
                steps.take_step(db, customer.id, until=end + clock.DAY)
        subscription, item = now_of(make, gold)
        assert item.price_id == prices["silver"].id
        (invoice,) = rows(make, Invoice, id=subscription.latest_invoice_id)
        assert invoice.total == 1000
        opened = visit(**DOWNGRADES)
        confirmed(opened, confirming(gold, prices["gold"]))
    subscription, item = now_of(make, gold)
    assert (item.price_id, subscription.schedule_id) == (prices["gold"].id, None)


def test_a_coming_change_is_taken_back(
    visit: Any, make: Factories, customer: Customer, prices: dict[str, Price]
) -> None:
    gold = make.subscription(customer, prices["gold"], now=BEGAN)
    opened = visit(**DOWNGRADES)
    confirmed(opened, confirming(gold, prices["silver"]))
    for _ in range(2):
        assert opened.post(f"subscriptions/{gold.id}/keep").status_code == 303
    subscription, item = now_of(make, gold)
    assert (item.price_id, subscription.schedule_id) == (prices["gold"].id, None)
    assert "You keep Gold plan." in seen(opened, "").replace("\u2068", "").replace("\u2069", "")


def test_a_plan_that_is_canceled_does_not_change_before(
    visit: Any, make: Factories, customer: Customer, prices: dict[str, Price]
) -> None:
    gold = make.subscription(customer, prices["gold"], now=BEGAN)
    opened = visit(**DOWNGRADES)
    confirmed(opened, confirming(gold, prices["silver"]))
    page = seen(opened, f"subscriptions/{gold.id}/cancel")
    opened.post(f"subscriptions/{gold.id}/cancel", **hidden(page, "revision"))
    subscription, _ = now_of(make, gold)
    assert (subscription.schedule_id, subscription.cancel_at) == (None, gold.current_period_end)


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


@pytest.fixture
def collected(make: Factories, customer: Customer, prices: dict[str, Price]) -> Subscription:
    """Silver, paid and collected automatically, ten days into its month."""
    kind = {"collection_method": "charge_automatically", "days_until_due": None}
    made = make.subscription(customer, prices["silver"], now=BEGAN, **kind)
    pay(make, made, now=BEGAN)
    return now_of(make, made)[0]


def pay(make: Factories, plan: Subscription, *, now: int = NOON) -> None:
    (invoice,) = rows(make, Invoice, id=now_of(make, plan)[0].latest_invoice_id)
    make.run(payments.pay, PayInvoice, invoice, now=now, paid_out_of_band=True)


def test_what_is_collected_changes_once_it_is_paid(
    visit: Any, make: Factories, collected: Subscription, prices: dict[str, Price]
) -> None:
    opened, path = visit(), confirming(collected, prices["gold"])
    page = seen(opened, path)
    assert "Your plan changes as soon as the bill is paid." in page
    assert "Change for €6.66" in page
    assert "€20.00 on December 11, 2026" in page
    confirmed(opened, path)
    subscription, item = now_of(make, collected)
    assert (subscription.status, item.price_id) == ("active", prices["silver"].id)
    page = seen(opened, f"subscriptions/{collected.id}/changed")
    assert "Your plan will change to Gold plan" in page
    assert "There is an invoice of €6.66 to pay." in page
    assert "Changes to Gold plan for €20.00 a month as soon as the bill for it is paid." in seen(opened, "")
    pay(make, collected)
    subscription, item = now_of(make, collected)
    assert (subscription.status, item.price_id) == ("active", prices["gold"].id)


def test_a_change_that_waits_for_its_payment_is_made_once(
    visit: Any, make: Factories, collected: Subscription, prices: dict[str, Price]
) -> None:
    opened, path = visit(), confirming(collected, prices["gold"])
    fields = hidden(seen(opened, path), "revision", "date", "due", "csrf_token")
    for _ in range(2):
        assert opened.post(path, token=False, **fields).status_code == 303
    assert "Nothing was done twice." in seen(opened, f"subscriptions/{collected.id}/changed")
    assert len(rows(make, Invoice, status="open")) == 1


def test_a_change_that_waits_for_its_payment_is_taken_back(
    visit: Any, make: Factories, collected: Subscription, prices: dict[str, Price]
) -> None:
    opened = visit()
    confirmed(opened, confirming(collected, prices["gold"]))
    opened.post(f"subscriptions/{collected.id}/keep")
    subscription, item = now_of(make, collected)
    assert (subscription.pending_update, item.price_id) == (None, prices["silver"].id)
    assert [invoice.status for invoice in rows(make, Invoice, subscription_id=collected.id)].count("void") == 1


def test_a_change_with_a_code_is_made_at_once(
    visit: Any, make: Factories, collected: Subscription, prices: dict[str, Price]
) -> None:
    make.promotion_code(code="RIDE")
    confirmed(visit(), confirming(collected, prices["gold"], code="RIDE"))
    assert now_of(make, collected)[1].price_id == prices["gold"].id


def test_less_than_what_is_paid_waits_for_nothing(
    visit: Any, make: Factories, collected: Subscription, prices: dict[str, Price], customer: Customer
) -> None:
    confirmed(visit(), confirming(collected, prices["gold"]))
    pay(make, collected)
    confirmed(visit(), confirming(collected, prices["silver"]))
    assert now_of(make, collected)[1].price_id == prices["silver"].id
    assert rows(make, Customer, id=customer.id)[0].balance == -666


REFUSED = ["change", "change/confirm?price={gold}&quantity=1", "changed"]


@pytest.mark.parametrize("path", REFUSED)
@pytest.mark.parametrize("feature", [{"enabled": False}, {"default_allowed_updates": []}])
def test_without_the_feature_there_is_no_such_page(
    visit: Any, plan: Subscription, prices: dict[str, Price], make: Factories, path: str, feature: dict[str, Any]
) -> None:
    opened = visit(**feature)
    found = f"subscriptions/{plan.id}/{path.format(gold=prices['gold'].id)}"
    assert opened.get(found).status_code == 404
    if "confirm" in path:
        sent = {"revision": str(plan.revision), "date": str(NOON), "due": "666"}
        assert opened.post(found, **sent).status_code == 404
    assert opened.post(f"subscriptions/{plan.id}/keep").status_code == 404
    assert "Change plan" not in seen(opened, "")
    assert now_of(make, plan)[1].price_id == prices["silver"].id


@pytest.mark.parametrize(
    ("allowed", "quantity", "code"),
    [(["quantity"], 1, ""), (["price"], 2, ""), (["price", "quantity"], 1, "RIDE")],
)
def test_what_is_not_allowed_can_not_be_confirmed(
    visit: Any, plan: Subscription, prices: dict[str, Price], make: Factories, allowed: Any, quantity: int, code: str
) -> None:
    make.promotion_code(code="RIDE")
    opened, path = visit(default_allowed_updates=allowed), confirming(plan, prices["gold"], quantity, code)
    assert opened.get(path).status_code in {303, 404}
    opened.post(path, revision=str(plan.revision), date=str(NOON), due="666")
    subscription, item = now_of(make, plan)
    assert (item.price_id, item.quantity, subscription.discounts) == (prices["silver"].id, 1, [])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("change/confirm?price={gold}&quantity=1&code=%00", 303),
        ("change/confirm?price=%00&quantity=1", 404),
        ("change/confirm?price={gold}&quantity=%00", 303),
        ("change/confirm?price={gold}&quantity=9999999", 303),
        ("change/confirm", 303),
        ("change?interval=%00", 200),
    ],
)
def test_an_address_that_was_tampered_with(
    visit: Any, plan: Subscription, prices: dict[str, Price], path: str, status: int
) -> None:
    found = f"subscriptions/{plan.id}/{path.format(gold=prices['gold'].id)}"
    assert visit().get(found).status_code == status


def test_a_price_that_is_not_listed_can_not_be_had(
    visit: Any, plan: Subscription, make: Factories, prices: dict[str, Price]
) -> None:
    opened, path = visit(), confirming(plan, make.price(unit_amount=1))
    assert opened.get(path).status_code == 404
    assert opened.post(path, revision=str(plan.revision), date=str(NOON), due="0").status_code == 404
    assert now_of(make, plan)[1].price_id == prices["silver"].id


def test_limits_of_a_quantity_hold(
    visit: Any, plan: Subscription, prices: dict[str, Price], silver: Product, make: Factories
) -> None:
    limits = {"enabled": True, "minimum": 2, "maximum": 5}
    products = [{"product": silver.id, "prices": [prices["silver"].id], "adjustable_quantity": limits}]
    opened = visit(products=products, default_allowed_updates=["price"])
    assert "Enter a whole number from 2 to 5." in seen(opened, f"subscriptions/{plan.id}/change")
    for quantity, status in ((1, 303), (6, 404), (5, 200)):
        assert opened.get(confirming(plan, prices["silver"], quantity)).status_code == status


def test_a_schedule_of_the_merchants_is_left_alone(
    visit: Any, plan: Subscription, make: Factories, prices: dict[str, Price]
) -> None:
    make.run(schedules.create, CreateSchedule, from_subscription=plan.id)
    opened = visit()
    assert opened.get(f"subscriptions/{plan.id}/change").status_code == 404
    assert "Change plan" not in seen(opened, "")
    assert opened.post(f"subscriptions/{plan.id}/keep").status_code == 303
    assert now_of(make, plan)[0].schedule_id is not None


@pytest.mark.parametrize("path", REFUSED)
def test_another_customers_plan_does_not_exist(
    visit: Any, make: Factories, prices: dict[str, Price], path: str
) -> None:
    other = make.subscription(make.customer(), prices["silver"])
    found = f"subscriptions/{other.id}/{path.format(gold=prices['gold'].id)}"
    assert visit().get(found).status_code == 404


def test_a_plan_that_ends_is_not_changed(visit: Any, plan: Subscription, make: Factories) -> None:
    make.run(updates.update_subscription, UpdateSubscription, plan, cancel_at_period_end=True)
    assert visit().get(f"subscriptions/{plan.id}/change").status_code == 404


def test_where_records_are_kept_elsewhere_nothing_is_changed_here(
    api: Api, visit: Any, plan: Subscription, make: Factories
) -> None:
    opened = visit()
    api.post("account", settings={"billing": {"mode": "mirror"}})
    assert opened.get(f"subscriptions/{plan.id}/change").status_code == 404
    assert "Change plan" not in seen(opened, "")
    flow = {"type": "subscription_update", "subscription_update": {"subscription": plan.id}}
    configuration = make.configuration(subscription_update={"enabled": True, "default_allowed_updates": ["price"]})
    sent = {"customer": plan.customer_id, "configuration": configuration.id, "flow_data": flow}
    assert api.error("POST", "billing_portal/sessions", **sent)["param"] == "flow_data[type]"


def test_another_quantity_is_kept_as_it_is(
    visit: Any, make: Factories, customer: Customer, prices: dict[str, Price]
) -> None:
    many = make.subscription(customer, items=[{"price": prices["gold"].id, "quantity": 3}], now=BEGAN)
    opened = visit(**DOWNGRADES)
    confirmed(opened, confirming(many, prices["gold"], 2))
    page = seen(opened, f"subscriptions/{many.id}/changed")
    assert "<h1>Your plan will change</h1>" in page
    assert "Gold plan × 2" in page
    assert "Keep it as it is" in seen(opened, "")


@pytest.mark.parametrize(("name", "due"), [("gold", "€20.00"), ("gold a year", "€200.00")])
def test_a_trial_that_is_collected_ends_once_that_is_paid(
    visit: Any, make: Factories, customer: Customer, prices: dict[str, Price], name: str, due: str
) -> None:
    kind = {"collection_method": "charge_automatically", "days_until_due": None, "trial_period_days": 7}
    trial = make.subscription(customer, prices["silver"], **kind)
    opened, path = visit(), confirming(trial, prices[name])
    page = seen(opened, path)
    assert f"Change for {due}" in page
    assert f"{due} on November 21, 2027" in page or f"{due} on December 21, 2026" in page
    confirmed(opened, path)
    assert now_of(make, trial)[0].status == "trialing"
    pay(make, trial)
    subscription, item = now_of(make, trial)
    assert (subscription.status, item.price_id) == ("active", prices[name].id)
