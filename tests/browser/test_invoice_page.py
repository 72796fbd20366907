"""The page of an invoice in a browser: what can be copied, how it prints, and how it looks where colours are forced."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from portal.billing.accounts import account_updates, accounts
from portal.billing.accounts.account_updates import UpdateAccount
from portal.models import Customer, Invoice
from portal.wire.commands import parse_command
from tests.browser.conftest import Visit
from tests.live import Live, Shop

BANK = {"settings": {"invoices": {"bank_transfer": {"iban": "DE89370400440532013000", "bic": "COBADEFFXXX"}}}}


def open_invoice(live: Live, shop: Shop, customer: Customer, *amounts: int) -> Invoice:
    with live.database.writing(shop.make.scope) as db:
        account = accounts.find_account(db, shop.keys.account.id)
        account_updates.update_account(db, account, parse_command(UpdateAccount, BANK))
    return shop.make.invoice(customer, *amounts, collection_method="send_invoice", days_until_due=14)


def shown(visit: Visit, customer: Customer, invoice: Invoice, **options: Any) -> Page:
    page = visit(customer, **options)
    page.goto(f"{page.url}invoices/{invoice.id}")
    return page


def test_what_a_transfer_needs_is_copied_by_a_click(live: Live, shop: Shop, visit: Visit) -> None:
    customer = shop.make.customer(preferred_locales=["de"])
    invoice = open_invoice(live, shop, customer, 123450)
    page = shown(visit, customer, invoice, permissions=["clipboard-read", "clipboard-write"])
    wanted = {"IBAN": "DE89370400440532013000", "Verwendungszweck": None, "Betrag": "1234,50"}
    for label, value in wanted.items():
        button = page.get_by_role("button", name=f"Kopieren {label}")
        button.click()
        expect(page.get_by_role("button", name="Kopiert").first).to_be_visible()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == value if value else copied
    assert page.evaluate("window.refused") == []


def test_without_a_script_there_is_nothing_to_click_in_vain(live: Live, shop: Shop, visit: Visit) -> None:
    customer = shop.make.customer()
    page = shown(visit, customer, open_invoice(live, shop, customer), java_script_enabled=False)
    expect(page.get_by_text("DE89 3704 0044 0532 0130 00")).to_be_visible()
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)


def test_an_invoice_prints_on_one_page(live: Live, shop: Shop, visit: Visit) -> None:
    customer = shop.make.customer()
    page = shown(visit, customer, open_invoice(live, shop, customer, 1000, 2000, 3000))
    page.emulate_media(media="print")
    for hidden in (page.get_by_role("button", name="Sign out"), page.get_by_role("link", name="Download PDF")):
        expect(hidden).to_be_hidden()
    pdf = page.pdf(format="A4", margin=dict.fromkeys(("top", "right", "bottom", "left"), "12mm"))
    assert pdf.count(b"/Type /Page\n") == 1 or pdf.count(b"/Type /Page") - pdf.count(b"/Type /Pages") == 1


def test_the_current_tab_is_seen_where_colours_are_forced(shop: Shop, visit: Visit) -> None:
    page = visit(shop.make.customer(), forced_colors="active")
    colours = page.locator(".tabs a").evaluate_all("tabs => tabs.map(tab => getComputedStyle(tab).borderBottomColor)")
    assert len(set(colours)) == 2
    assert colours[1] == colours[2] != colours[0]


def test_an_invoice_of_a_list_is_two_lines_on_a_phone(shop: Shop, visit: Visit) -> None:
    customer = shop.make.customer()
    shop.make.paid_invoice(customer)
    page = visit(customer, viewport={"width": 360, "height": 740})
    page.goto(page.url + "invoices")
    box = page.locator(".invoices tbody tr").first.bounding_box()
    assert box is not None
    assert box["height"] < 90
    header = page.get_by_role("heading", level=1).bounding_box()
    assert header is not None
    assert header["y"] < 190


def test_a_long_name_leaves_the_header_in_one_row(shop: Shop, visit: Visit) -> None:
    long = shop.make.customer(name="Donaudampfschifffahrtsgesellschaft Müller und Söhne KG", preferred_locales=["de"])
    page = visit(long, viewport={"width": 1280, "height": 800})
    tabs, account = page.locator(".tabs").bounding_box(), page.locator(".account").bounding_box()
    assert tabs is not None
    assert account is not None
    assert account["y"] < tabs["y"] + tabs["height"]
    assert account["x"] >= tabs["x"] + tabs["width"]
