"""The page of an invoice in a browser: what can be copied, how it prints, and how it looks where colours are forced."""

from __future__ import annotations

from io import BytesIO
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from portal.billing.accounts import account_updates, accounts
from portal.billing.accounts.account_updates import UpdateAccount
from portal.models import Customer, Invoice
from portal.wire.commands import parse_command
from tests.browser.conftest import Visit
from tests.live import Live, Shop

BANK = {"settings": {"invoices": {"bank_transfer": {"iban": "DE89370400440532013000", "bic": "COBADEFFXXX"}}}}


#: Where the text of an element ends, whose box may be wider.
_TEXT_ENDS = """element => {
    const text = document.createRange();
    text.selectNodeContents(element);
    return text.getBoundingClientRect().right;
}"""


def open_invoice(live: Live, shop: Shop, customer: Customer, *amounts: int, **more: Any) -> Invoice:
    with live.database.writing(shop.make.scope) as db:
        account = accounts.find_account(db, shop.keys.account.id)
        account_updates.update_account(db, account, parse_command(UpdateAccount, BANK))
    return shop.make.invoice(customer, *amounts, collection_method="send_invoice", days_until_due=14, **more)


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


def printed(page: Page, size: str) -> list[str]:
    """The text of each page that Ctrl+P makes of it, without backgrounds."""
    return [each.extract_text() for each in PdfReader(BytesIO(page.pdf(format=size))).pages]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_invoice_with_many_fields_prints_on_one_page(
    live: Live, shop: Shop, visit: Visit, scheme: Literal["light", "dark"]
) -> None:
    place = {"line1": "Torstraße 45", "line2": "Hinterhaus", "postal_code": "10119", "city": "Berlin", "country": "DE"}
    customer = shop.make.customer(address=place, phone="+49 30 901820", shipping={"name": "Lager", "address": place})
    fields = [{"name": name, "value": name * 2} for name in ("Kostenstelle", "Projekt", "Vertrag", "Bestellung")]
    rate = shop.make.tax_rate()
    more = {"custom_fields": fields, "description": "Danke!", "footer": "HRB 12345 B", "default_tax_rates": [rate.id]}
    invoice = open_invoice(live, shop, customer, 1000, 2000, 3000, 4000, 5000, **more)
    page = shown(visit, customer, invoice, color_scheme=scheme)
    for size in ("A4", "Letter"):
        (text,) = printed(page, size)
        assert "Test mode" in text
        assert invoice.number in text
        assert "DE89 3704 0044 0532 0130 00" in text
        assert "Issued" in text
        for gone in ("Sign out", "Download PDF", "All invoices", "Copy"):
            assert gone not in text
    page.emulate_media(media="print", color_scheme=scheme)
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(27, 29, 33)"


def test_other_pages_print_on_one_page_and_say_that_it_is_a_test(shop: Shop, visit: Visit) -> None:
    customer = shop.make.customer()
    shop.make.subscription(customer)
    paid = shop.make.paid_invoice(customer, 5000)
    note = shop.make.credit_note(paid, 900, credit_amount=900)
    page = visit(customer)
    home = page.url
    for path in ("", "invoices", f"invoices/{paid.id}", f"credit-notes/{note.id}", "details", "statements"):
        page.goto(home + path)
        for size in ("A4", "Letter"):
            (text,) = printed(page, size)
            assert "Test mode" in text
            assert "Sign out" not in text


def test_the_current_tab_is_seen_where_colours_are_forced(shop: Shop, visit: Visit) -> None:
    page = visit(shop.make.customer(), forced_colors="active")
    colours = page.locator(".tabs a").evaluate_all("tabs => tabs.map(tab => getComputedStyle(tab).borderBottomColor)")
    assert len(set(colours)) == 2
    assert colours[1] == colours[2] != colours[0]
    widths = page.locator(".tabs a").evaluate_all("tabs => tabs.map(tab => getComputedStyle(tab).borderBottomWidth)")
    assert widths == ["2px", "0px", "0px"], "the line below the others runs through"


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


def test_a_number_and_a_mark_keep_their_line_on_a_phone(live: Live, shop: Shop, visit: Visit) -> None:
    customer = shop.make.customer(preferred_locales=["de"])
    invoice = open_invoice(live, shop, customer, 22015)
    shop.make.credit_note(shop.make.paid_invoice(customer, 7616), 900, credit_amount=900)
    page = visit(customer, viewport={"width": 360, "height": 740})
    page.goto(page.url + "invoices")
    links = page.locator(".invoices th a")
    assert invoice.number in links.all_inner_texts()
    lines = links.evaluate_all("links => links.map(link => link.firstElementChild.getClientRects().length)")
    assert lines == [1, 1, 1]
    assert page.locator(".mode").evaluate("mark => mark.getClientRects().length") == 1
    assert page.locator(".mode").evaluate("mark => mark.offsetHeight") < 30
    for row in page.locator(".invoices tbody tr").all():
        day, state = row.locator("th .hint").evaluate(_TEXT_ENDS), row.locator(".is .pill").bounding_box()
        assert state is not None
        assert day <= state["x"]
