"""Checkout in Chromium: the pages are for everyone, and a purchase works without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from portal import clock
from portal.billing.accounts import account_updates, accounts
from portal.billing.accounts.account_updates import UpdateAccount
from portal.billing.checkout import links, new_sessions
from portal.billing.checkout.params import CreateCheckoutSession, CreatePaymentLink
from portal.models import CheckoutSession
from portal.wire.commands import parse_command
from tests.browser.conftest import follow
from tests.browser.scene import CREDITOR
from tests.browser.test_accessibility import problems
from tests.debits import DEBTOR_IBAN
from tests.live import Live, Shop

LONG = "Beratung zur Donaudampfschifffahrtsgesellschaftskapitänsmütze"
ASKED: dict[str, Any] = {
    "allow_promotion_codes": "true",
    "billing_address_collection": "required",
    "cancel_url": "https://shop.example/back",
    "mode": "subscription",
    "phone_number_collection": {"enabled": "true"},
    "tax_id_collection": {"enabled": "true"},
}


@pytest.fixture
def paid(live: Live, shop: Shop) -> Shop:
    """A merchant who collects, and takes transfers."""
    sent = {
        "business_profile": {"support_email": "billing@example.com"},
        "settings": {"direct_debit": CREDITOR, "invoices": {"bank_transfer": {"iban": "DE89370400440532013000"}}},
    }
    with live.database.writing(shop.make.scope) as db:
        found = accounts.find_account(db, shop.keys.account.id)
        account_updates.update_account(db, found, parse_command(UpdateAccount, sent))
    return shop


def take_cards(live: Live, shop: Shop) -> None:
    """The merchant has the sandbox charge cards."""
    with live.database.writing(shop.make.scope) as db:
        found = accounts.find_account(db, shop.keys.account.id)
        sent = parse_command(UpdateAccount, {"settings": {"payments": {"provider": "sandbox"}}})
        account_updates.update_account(db, found, sent)


def offered(live: Live, shop: Shop, **sent: Any) -> str:
    """The path of a session that sells two plans and something once."""
    make = shop.make
    rate = make.tax_rate()
    plan = make.price(make.product(name=LONG))
    once = make.price(make.product(name="Set-up"), recurring=None, unit_amount=4900)
    adjustable = {"enabled": "true", "minimum": "1", "maximum": "10"}
    lines = {
        "0": {"price": plan.id, "quantity": "2", "adjustable_quantity": adjustable, "tax_rates": {"0": rate.id}},
        "1": {"price": once.id, "tax_rates": {"0": rate.id}},
    }
    command = parse_command(CreateCheckoutSession, {**ASKED, "line_items": lines, **sent})
    with live.database.writing(make.scope) as db:
        return f"/checkout/{new_sessions.create(db, command, now=clock.now()).link_secret}"


def fill(page: Page) -> None:
    """Type what the page asks for."""
    for label, text in {
        "Email address": "ada@example.com",
        "Name or company": "Ada Lovelace",
        "Phone": "+49 30 1234",
        "Address": "Lindenstraße 3",
        "Postal code": "10969",
        "City": "Berlin",
        "IBAN": DEBTOR_IBAN,
    }.items():
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_label("Country").select_option("DE")
    page.get_by_label("I agree to this mandate.").check()


@pytest.mark.parametrize("locale", ["en-US", "ar"])
def test_the_page_is_for_everyone(window: Callable[..., BrowserContext], live: Live, paid: Shop, locale: str) -> None:
    page = window(locale=locale).new_page()
    page.goto(offered(live, paid))
    assert problems(page) == []
    follow(page.locator("button[value=buy]"))
    assert page.get_by_role("alert").is_visible()
    assert problems(page) == []


def test_a_purchase_needs_no_javascript(window: Callable[..., BrowserContext], live: Live, paid: Shop) -> None:
    page = window(java_script_enabled=False).new_page()
    # another origin, as the merchant's is
    shop = live.url.replace("127.0.0.1", "localhost")
    page.goto(offered(live, paid, success_url=f"{shop}/nowhere?session={{CHECKOUT_SESSION_ID}}"))
    page.get_by_label("Quantity").fill("3")
    fill(page)
    follow(page.get_by_role("button", name="Update the amount"))
    assert page.get_by_label("City").input_value() == "Berlin", "nothing typed is lost"
    assert page.get_by_role("button", name="Subscribe for").inner_text() == "Subscribe for €129.71"
    follow(page.get_by_role("button", name="Subscribe for"))
    # the policy of the page lets the form's answer lead there
    assert page.url.startswith(f"{shop}/nowhere?session=cs_")
    with live.database.reading(paid.make.scope) as db:
        session = db.get_one(CheckoutSession, (paid.make.scope.tenant_id, page.url.rpartition("=")[2]))
    assert session.status == "complete"
    assert session.sums is not None
    assert session.sums["amount_total"] == 12971


def test_what_is_asked_and_added_needs_no_javascript(
    window: Callable[..., BrowserContext], live: Live, paid: Shop
) -> None:
    make = paid.make
    wrap = make.price(make.product(name="Gift wrap"), recurring=None, unit_amount=300)
    bell = make.price(make.product(name="Bell"), recurring=None, unit_amount=1000)
    rates = [
        make.shipping_rate(display_name=name, fixed_amount={"amount": amount, "currency": "eur"})
        for name, amount in (("Standard", 500), ("Express", 1500))
    ]
    page = window(java_script_enabled=False).new_page()
    path = offered(
        live,
        paid,
        mode="payment",
        line_items={"0": {"price": bell.id}},
        optional_items={"0": {"price": wrap.id, "quantity": "1"}},
        shipping_address_collection={"allowed_countries": {"0": "DE"}},
        shipping_options={str(at): {"shipping_rate": each.id} for at, each in enumerate(rates)},
        custom_fields={"0": {"key": "size", "label": {"type": "custom", "custom": "Size"}, "type": "text"}},
    )
    page.goto(path)
    page.get_by_label("Gift wrap").check()
    page.get_by_label("Express").check()
    page.get_by_label("Same as the billing address").check()
    assert not page.locator("[name=shipping-line1]").is_visible()
    follow(page.get_by_role("button", name="Update the amount"))
    for label, text in {"Email address": "ada@example.com", "Name or company": "Ada", "Phone": "+49 30 1234"}.items():
        page.get_by_label(label, exact=True).fill(text)
    for part, text in {"line1": "Lindenstraße 3", "postal_code": "10969", "city": "Berlin"}.items():
        page.locator(f"[name=address-{part}]").fill(text)
    page.locator("[name=address-country]").select_option("DE")
    page.get_by_label("Size").fill("XL")
    page.get_by_label("Bank transfer, by the invoice").check()
    follow(page.get_by_role("button", name="Buy for €28.00"))
    page.get_by_role("heading", name="Thank you").wait_for()
    window_of_all = window().new_page()
    window_of_all.goto(
        offered(
            live,
            paid,
            shipping_address_collection={"allowed_countries": {"0": "DE"}},
            optional_items={"0": {"price": wrap.id, "quantity": "1"}},
            name_collection={"business": {"enabled": "true"}},
            consent_collection={"promotions": "auto"},
        )
    )
    assert problems(window_of_all) == []


def test_what_is_over_is_for_everyone(window: Callable[..., BrowserContext], live: Live, paid: Shop) -> None:
    path = offered(live, paid)
    page = window().new_page()
    page.goto(path)
    fill(page)
    follow(page.locator("button[value=buy]"))
    page.get_by_role("heading", name="Thank you").wait_for()
    assert problems(page) == []
    assert page.get_by_role("link", name="See the invoice").is_visible()


def test_a_closed_link_is_for_everyone(window: Callable[..., BrowserContext], live: Live, paid: Shop) -> None:
    price = paid.make.price().id
    command = parse_command(CreatePaymentLink, {"line_items": {"0": {"price": price}}})
    with live.database.writing(paid.make.scope) as db:
        link = links.create(db, command, now=clock.now())
        link.active = False
    page = window().new_page()
    page.goto(f"/pay/{link.token}")
    page.get_by_role("heading", name="This link is not active").wait_for()
    assert problems(page) == []


def test_fields_are_shown_for_the_chosen_way_alone(
    window: Callable[..., BrowserContext], live: Live, paid: Shop
) -> None:
    take_cards(live, paid)
    page = window(java_script_enabled=False).new_page()
    page.goto(offered(live, paid))
    for way, seen in (("SEPA direct debit", "iban"), ("Card", "card"), ("Bank transfer, by the invoice", None)):
        page.get_by_label(way, exact=True).check()
        assert page.locator("[name=iban]").is_visible() is (seen == "iban")
        assert page.locator("[name=card]").first.is_visible() is (seen == "card")


def test_a_declined_card_is_said_on_a_page_for_everyone(
    window: Callable[..., BrowserContext], live: Live, paid: Shop
) -> None:
    take_cards(live, paid)
    page = window().new_page()
    page.goto(offered(live, paid))
    fill(page)
    page.get_by_label("Card", exact=True).check()
    page.get_by_label("ending in 0002: is declined", exact=False).check()
    follow(page.locator("button[value=buy]"))
    page.get_by_text("Your card was declined.").wait_for(timeout=20_000)
    assert problems(page) == []
    page.get_by_label("Card", exact=True).check()
    page.get_by_label("Visa ending in 4242: pays", exact=False).first.check()
    follow(page.locator("button[value=buy]"))
    page.get_by_text("Your order is complete.").wait_for(timeout=20_000)
