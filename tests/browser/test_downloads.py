"""A customer takes a year's documents: the wait that looks by itself, with and without scripts, and the file."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import pytest
from playwright.sync_api import Page, expect

from portal import clock, zones
from portal.billing.customer_portal import sessions
from portal.hosted import downloads
from portal.models import Customer, Invoice
from tests.browser.conftest import Visit, follow
from tests.browser.test_accessibility import problems
from tests.live import Live, Shop

COUNT = 6
YEAR = zones.day_of(clock.now(), zones.DEFAULT).year
#: Milliseconds that a worker with much else to do may take.
IN_TIME = 30_000


@pytest.fixture
def customer(shop: Shop) -> Customer:
    return shop.make.customer()


@pytest.fixture
def fresh(shop: Shop, customer: Customer) -> list[Invoice]:
    """Invoices of which no document is made yet: a worker leaves them alone for some seconds."""
    return [shop.make.invoice(customer) for _ in range(COUNT)]


def ask(page: Page) -> None:
    """From the history to the year's page, as a customer goes."""
    page.get_by_role("link", name="All invoices").click()
    follow(page.get_by_role("button", name=f"All documents of {YEAR} (ZIP)"))


def test_a_page_that_waits_tells_by_itself_when_all_is_ready(
    visit: Visit, customer: Customer, fresh: list[Invoice], tmp_path: Path
) -> None:
    page = visit(customer)
    ask(page)
    page.evaluate("window.unchanged = true")
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text(f"All {COUNT} documents are ready.", timeout=IN_TIME)
    assert page.evaluate("window.unchanged")
    with page.expect_download() as waiting:
        page.get_by_role("link", name=f"Download {COUNT} documents").click()
    waiting.value.save_as(tmp_path / "year.zip")
    assert sorted(ZipFile(tmp_path / "year.zip").namelist()) == sorted(f"Invoice {each.number}.pdf" for each in fresh)
    assert waiting.value.suggested_filename == f"Rocket Rides {YEAR}.zip"


def test_it_looks_by_itself_without_scripts_too(visit: Visit, customer: Customer, fresh: list[Invoice]) -> None:
    page = visit(customer, java_script_enabled=False)
    ask(page)
    expect(page.get_by_role("link", name="Look again")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text(f"All {COUNT} documents are ready.", timeout=IN_TIME)


def test_a_visit_that_ends_meanwhile_is_told(
    live: Live, shop: Shop, visit: Visit, customer: Customer, fresh: list[Invoice]
) -> None:
    page = visit(customer)
    ask(page)
    with live.database.writing(shop.make.scope) as db:
        sessions.end_others(db, customer.id, None, now=clock.now())
    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out", timeout=IN_TIME)


def test_every_state_of_the_wait_is_for_everyone(
    live: Live, shop: Shop, visit: Visit, customer: Customer, fresh: list[Invoice]
) -> None:
    page = visit(customer)
    session_id, address = page.url.split("/")[4], f"{page.url}downloads/{YEAR}"
    page.route("**/waiting.js*", lambda route: route.abort())
    page.goto(address)
    assert problems(page) == []
    with live.database.writing(shop.make.scope) as db:
        long_ago = clock.now() - downloads.POLLING_TIME
        sessions.store_data(db, session_id, {downloads.REQUESTED_YEAR: [str(YEAR), long_ago]})
    page.reload()
    expect(page.get_by_text("This takes longer than usual.")).to_be_visible()
    assert problems(page) == []
    page.get_by_role("button", name="Look again").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    assert problems(page) == []


def test_a_year_that_is_ready_comes_by_one_click(visit: Visit, shop: Shop, customer: Customer) -> None:
    invoice = shop.make.invoice(customer)
    page = visit(customer)
    page.get_by_role("link", name="All invoices").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name=f"All documents of {YEAR} (ZIP)").click()
    assert ZipFile(waiting.value.path()).namelist() == [f"Invoice {invoice.number}.pdf"]
    expect(page.get_by_role("heading", level=1)).to_have_text("Invoices")
