"""The pages that lead to Stripe's in Chromium: for everyone, without JavaScript, and with a way not to pay."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page

from portal.billing.accounts import provider_access
from portal.models import Customer
from portal.objects.links import DocumentLinks
from portal.providers.interface import Access
from portal.seal import Seal
from tests.browser.conftest import Visit, follow
from tests.browser.test_accessibility import problems
from tests.browser.test_checkout import fill, offered, paid, take_cards  # noqa: F401 - a fixture
from tests.live import Live, Shop

LANGUAGES = ("en-US", "ar")


@pytest.fixture
def selling(live: Live, paid: Shop) -> Shop:  # noqa: F811 - the fixture
    """A merchant who has given keys of Stripe, too."""
    with live.database.writing(paid.make.scope) as db:
        access = Access("sk_test_nowhere", "whsec_nowhere")
        provider_access.give_access(db, "stripe", access, seal=Seal([live.settings.secret_key]))
    return paid


def choose_card(page: Page) -> None:
    page.locator("[name=way][value=card]").check()


@pytest.fixture
def customer(selling: Shop) -> Customer:
    return selling.make.customer(name="Jenny Rosen", email="jenny@example.com")


@pytest.mark.parametrize("locale", LANGUAGES)
def test_an_invoice_is_paid_in_a_visit(visit: Visit, selling: Shop, customer: Customer, locale: str) -> None:
    make = selling.make
    invoice = make.invoice(customer, 4200, collection_method="send_invoice")
    page = visit(customer, configuration=make.configuration(
        payment_method_update={"enabled": True}, invoice_history={"enabled": True}
    ), locale=locale)  # fmt: skip
    page.goto(f"{page.url.rstrip('/')}/invoices/{invoice.id}/pay")
    choose_card(page)
    assert page.locator("[name=keep]").is_visible()
    assert problems(page) == []
    follow(page.locator("main form button").first)
    assert page.url.endswith("/confirm")
    assert problems(page) == []
    follow(page.locator("button[value=refuse]"))
    assert "/payments/" not in page.url


@pytest.mark.parametrize("locale", LANGUAGES)
def test_an_invoice_is_paid_behind_its_link(
    window: Callable[..., BrowserContext], live: Live, selling: Shop, customer: Customer, locale: str
) -> None:
    invoice = selling.make.invoice(customer, 4200, collection_method="send_invoice")
    path = DocumentLinks("", [live.settings.secret_key]).document("invoice", invoice.tenant_id, invoice.id)
    page = window(locale=locale, java_script_enabled=False).new_page()
    page.goto(f"{path}/pay")
    choose_card(page)
    assert page.locator("[name=keep]").count() == 0
    follow(page.locator("main form button").first)
    assert page.url.endswith("/confirm")
    follow(page.locator("button[value=refuse]"))
    assert page.url.endswith(path)


@pytest.mark.parametrize("locale", LANGUAGES)
def test_an_order_leads_there(window: Callable[..., BrowserContext], live: Live, selling: Shop, locale: str) -> None:
    page = window(locale=locale).new_page()
    simple = {"billing_address_collection": "auto", "phone_number_collection": {"enabled": "false"}}
    for mode, end in (("subscription", "/card"), ("payment", "")):
        lines = {"line_items": {"0": {"price": selling.make.price(recurring=None).id}}} if mode == "payment" else {}
        path = offered(live, selling, mode=mode, tax_id_collection={"enabled": "false"}, **simple, **lines)
        page.goto(path)
        page.locator("[name=email]").fill("ada@example.com")
        page.locator("[name=name]").fill("Ada Lovelace")
        choose_card(page)
        assert problems(page) == []
        follow(page.locator("button[value=buy]"))
        assert page.url.endswith(f"{path}{end}")
        assert page.locator(f"a[href='{path}/card/start']").is_visible()
        assert problems(page) == []


def test_that_it_cannot_be_reached_is_said(
    window: Callable[..., BrowserContext], live: Live, selling: Shop, customer: Customer
) -> None:
    page = window().new_page()
    page.goto(offered(live, selling))
    fill(page)
    choose_card(page)
    follow(page.locator("button[value=buy]"))
    take_cards(live, selling)  # of another provider, so nobody can lead there
    page.goto(f"{page.url}/start")
    assert page.get_by_text("be reached at the moment").is_visible()
    assert problems(page) == []
