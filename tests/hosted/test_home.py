"""The start page: what a customer has, what it costs and what can be done about it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from portal import clock
from portal.billing.invoices import payments
from portal.billing.invoices.params import PayInvoice
from portal.billing.ledger import balances
from portal.billing.schedules import schedules
from portal.billing.schedules.params import CreateSchedule
from portal.billing.subscriptions import cancellations, items, updates
from portal.billing.subscriptions.params import CancelSubscription, UpdateSubscription
from portal.db import find_row
from portal.models import Customer, Invoice, Subscription
from tests.clients import Api, Portal
from tests.conftest import NOON
from tests.factories import Factories

Open = Callable[..., Portal]
pytestmark = pytest.mark.usefixtures("held_clock")
BY_INVOICE: dict[str, Any] = {"collection_method": "send_invoice", "days_until_due": 14}
CANCELLATION_OFF = {"subscription_cancel": {"enabled": False}}


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer()


@pytest.fixture
def home(portal: Open, make: Factories, customer: Customer) -> Callable[..., str]:
    """`home(**features)` is the start page of a fresh visit."""

    def shown(**features: Any) -> str:
        answer = portal(customer, make.configuration(**features)).get()
        assert answer.status_code == 200
        return answer.get_data(as_text=True)

    return shown


def test_a_plan_says_what_it_costs_and_when_it_renews(make: Factories, customer: Customer, home: Any) -> None:
    subscription = make.subscription(customer)
    html = home()
    assert "Gold plan" in html
    assert "€20.00 a month" in html
    assert "Renews on December 21, 2026." in html
    assert f'href="subscriptions/{subscription.id}/cancel"' in html


def test_quantities_add_up(make: Factories, customer: Customer, home: Any) -> None:
    price = make.price(recurring={"interval": "month", "interval_count": 3})
    make.subscription(customer, items=[{"price": price.id, "quantity": 4}])
    html = home()
    assert "€80.00 every 3 months" in html
    assert "<bdi>4</bdi> × <bdi>€20.00</bdi> =" in html


def test_a_plan_that_ends_can_be_kept(make: Factories, customer: Customer, home: Any) -> None:
    subscription = make.subscription(customer, cancel_at_period_end=True)
    html = home()
    assert "Your plan stays until December 21, 2026." in html
    assert f'action="subscriptions/{subscription.id}/resume"' in html
    assert "Cancel plan" not in html


def test_a_switched_off_cancellation_shows_no_button(make: Factories, customer: Customer, home: Any) -> None:
    make.subscription(customer)
    make.subscription(customer, cancel_at_period_end=True)
    html = home(**CANCELLATION_OFF)
    assert "Cancel plan" not in html
    assert "Keep my plan" not in html


def test_a_trial_says_when_it_ends(make: Factories, customer: Customer, home: Any) -> None:
    make.subscription(customer, trial_period_days=10)
    assert "Free until December 1, 2026, billed from then on." in home()


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("past_due", "An invoice is past due."),
        ("unpaid", "An invoice is past due."),
        ("incomplete", "Starts when the first invoice is paid."),
        ("paused", "Paused."),
    ],
)
def test_every_state_has_words(make: Factories, customer: Customer, home: Any, status: str, words: str) -> None:
    subscription = make.subscription(customer)
    with make.database.writing(make.scope) as db:
        db.get_one(Subscription, (subscription.tenant_id, subscription.id)).status = status
    assert words in home()


def test_an_ended_plan_shows_for_a_while(make: Factories, customer: Customer, home: Any) -> None:
    subscription = make.subscription(customer, now=NOON - 100 * clock.DAY)
    make.run(cancellations.cancel, CancelSubscription, subscription, now=NOON - 80 * clock.DAY)
    html = home()
    assert "Ended on September 2, 2026." in html
    assert "Cancel plan" not in html


def test_a_plan_that_ended_long_ago_is_gone(make: Factories, customer: Customer, home: Any) -> None:
    subscription = make.subscription(customer, now=NOON - 200 * clock.DAY)
    make.run(cancellations.cancel, CancelSubscription, subscription, now=NOON - 91 * clock.DAY)
    assert "No plan at the moment" in home()


def test_the_newest_invoices_show(make: Factories, customer: Customer, home: Any) -> None:
    made = [make.invoice(customer, now=NOON - days * clock.DAY) for days in range(5, 0, -1)]
    html = home()
    assert made[0].number not in html
    assert [html.index(invoice.number or "") for invoice in made[:0:-1]] == sorted(
        html.index(invoice.number or "") for invoice in made[1:]
    )


def test_what_is_to_pay_counts_whatever_its_age(make: Factories, customer: Customer, home: Any) -> None:
    old = make.invoice(customer, 99900, now=NOON - 60 * clock.DAY, **BY_INVOICE)
    for days in range(5, 0, -1):
        make.paid_invoice(customer, now=NOON - days * clock.DAY)
    html = home()
    assert old.number not in html
    assert "<bdi>€999.00</bdi> to pay" in html
    assert "It was due on October 6, 2026." in html
    assert "notice-attention" in html
    assert f'href="invoices/{old.id}">See and pay the invoice</a>' in html


def test_what_is_to_pay_is_summed_up(make: Factories, customer: Customer, home: Any) -> None:
    for days in (1, 3):
        make.invoice(customer, 1000, now=NOON - days * clock.DAY, **BY_INVOICE)
    html = home()
    assert "<bdi>€20.00</bdi> to pay" in html
    assert "2 invoices are open. The first is due on December 2, 2026." in html
    assert 'href="invoices?status=open">See and pay the invoices</a>' in html


def test_nothing_to_pay_says_nothing_of_it(make: Factories, customer: Customer, home: Any) -> None:
    make.paid_invoice(customer)
    assert "to pay</p>" not in home()


def test_a_switched_off_history_shows_no_invoices(make: Factories, customer: Customer, home: Any) -> None:
    number = make.invoice(customer).number
    html = home(invoice_history={"enabled": False})
    assert number not in html
    assert 'href="invoices"' not in html


def test_credit_shows(make: Factories, customer: Customer, home: Any) -> None:
    make.run(balances.create, balances.CreateTransaction, customer, amount=-1250, currency="eur")
    assert "€12.50</bdi> of credit" in home()


def test_a_debt_shows(make: Factories, customer: Customer, home: Any) -> None:
    make.run(balances.create, balances.CreateTransaction, customer, amount=700, currency="eur")
    assert "€7.00</bdi> from earlier will be added" in home()


def test_billing_information_is_summed_up(home: Any) -> None:
    html = home()
    assert "Lindenstraße 3" in html
    assert "Germany" in html
    assert 'href="details"' in html


def test_details_that_cannot_be_edited_have_no_link(home: Any) -> None:
    html = home(customer_update={"enabled": False, "allowed_updates": []})
    assert "Lindenstraße 3" in html
    assert 'href="details"' not in html


def test_a_new_customer_sees_friendly_emptiness(portal: Open, make: Factories) -> None:
    nobody = make.customer(name=None, email=None, address=None)
    html = portal(nobody, make.configuration()).get().get_data(as_text=True)
    assert "No plan at the moment" in html
    assert "No invoices yet" in html
    assert "No billing information yet" in html


def test_nothing_of_another_customer_shows(make: Factories, home: Any) -> None:
    other = make.customer(name="Other", email="other@example.com")
    make.subscription(other)
    number = make.invoice(other).number
    html = home()
    assert "Gold plan" not in html
    assert number not in html


def test_a_flow_goes_straight_to_its_task(portal: Open, make: Factories, customer: Customer) -> None:
    subscription = make.subscription(customer)
    flow = {"type": "subscription_cancel", "subscription_cancel": {"subscription": subscription.id}}
    answer = portal(customer, make.configuration(), flow_data=flow).get()
    assert answer.location.endswith(f"/subscriptions/{subscription.id}/cancel")


def test_the_page_asks_the_database_a_fixed_number_of_times(
    portal: Open, make: Factories, customer: Customer, count_queries: Any
) -> None:
    for _ in range(3):
        make.subscription(customer)
        make.invoice(customer)
    visit = portal(customer, make.configuration())
    visit.get()
    with count_queries() as statements:
        visit.get()
    assert len(statements) <= 11


# --- what comes next ---------------------------------------------------------------------


def test_a_plan_says_what_is_billed_next(make: Factories, customer: Customer, home: Any) -> None:
    half = make.coupon(percent_off="50", duration="forever")
    rate = make.tax_rate(percentage="20")
    discounted = {"discounts": [{"coupon": half.id}], "default_tax_rates": [rate.id]}
    make.subscription(customer, **discounted)
    html = home()
    assert 'Next bill: <bdi class="strong">€12.00</bdi>' in html
    assert "€10.00 discount taken off" in html
    assert "€2.00 tax included" in html


def test_the_next_bill_follows_what_changes(make: Factories, customer: Customer, home: Any) -> None:
    subscription = make.subscription(customer)
    assert 'Next bill: <bdi class="strong">€20.00</bdi>' in home()
    make.item(customer, 500)
    assert 'Next bill: <bdi class="strong">€25.00</bdi>' in home()
    make.run(updates.update_subscription, UpdateSubscription, subscription, cancel_at_period_end=True)
    assert "Next bill" not in home()


def test_what_waits_for_the_next_invoice_is_on_one_bill(make: Factories, customer: Customer, home: Any) -> None:
    for _ in range(2):
        make.subscription(customer)
    make.item(customer, 500)
    assert sorted(re.findall(r"Next bill: <bdi[^>]*>(.*?)</bdi>", home())) == ["€20.00", "€25.00"]


def test_a_quantity_that_was_bought_is_named_and_can_be_paid(make: Factories, customer: Customer, home: Any) -> None:
    charged = {"collection_method": "charge_automatically", "days_until_due": None}
    subscription = make.subscription(customer, **charged)
    with make.database.reading(make.scope) as db:
        first = find_row(db, Invoice, subscription.latest_invoice_id or "", noun="invoice")
    make.run(payments.pay, PayInvoice, first, paid_out_of_band=True)
    with make.database.reading(make.scope) as db:
        item = items.list_items(db, subscription.id)[0].item.id
    held = {"payment_behavior": "pending_if_incomplete", "proration_behavior": "always_invoice"}
    asked = {"items": [{"id": item, "quantity": 3}], **held}
    changed = make.run(updates.update_subscription, UpdateSubscription, subscription, **asked)
    for features in ({}, {"subscription_update": {"enabled": False}}):
        html = home(**features)
        assert "Changes to <bdi>Gold plan</bdi> × <bdi>3</bdi> for <bdi>€60.00 a month</bdi>" in html
        assert f'class="button" href="invoices/{changed.pending_update["invoice"]}"' in html


def test_a_trial_says_its_first_bill(make: Factories, customer: Customer, home: Any) -> None:
    make.subscription(customer, trial_period_days=10)
    assert 'Next bill: <bdi class="strong">€20.00</bdi> on December 1, 2026' in home()


def test_who_is_billed_elsewhere_is_told_no_bill(make: Factories, customer: Customer, home: Any, api: Api) -> None:
    make.subscription(customer)
    api.post("account", settings={"billing": {"mode": "mirror"}})
    html = home()
    assert ("Gold plan" in html, "Next bill" in html) == (True, False)


def test_why_a_plan_can_not_be_changed_is_said(make: Factories, customer: Customer, home: Any) -> None:
    product = make.product()
    prices = [make.price(product, unit_amount=2000 + number, nickname=f"Team {number}") for number in range(3)]
    several = make.subscription(customer, items=[{"price": each.id} for each in prices[:2]])
    make.run(schedules.create, CreateSchedule, from_subscription=several.id)
    features = {
        "subscription_update": {
            "enabled": True,
            "default_allowed_updates": ["price"],
            "products": [{"product": product.id, "prices": [each.id for each in prices]}],
        }
    }
    html = home(**features)
    assert f"subscriptions/{several.id}/change" not in html
    assert "To change this plan, please contact Rocket Rides." in html
    # the parts of one name are told apart
    assert all(f'<span class="hint"><bdi>Team {number}</bdi></span>' in html for number in range(2))
    assert "please contact" not in home()


def test_plans_of_the_same_name_are_told_apart(make: Factories, customer: Customer, home: Any) -> None:
    make.subscription(customer, now=NOON - 40 * clock.DAY)
    assert "since" not in home()
    make.subscription(customer, now=NOON - 10 * clock.DAY)
    html = home()
    assert "since October 12, 2026" in html
    assert "since November 11, 2026" in html
