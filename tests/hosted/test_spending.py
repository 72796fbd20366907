"""Spending by month: what was billed less what was credited, in a chart and in the table beside it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import pytest

from portal import clock
from portal.billing.invoices import statuses
from portal.models import Customer
from portal.wire.commands import ExpandableCommand
from tests.clients import Portal
from tests.conftest import NOON
from tests.factories import Factories

Open = Callable[..., Portal]
pytestmark = pytest.mark.usefixtures("held_clock")
ON = {"spending": {"enabled": True}}


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer()


@pytest.fixture
def visit(portal: Open, make: Factories, customer: Customer) -> Portal:
    return portal(customer, make.configuration(**ON))


def words(answer: Any) -> str:
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", answer.get_data(as_text=True))).split())


def heights(answer: Any) -> list[float]:
    return [float(each) for each in re.findall(r'<rect [^>]*height="([0-9.]+)"', answer.get_data(as_text=True))]


def test_each_month_has_a_bar_and_a_row(visit: Portal, make: Factories, customer: Customer) -> None:
    make.invoice(customer, 4000, now=NOON)
    make.invoice(customer, 2000, now=NOON - 30 * clock.DAY)
    make.invoice(customer, 9900, now=NOON - 365 * clock.DAY)
    make.invoice(make.customer(), 7700)
    make.draft(customer, 7700)
    shown = visit.get("spending")
    assert heights(shown) == [0] * 10 + [60, 120]
    assert "November 2026 €40.00 October 2026 €20.00 September 2026 €0.00" in words(shown)
    assert "All twelve months €60.00" in words(shown)
    assert "2025" in words(shown)
    assert "99.00" not in words(shown)


def test_credit_lowers_its_month_and_void_bills_do_not_count(
    visit: Portal, make: Factories, customer: Customer
) -> None:
    earlier = make.paid_invoice(customer, 4000, now=NOON - 30 * clock.DAY)
    make.credit_note(earlier, 1000, credit_amount=1000)
    make.run(statuses.void, ExpandableCommand, make.invoice(customer, 5000))
    shown = visit.get("spending")
    assert "November 2026 -€10.00 October 2026 €40.00" in words(shown)
    assert heights(shown)[-2:] == [96, 24]


def test_each_currency_has_a_chart(visit: Portal, make: Factories, customer: Customer) -> None:
    make.invoice(customer, 4000)
    assert "In EUR" in words(visit.get("spending"))
    assert visit.get("spending").get_data(as_text=True).count('role="img"') == 1


def test_without_a_bill_it_says_so(visit: Portal) -> None:
    assert "Nothing was billed" in words(visit.get("spending"))


def test_it_is_off_unless_the_merchant_turns_it_on(portal: Open, make: Factories, customer: Customer) -> None:
    make.invoice(customer, 4000)
    visit = portal(customer, make.configuration())
    assert visit.get("spending").status_code == 404
    assert "Spending by month" not in words(visit.get("invoices"))
    assert "Spending by month" in words(portal(customer, make.configuration(**ON)).get("invoices"))
