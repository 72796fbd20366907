"""Two merchants, each at a host name of its own, in a browser."""

from __future__ import annotations

from urllib.parse import urlsplit

import stripe
from playwright.sync_api import Browser, expect

from tests.browser.conftest import browsing
from tests.live import Live


def test_each_merchant_is_at_its_own_host(chromium: Browser, live: Live) -> None:
    context = browsing(chromium, live)
    page = context.new_page()
    paths = {}
    for name in ("ada", "bob"):
        shop, host = live.shop(name.title()), f"{name}.shop.localhost"
        client = stripe.StripeClient(shop.keys.test_key, base_addresses={"api": live.url})
        client.raw_request("post", "/v1/account", settings={"portal": {"host": host}})
        customer = client.v1.customers.create({"name": f"{name} Lovelace", "email": f"{name}@example.com"})
        url = client.v1.billing_portal.sessions.create({"customer": customer.id}).url
        assert urlsplit(url).netloc == f"{host}:{urlsplit(live.url).port}"
        page.goto(url)
        expect(page.get_by_text(f"{name} Lovelace").first).to_be_visible()
        page.get_by_role("link", name="Billing information").first.click()
        page.get_by_role("link", name="Change Name or company").click()
        page.get_by_label("Name or company").first.fill(f"{name} Byron")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text(f"{name} Byron").first).to_be_visible()
        assert urlsplit(page.url).hostname == host
        paths[host] = urlsplit(page.url).path
        (cookie,) = [each for each in context.cookies(page.url) if "-portal-" in each["name"]]
        assert (cookie["domain"], cookie["secure"]) == (host, True)
    port = urlsplit(live.url).port
    for host, path in zip(paths, reversed(paths.values()), strict=True):
        answer = page.goto(f"http://{host}:{port}{path}")
        assert answer is not None
        assert answer.status in {404, 410}
        assert "Lovelace" not in page.content()
        assert "Byron" not in page.content()
    context.close()
