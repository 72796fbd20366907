"""One Chromium for all tests, a window of its own for each, and a merchant with one of everything."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright

from portal.models import Configuration, Customer
from tests.live import Live, Shop

#: Opens a window with the home page of a customer; options are those of a browser context.
Visit = Callable[..., Page]
PATIENCE = 10_000

#: Notes what a page's policy refused, in each document from its first line on.
_WITNESS = """
    window.refused = [];
    addEventListener("securitypolicyviolation", event => {
        refused.push(`refused ${event.effectiveDirective}: ${event.blockedURI || event.sample}`);
    });
"""


def follow(element: Locator) -> None:
    """Click what leads to another page, and wait for that page; a bare click returns before the old one is gone."""
    with element.page.expect_navigation():
        element.click()


def browsing(chromium: Browser, live: Live, **options: Any) -> BrowserContext:
    """A browser that shares nothing with others, and moves nothing."""
    context = chromium.new_context(base_url=live.url, reduced_motion="reduce", **{"locale": "en-US", **options})
    context.set_default_timeout(PATIENCE)
    context.add_init_script(_WITNESS)
    return context


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert program, "The browser tests need Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def window(chromium: Browser, live: Live) -> Iterator[Callable[..., BrowserContext]]:
    """Opens browsers that share nothing with each other."""
    opened: list[BrowserContext] = []

    def open_window(**options: Any) -> BrowserContext:
        opened.append(browsing(chromium, live, **options))
        return opened[-1]

    yield open_window
    for context in opened:
        context.close()


@pytest.fixture
def shop(live: Live) -> Shop:
    """A merchant of this test alone."""
    return live.shop()


@pytest.fixture
def visit(window: Callable[..., BrowserContext], shop: Shop) -> Visit:
    """`visit(customer)` follows a fresh link in a browser of its own."""

    def open_visit(
        customer: Customer,
        *,
        configuration: Configuration | None = None,
        sent: dict[str, Any] | None = None,
        **options: Any,
    ) -> Page:
        page = window(**options).new_page()
        page.goto(shop.make.portal_link(customer, configuration or shop.make.configuration(), **(sent or {})))
        return page

    return open_visit
