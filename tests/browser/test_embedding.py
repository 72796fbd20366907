"""The portal within a page of the merchant, on another site, in a browser that blocks the cookies of others."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import stripe
from playwright.sync_api import Browser, Frame, Page

from portal.billing.configurations import configurations
from portal.billing.configurations.configurations import UpdateConfiguration
from tests import debits
from tests.browser.conftest import browsing
from tests.browser.plans import offered
from tests.live import Live, Shop

PATIENCE = 10_000
#: The merchant's page: `told` are the events that it hears.
HOST = """<!doctype html><html lang="en"><title>Shop</title><body><h1>Account</h1><div id="billing"></div>
<script src="{portal}/embed.js"></script><script>
  window.told = [];
  BillingPortal.embed("#billing", {{url: {url}, onEvent: (event) => told.push(event)}});
</script></body></html>"""


@pytest.fixture(scope="module")
def strict(chromium: Browser) -> Iterator[Browser]:
    """A Chromium that keeps no cookie of a frame from another site, unless it is bound to the site around it."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    arguments = ["--no-sandbox", "--test-third-party-cookie-phaseout"]
    browser = chromium.browser_type.launch(executable_path=program, args=arguments)
    yield browser
    browser.close()


Answers = dict[str, tuple[str, dict[str, str]]]


@contextmanager
def serving(answers: Answers, seen: list[str] | None = None) -> Iterator[int]:
    """A server of these pages by their paths; `seen` are the cookies that came with each."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if seen is not None:
                seen.append(f"{self.path} {self.headers.get('Cookie', '')}")
            words, headers = answers.get(self.path, ("", {}))
            self.send_response(200)
            for name, value in {"Content-Type": "text/html; charset=utf-8", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(words.encode())

        def log_message(self, format: str, *arguments: Any) -> None:
            """Silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture
def client(shop: Shop, live: Live) -> stripe.StripeClient:
    return stripe.StripeClient(shop.keys.test_key, base_addresses={"api": live.url})


#: Opens the merchant's page with the portal within it, by the parameters of a session.
Embedding = Callable[..., tuple[Page, Frame]]


@pytest.fixture
def embedded(strict: Browser, live: Live, shop: Shop) -> Iterator[Embedding]:
    answers: Answers = {}
    contexts = []
    with serving(answers) as port:
        origin = f"http://localhost:{port}"
        plans = offered(shop.make)
        configuration = plans.configuration
        shop.make.run(configurations.update, UpdateConfiguration, configuration, embedding={"origins": [origin]})

        def open_page(customer: Any, **sent: Any) -> tuple[Page, Frame]:
            embed = {"origin": origin, **sent.pop("embed", {})}
            url = live.url + shop.make.portal_link(customer, configuration, embed=embed, **sent)
            answers["/"] = (HOST.format(portal=live.url, url=json.dumps(url)), {})
            contexts.append(browsing(strict, live))
            page = contexts[-1].new_page()
            page.goto(f"{origin}/")
            handle = page.wait_for_selector("iframe")
            frame = handle.content_frame() if handle else None
            assert frame is not None
            return page, frame

        yield open_page
    for context in contexts:
        context.close()


def test_this_browser_keeps_no_cookie_of_a_frame_from_elsewhere(strict: Browser, live: Live) -> None:
    seen: list[str] = []
    cookies = {"Set-Cookie": "plain=1; Secure; SameSite=None; Path=/"}
    pages: Answers = {}
    with serving({"/set": ("<a href='/get'>on</a>", cookies)}, seen) as theirs, serving(pages) as own:
        pages["/"] = (f"<iframe src='http://127.0.0.1:{theirs}/set'></iframe>", {})
        context = browsing(strict, live)
        page = context.new_page()
        page.goto(f"http://localhost:{own}/")
        page.frame_locator("iframe").get_by_text("on").click()
        page.wait_for_timeout(200)
        context.close()
    assert [each for each in seen if each.startswith("/get")] == ["/get "]


def test_a_customer_goes_through_the_portal_within_the_shop(embedded: Embedding, shop: Shop) -> None:
    customer = shop.make.customer(name="Jenny Rosen")
    shop.make.invoice(customer, 5000)
    page, frame = embedded(customer)
    frame.get_by_role("link", name="Invoices").first.click()
    frame.get_by_role("heading", name="Invoices", level=1).wait_for()
    frame.get_by_role("link", name="Billing information").first.click()
    frame.get_by_role("heading", name="Billing information", level=1).wait_for()
    frame.get_by_role("link", name="Change Name or company").click()
    frame.get_by_label("Name or company").first.fill("Jenny Rosen-Meyer")
    frame.get_by_role("button", name="Save").click()
    frame.get_by_text("Jenny Rosen-Meyer").first.wait_for()
    told = page.evaluate("told.map(event => `${event.type} ${event.page}`)")
    assert told[:3] == ["page home", "page invoices", "page details"]
    # it is as high as what it shows, and has neither the merchant's panel nor a way to sign out
    high = page.evaluate("document.querySelector('iframe').clientHeight")
    assert abs(high - frame.evaluate("document.body.getBoundingClientRect().height")) <= 2
    assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert frame.get_by_role("button", name="Sign out").count() == 0
    assert frame.locator(".panel").count() == 0
    assert frame.evaluate("refused") == []


def test_one_part_alone(embedded: Embedding, shop: Shop) -> None:
    customer = shop.make.customer()
    shop.make.invoice(customer, 5000)
    _page, frame = embedded(customer, embed={"section": "invoices"})
    frame.get_by_role("heading", name="Invoices", level=1).wait_for()
    assert frame.get_by_role("navigation").count() == 0


def test_a_plan_is_started_changed_and_canceled_within_the_shop(embedded: Embedding, shop: Shop) -> None:
    debits.begin_collecting(shop.make)
    customer = shop.make.customer(name="Jenny Rosen", email="jenny@example.com")
    page, frame = embedded(customer, embed={"section": "plans"})
    frame.get_by_role("heading", name="Plans", level=1).wait_for()
    assert frame.get_by_role("navigation").count() == 0
    frame.get_by_role("link", name="Choose Silver plan").first.click()
    frame.get_by_role("button", name="See what it costs").click()
    frame.get_by_label("IBAN").fill("DE89370400440532013000")
    frame.get_by_role("checkbox").check()
    frame.get_by_role("button", name="Start").click()
    frame.get_by_text("has started.").wait_for()
    frame.get_by_role("link", name="Change plan Silver plan").click()
    frame.get_by_label("Gold plan").check()
    frame.get_by_role("button", name="See what it costs").click()
    frame.get_by_role("button", name="Change").click()
    frame.get_by_role("heading", name="Your plan will change to Gold plan").wait_for()
    frame.get_by_role("link", name="Go to your billing").click()
    frame.get_by_role("link", name="Cancel plan").click()
    frame.get_by_role("heading", name="Cancel Silver plan?").wait_for()
    frame.locator("main form button.button-danger").click()
    frame.get_by_role("heading", name="is canceled").or_(frame.get_by_role("heading", name="ends")).first.wait_for()
    told = list(dict.fromkeys(page.evaluate("told.map(event => event.page)")))
    assert told == ["plans", "subscribe", "checkout", "subscriptions"]
    high = page.evaluate("document.querySelector('iframe').clientHeight")
    assert abs(high - frame.evaluate("document.body.getBoundingClientRect().height")) <= 2


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("device", ["dark", "light"])
def test_it_has_the_colours_of_the_page_around_it(embedded: Embedding, shop: Shop, theme: str, device: Any) -> None:
    page, frame = embedded(shop.make.customer(), embed={"theme": theme})
    page.emulate_media(color_scheme=device)
    frame.get_by_role("link", name="Billing information").first.wait_for()
    ground = frame.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"dark": "rgb(19, 21, 24)", "light": "rgb(255, 255, 255)"}[theme]
    assert frame.evaluate("getComputedStyle(document.documentElement).colorScheme") == theme
    assert frame.evaluate("refused") == []


def test_the_end_of_a_visit_is_told(embedded: Embedding, shop: Shop, client: stripe.StripeClient) -> None:
    customer = shop.make.customer()
    page, frame = embedded(customer)
    frame.get_by_role("link", name="Billing information").first.wait_for()
    (session,) = client.raw_request("get", "/v1/billing_portal/sessions").data["data"]
    client.raw_request("post", f"/v1/billing_portal/sessions/{session['id']}/expire")
    frame.get_by_role("link", name="Billing information").first.click()
    frame.get_by_role("heading", name="You are signed out").wait_for()
    page.wait_for_function("told.some(event => event.type === 'ended')")


def test_a_task_that_is_done_is_told(embedded: Embedding, shop: Shop) -> None:
    customer = shop.make.customer()
    flow = {
        "type": "customer_update",
        "after_completion": {"type": "redirect", "redirect": {"return_url": "https://shop.example/thanks"}},
    }
    page, frame = embedded(customer, flow_data=flow)
    frame.get_by_role("button", name="Done").click()
    frame.get_by_role("heading", name="All done").wait_for()
    page.wait_for_function("told.some(event => event.type === 'done')")
    assert frame.url.endswith("/done")


def test_no_other_page_can_show_it(embedded: Embedding, strict: Browser, shop: Shop, live: Live) -> None:
    customer = shop.make.customer()
    _page, frame = embedded(customer)
    frame.get_by_role("link", name="Billing information").first.wait_for()
    ordinary = live.url + shop.make.portal_link(customer, shop.make.configuration())
    for address in (frame.url, ordinary):
        with serving({"/": (f"<iframe src='{address}'></iframe>", {})}) as port:
            context = browsing(strict, live)
            page = context.new_page()
            page.goto(f"http://localhost:{port}/")
            page.wait_for_timeout(300)
            assert page.frames[1].url.partition(":")[0] in {"", "about", "chrome-error"}, address
            context.close()
