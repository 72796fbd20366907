"""A customer changes the plan, takes a change back, and is offered to stay, as a browser on the real server does."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from portal import clock
from portal.models import Customer, Subscription, SubscriptionItem
from tests.browser.conftest import Visit, follow
from tests.browser.plans import Plans, offer_of, offered
from tests.live import Shop


@pytest.fixture
def customer(shop: Shop) -> Customer:
    return shop.make.customer()


@pytest.fixture
def plans(shop: Shop) -> Plans:
    return offered(shop.make)


def price_of(shop: Shop, plan: Subscription) -> str:
    with shop.make.database.reading(shop.make.scope) as db:
        item: Any = db.query(SubscriptionItem).filter_by(subscription_id=plan.id).one()
        return str(item.price_id)


def began(plans: Plans, customer: Customer, name: str) -> Subscription:
    return plans.make.subscription(customer, getattr(plans, name), now=clock.now() - 10 * clock.DAY)


def due(page: Page) -> str:
    found = re.search(r"Change now for (€[\d.]+)", page.get_by_role("button", name="Change now").inner_text())
    assert found
    return found[1]


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_an_upgrade_costs_what_the_page_said(
    visit: Visit, shop: Shop, customer: Customer, plans: Plans, scripts: bool
) -> None:
    plan = began(plans, customer, "silver")
    page = visit(customer, configuration=plans.configuration, java_script_enabled=scripts)
    page.get_by_role("link", name="Change plan Silver plan").click()
    page.get_by_label("Gold plan").check()
    page.get_by_role("button", name="See what it costs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Change to Gold plan?")
    amount = due(page)
    page.get_by_role("button", name="Change now").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You have Gold plan")
    expect(page.get_by_text(f"There is an invoice of {amount} to pay.")).to_be_visible()
    assert price_of(shop, plan) == plans.gold.id
    page.get_by_role("link", name="See the invoice").click()
    expect(page.get_by_text(f"{amount} to pay by")).to_be_visible()


def test_a_year_instead_of_a_month(visit: Visit, shop: Shop, customer: Customer, plans: Plans) -> None:
    plan = began(plans, customer, "gold")
    page = visit(customer, configuration=plans.configuration)
    page.get_by_role("link", name="Change plan").click()
    page.get_by_label("Quantity").fill("2")
    follow(page.get_by_role("button", name="Yearly"))
    expect(page.get_by_label("Gold plan")).to_be_checked()
    expect(page.get_by_label("Quantity")).to_have_value("2")
    # the Enter key goes on, not to another group of plans
    page.get_by_label("Quantity").fill("1")
    page.get_by_label("Quantity").press("Enter")
    page.get_by_role("link", name="Another plan").click()
    follow(page.get_by_role("button", name="Yearly"))
    page.get_by_role("button", name="See what it costs").click()
    expect(page.get_by_text("€200.00 a year")).to_be_visible()
    follow(page.get_by_role("button", name="Change now"))
    assert price_of(shop, plan) == plans.gold_a_year.id


def test_a_downgrade_waits_and_is_taken_back(visit: Visit, shop: Shop, customer: Customer, plans: Plans) -> None:
    plan = began(plans, customer, "gold")
    page = visit(customer, configuration=plans.configuration)
    page.get_by_role("link", name="Change plan").click()
    page.get_by_label("Silver plan").check()
    page.get_by_role("button", name="See what it costs").click()
    expect(page.get_by_text("Nothing", exact=True)).to_be_visible()
    page.get_by_role("button", name="Change on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your plan will change to Silver plan")
    page.get_by_role("link", name="Go to your billing").click()
    expect(page.get_by_text("to Silver plan for €10.00 a month")).to_be_visible()
    page.get_by_role("button", name="Keep Gold plan").click()
    expect(page.get_by_role("status")).to_contain_text("You keep")
    expect(page.get_by_text("to Silver plan")).to_have_count(0)
    assert price_of(shop, plan) == plans.gold.id


def test_a_code_that_is_unknown_and_one_that_is_good(
    visit: Visit, shop: Shop, customer: Customer, plans: Plans
) -> None:
    shop.make.promotion_code(code="RIDE10")
    began(plans, customer, "silver")
    page = visit(customer, configuration=plans.configuration)
    page.get_by_role("link", name="Change plan").click()
    page.get_by_label("Gold plan").check()
    page.get_by_label("Promotion code").fill("RIDE11")
    page.get_by_role("button", name="See what it costs").click()
    page.get_by_role("alert").get_by_role("link", name="This code can't be used here").click()
    expect(page.get_by_label("Promotion code")).to_be_focused()
    expect(page.get_by_label("Gold plan")).to_be_checked()
    page.get_by_label("Promotion code").fill("ride10")
    page.get_by_role("button", name="See what it costs").click()
    expect(page.get_by_text("Discount").first).to_be_visible()


@pytest.mark.parametrize("answer", ["Keep my plan with the discount", "No, go on to cancel"])
def test_an_offer_is_taken_or_left(visit: Visit, shop: Shop, customer: Customer, answer: str) -> None:
    plan, coupon = shop.make.subscription(customer), shop.make.coupon()
    flow = {"subscription": plan.id, "retention": offer_of(coupon)}
    page = visit(customer, sent={"flow_data": {"type": "subscription_cancel", "subscription_cancel": flow}})
    expect(page.get_by_role("heading", level=1)).to_have_text("Stay for 10% less?")
    page.get_by_role("button", name=answer).click()
    if answer.startswith("Keep"):
        expect(page.get_by_role("status")).to_have_text("The discount is yours. Your plan goes on.")
    else:
        page.get_by_role("button", name="Cancel Gold plan on").click()
        expect(page.get_by_role("status")).to_contain_text("is canceled")
