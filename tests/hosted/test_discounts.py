"""Discounts and shipping as the customer sees them: on the plan, on the invoice and in its file."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from pypdf import PdfReader

from portal.billing.customers import customers
from portal.billing.customers.params import UpdateCustomer
from portal.billing.subscriptions import cancellations
from portal.billing.subscriptions.params import CancelSubscription
from portal.models import Customer, Invoice
from tests.clients import Portal
from tests.factories import Factories

Open = Callable[..., Portal]
pytestmark = pytest.mark.usefixtures("held_clock")


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer()


@pytest.fixture
def shown(portal: Open, make: Factories, customer: Customer) -> Callable[[str], str]:
    """The words of a page of the customer's."""
    visit = portal(customer, make.configuration())

    def words(path: str = "") -> str:
        html = visit.get(path).get_data(as_text=True)
        return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html)))

    return words


@pytest.fixture
def reduced(make: Factories, customer: Customer) -> Invoice:
    """10.00 with a tenth off the whole, sent by ground for 5.00."""
    cost = {"shipping_rate": make.shipping_rate().id}
    details = {"name": "Ann Example", "address": {"city": "Bremen", "country": "DE"}}
    discounts = [{"coupon": make.coupon(name="Summer sale").id}]
    return make.invoice(customer, 1000, discounts=discounts, shipping_cost=cost, shipping_details=details)


def test_a_running_discount_stands_on_its_plan(make: Factories, customer: Customer, shown: Any) -> None:
    coupon = make.coupon(duration="repeating", duration_in_months="3", name="Summer sale")
    make.subscription(customer, discounts=[{"coupon": coupon.id}])
    assert "Summer sale (10% off) until February 21, 2027" in shown()


def test_a_discount_of_the_customer_stands_on_a_plan_without_its_own(
    make: Factories, customer: Customer, shown: Any
) -> None:
    make.subscription(customer)
    make.run(customers.update, UpdateCustomer, customer, coupon=make.coupon(duration="once").id)
    assert "Discount (10% off) on your next invoice" in shown()


def test_a_discount_without_end_has_only_its_name(make: Factories, customer: Customer, shown: Any) -> None:
    coupon = make.coupon(amount_off="500", currency="eur")
    subscription = make.subscription(customer, discounts=[{"coupon": coupon.id}])
    assert "Discount (€5.00 off) Renews" in shown()
    make.run(cancellations.cancel, CancelSubscription, subscription)
    assert "Discount" not in shown()


def test_an_invoice_shows_what_was_taken_off_and_what_sending_costs(reduced: Invoice, shown: Any) -> None:
    words = shown(f"invoices/{reduced.id}")
    for expected in ("Subtotal€10.00", "Summer sale (10% off)-€1.00", "Ground shipping€5.00", "Total€14.00"):
        assert expected in words.replace("> ", "")


def test_a_discount_of_a_line_stands_with_it(make: Factories, customer: Customer, shown: Any) -> None:
    make.item(customer, 1000, discounts=[{"coupon": make.coupon().id}])
    invoice = make.invoice(customer, 500, pending_invoice_items_behavior="include")
    words = shown(f"invoices/{invoice.id}")
    assert "Discount (10% off): -€1.00" in words
    assert "Subtotal€14.00" in words


def test_the_file_says_the_same(portal: Open, make: Factories, customer: Customer, reduced: Invoice) -> None:
    file = portal(customer, make.configuration()).get(f"invoices/{reduced.id}/pdf").get_data()
    text = PdfReader(io.BytesIO(file)).pages[0].extract_text()
    for expected in ("Summer sale", "(10% off)", "-€1.00", "Ground shipping", "€14.00", "Ann Example", "Bremen"):
        assert expected in text
