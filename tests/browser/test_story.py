"""A customer's visits, from the link to signing out, as a browser on the real server goes through them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pypdf import PdfReader

from portal import clock, zones
from portal.hosted.visit_cookies import COOKIE_PREFIX
from portal.models import CreditNote, Customer, Invoice, Subscription
from tests.browser.conftest import Visit, follow
from tests.live import Live, Shop

RETURN = "https://shop.example/account"
YEAR = 61


@pytest.fixture
def customer(shop: Shop) -> Customer:
    return shop.make.customer()


@pytest.fixture
def plan(shop: Shop, customer: Customer) -> Subscription:
    return shop.make.subscription(customer)


@pytest.fixture
def many(shop: Shop, customer: Customer) -> list[Invoice]:
    """Invoices of two years, oldest first, every third one paid."""
    now = clock.now()
    moments = [now - (YEAR - number) * 10 * clock.DAY for number in range(YEAR)]
    kinds = [shop.make.paid_invoice if number % 3 == 0 else shop.make.invoice for number in range(YEAR)]
    return [kind(customer, 1000 + number, now=at) for number, (kind, at) in enumerate(zip(kinds, moments, strict=True))]


def numbers(page: Page) -> list[str]:
    """The numbers in the list of invoices."""
    return page.get_by_role("rowheader").get_by_role("link").all_inner_texts()


def saved(page: Page, name: str, folder: Path) -> str:
    """The words of the PDF that a link downloads."""
    with page.expect_download() as waiting:
        page.get_by_role("link", name=name).click()
    file = folder / waiting.value.suggested_filename
    waiting.value.save_as(file)
    return "\n".join(sheet.extract_text() for sheet in PdfReader(file).pages)


def stored(shop: Shop, row: Any) -> Any:
    """The row as it is in the database by now."""
    with shop.make.database.reading(shop.make.scope) as db:
        return db.get_one(type(row), (row.tenant_id, row.id))


def test_the_link_opens_the_home_page(visit: Visit, shop: Shop, customer: Customer, plan: Subscription) -> None:
    invoice = shop.make.invoice(customer)
    page = visit(customer)
    assert re.search(r"/p/bps_\w+/$", page.url)
    expect(page.get_by_role("heading", name="Gold plan")).to_be_visible()
    expect(page.get_by_text("€20.00 a month")).to_be_visible()
    expect(page.get_by_text("Lindenstraße 3")).to_be_visible()
    assert numbers(page) == [invoice.number]


def test_the_history_pages_through_every_invoice(visit: Visit, customer: Customer, many: list[Invoice]) -> None:
    page = visit(customer)
    follow(page.get_by_role("navigation").get_by_role("link", name="Invoices"))
    seen = [numbers(page)]
    while (older := page.get_by_role("link", name="Older")).count():
        follow(older)
        seen.append(numbers(page))
    assert [number for each in seen for number in each] == [invoice.number for invoice in reversed(many)]
    for expected in reversed(seen[:-1]):
        follow(page.get_by_role("link", name="Newer"))
        assert numbers(page) == expected


def test_the_history_is_filtered(visit: Visit, customer: Customer, many: list[Invoice]) -> None:
    page = visit(customer)
    follow(page.get_by_role("navigation").get_by_role("link", name="Invoices"))
    page.get_by_label("Status").select_option(label="Paid")
    follow(page.get_by_role("button", name="Show"))
    assert numbers(page) == [invoice.number for invoice in reversed(many) if invoice.status == "paid"]
    year = zones.day_of(clock.now(), zones.DEFAULT).year - 1
    page.get_by_label("Year").select_option(label=str(year))
    follow(page.get_by_role("button", name="Show"))
    paid = [each for each in reversed(many) if each.status == "paid" and each.issued_on.year == year]
    assert numbers(page) == [invoice.number for invoice in paid]


def test_an_invoice_and_its_credit_note_are_read_and_saved(
    visit: Visit, shop: Shop, customer: Customer, tmp_path: Path
) -> None:
    invoice = shop.make.paid_invoice(customer, 123456)
    note: CreditNote = shop.make.credit_note(invoice, 2345, out_of_band_amount=2345)
    page = visit(customer)
    page.get_by_role("link", name=invoice.number, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Invoice {invoice.number}")
    words = saved(page, "Download PDF", tmp_path)
    assert f"{invoice.number}" in words
    assert "€1,234.56" in words
    page.get_by_role("link", name=note.number).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Credit note {note.number}")
    words = saved(page, "Download PDF", tmp_path)
    assert note.number in words
    assert "€23.45" in words


def test_the_email_changes_by_the_code_that_was_sent(visit: Visit, live: Live, shop: Shop, customer: Customer) -> None:
    page = visit(customer)
    page.get_by_role("navigation").get_by_role("link", name="Billing information").click()
    page.get_by_role("link", name="Change Email").click()
    page.get_by_label("Email").fill("new@example.com")
    page.get_by_role("button", name="Send the code").click()
    code = re.search(r"\b\d{8}\b|\b\d{4} \d{4}\b", live.mailbox.to("new@example.com"))
    assert code
    page.get_by_label("Code").fill(code[0])
    page.get_by_role("button", name="Change my email address").click()
    expect(page.get_by_role("status")).to_have_text("Your email address is changed.")
    assert stored(shop, customer).email == "new@example.com"
    assert live.mailbox.to("jenny.rosen@example.com", saying="n•••@example.com")


def test_a_tax_id_is_added_and_removed(visit: Visit, customer: Customer) -> None:
    page = visit(customer)
    page.get_by_role("navigation").get_by_role("link", name="Billing information").click()
    page.get_by_role("link", name="Add a tax ID").click()
    page.get_by_label("In which country").select_option("DE")
    page.get_by_role("button", name="Go on to the number").click()
    page.get_by_label("VAT no.").check()
    page.get_by_label("Number").fill("DE1")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("alert")).to_contain_text("There is a problem")
    page.get_by_label("Number").fill("DE136695976")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("region", name="Tax IDs")).to_contain_text("DE136695976")
    page.get_by_role("link", name="Remove DE136695976").click()
    page.get_by_role("button", name="Remove the tax ID").click()
    expect(page.get_by_text("No tax ID yet")).to_be_visible()


def test_the_address_is_edited(visit: Visit, shop: Shop, customer: Customer) -> None:
    page = visit(customer)
    page.get_by_role("navigation").get_by_role("link", name="Billing information").click()
    page.get_by_role("link", name="Change Address").click()
    address = page.get_by_role("main")
    address.get_by_label("Address", exact=True).fill("")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("alert").get_by_role("link", name="Enter the address.").click()
    expect(address.get_by_label("Address", exact=True)).to_be_focused()
    page.keyboard.type("Ahornweg 1")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Your billing information is saved.")
    expect(page.get_by_text("Ahornweg 1")).to_be_visible()
    assert stored(shop, customer).address["line1"] == "Ahornweg 1"


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_plan_is_canceled_and_kept_after_all(
    visit: Visit, shop: Shop, customer: Customer, plan: Subscription, scripts: bool
) -> None:
    page = visit(customer, java_script_enabled=scripts)
    page.get_by_role("link", name="Cancel plan").click()
    page.get_by_label("It's too expensive").check()
    page.get_by_role("button", name="Cancel Gold plan on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Gold plan is canceled")
    ends = clock.utc_datetime(plan.current_period_end)
    expect(page.get_by_text("You can use it until")).to_contain_text(f"{ends:%B} {ends.day}, {ends.year}")
    assert stored(shop, plan).cancellation_details["feedback"] == "too_expensive"
    page.get_by_role("button", name="Keep my plan").click()
    expect(page.get_by_role("status")).to_contain_text("You keep")
    assert stored(shop, plan).cancel_at is None


def test_a_plan_is_canceled_by_keyboard(visit: Visit, shop: Shop, customer: Customer, plan: Subscription) -> None:
    page = visit(customer)
    _tab_to(page, "Cancel plan Gold plan")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Cancel Gold plan?")
    _tab_to(page, re.compile("radio"))
    page.keyboard.press("Space")
    _tab_to(page, re.compile("Cancel Gold plan on"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Gold plan is canceled")
    assert stored(shop, plan).cancel_at_period_end
    _tab_to(page, "Keep my plan")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("You keep")


def test_the_first_stop_of_the_keyboard_skips_to_the_content(visit: Visit, customer: Customer) -> None:
    page = visit(customer)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_the_way_back_to_the_merchant(visit: Visit, customer: Customer) -> None:
    page = visit(customer, sent={"return_url": RETURN})
    page.route(RETURN, lambda route: route.fulfill(body="the shop"))
    page.get_by_role("link", name="Return to Rocket Rides").click()
    page.wait_for_url(RETURN)
    assert page.text_content("body") == "the shop"


def test_after_signing_out_the_back_button_shows_nothing_private(visit: Visit, customer: Customer) -> None:
    page = visit(customer)
    home = page.url
    page.get_by_role("link", name="Billing information").first.click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")
    for _ in range(2):
        page.go_back()
        expect(page.locator("body")).not_to_contain_text("Jenny")
    page.goto(home)
    expect(page.locator("body")).not_to_contain_text("Jenny")
    assert [each for each in page.context.cookies() if each["name"].startswith(COOKIE_PREFIX)] == []


def test_a_link_opens_one_visit(window: Callable[..., BrowserContext], shop: Shop, customer: Customer) -> None:
    link = shop.make.portal_link(customer, shop.make.configuration(), return_url=RETURN)
    page, stranger = window().new_page(), window().new_page()
    page.goto(link)
    home = page.url
    page.goto(link)
    assert page.url == home
    answer = stranger.goto(link)
    assert answer is not None
    assert answer.status == 410
    expect(stranger.get_by_role("heading", level=1)).to_have_text("This link was used already")
    expect(stranger.get_by_role("link", name="Rocket Rides").first).to_have_attribute("href", RETURN)
    expect(stranger.locator("body")).not_to_contain_text("Jenny")


def test_two_customers_in_two_tabs(window: Callable[..., BrowserContext], shop: Shop) -> None:
    browser = window()
    tabs = {name: browser.new_page() for name in ("Ada Lovelace", "Grace Hopper")}
    for name, page in tabs.items():
        page.goto(shop.make.portal_link(shop.make.customer(name=name), shop.make.configuration()))
    for name, page in tabs.items():
        page.reload()
        expect(page.locator(".account")).to_contain_text(name)
    follow(tabs["Ada Lovelace"].get_by_role("button", name="Sign out"))
    tabs["Grace Hopper"].reload()
    expect(tabs["Grace Hopper"].locator(".account")).to_contain_text("Grace Hopper")


def _tab_to(page: Page, name: str | re.Pattern[str]) -> None:
    """Press Tab until what is so named, or of such a type, has the focus."""
    for _ in range(40):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        said = f"{focused.inner_text().strip()} {focused.get_attribute('type') or ''}".replace("\n", " ").strip()
        if re.search(name, said):
            assert focused.evaluate("each => getComputedStyle(each).outlineStyle") != "none", "the focus does not show"
            return
    raise AssertionError(f"the keyboard does not reach {name!r}")
