"""A visit that is about to end because nothing happens: it is said, can go on, and shows its end."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from portal import clock
from portal.billing.customer_portal import sessions
from portal.models import Customer
from tests.browser.conftest import Visit
from tests.browser.test_accessibility import problems
from tests.live import Live, Shop

WORDS = "You will soon be signed out"


def opened(visit: Visit, customer: Customer) -> Page:
    """A page whose timers the test moves on."""
    page = visit(customer)
    page.clock.install()
    page.reload()
    return page


def test_it_is_said_in_time_and_can_go_on(visit: Visit, shop: Shop) -> None:
    page = opened(visit, shop.make.customer())
    page.clock.run_for("27:00")
    expect(page.get_by_text(WORDS)).to_be_hidden()
    page.clock.run_for("01:30")
    expect(page.get_by_text(WORDS)).to_be_visible()
    assert problems(page) == []
    page.get_by_role("link", name="Stay signed in").click()
    expect(page.get_by_text(WORDS)).to_be_hidden()
    page.clock.run_for("27:00")
    expect(page.get_by_text(WORDS)).to_be_hidden()


def test_its_end_takes_away_what_was_on_the_page(live: Live, shop: Shop, visit: Visit) -> None:
    customer = shop.make.customer()
    page = opened(visit, customer)
    with live.database.writing(shop.make.scope) as db:
        sessions.end_others(db, customer.id, None, now=clock.now())
    page.clock.run_for("31:00")
    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")
