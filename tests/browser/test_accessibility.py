"""Every page can be used by everyone: light and dark, on a phone and on a desk, in English and in Arabic.

Each page is opened once a language and looked at from all sides: axe-core's rules of WCAG 2.2 AA and its
best practices, no sideways scrolling, targets to tap, nothing fetched from elsewhere, nothing that the
content security policy refuses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Request

from portal.assembly import build_seal
from portal.billing.accounts import provider_access
from portal.billing.subscriptions import cancellations
from portal.billing.subscriptions.params import CancelSubscription
from portal.models import Account
from portal.providers.interface import Access
from portal.web.policies import POLICIES
from tests.browser.conftest import Visit, follow
from tests.browser.plans import offer_of, offered
from tests.browser.scene import Window, opened
from tests.live import Live, Shop
from tests.statements_of_banks import OWN_IBAN

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

#: Pages of a visit below its start, by the endpoint that answers them; `{…}` are ids of the scene.
PAGES = {
    "home.home": ["", "?lang"],
    "invoices.history": ["invoices", "invoices?status=uncollectible"],
    "documents.invoice": ["invoices/{paid}", "invoices/{late}", "invoices/{void}", "invoices/{confirmable}"],
    "corrections.edit": ["invoices/{correctable}/correct"],
    "quotes.overview": ["quotes"],
    "quotes.quote": ["quotes/{quote}"],
    "quotes.accept": ["quotes/{quote}/accept"],
    "quotes.decline": ["quotes/{quote}/decline"],
    "spending.months": ["spending"],
    "payment_calendar.overview": ["calendar"],
    "documents.credit_note": ["credit-notes/{note}"],
    "statements.years": ["statements"],
    "balance.history": ["balance"],
    "downloads.choose": ["downloads"],
    "downloads.progress": ["downloads/{year}"],
    "details.details": ["details"],
    **{f"details.edit_{part}": [f"details/{part}"] for part in ("name", "business_name", "individual_name")},
    **{f"details.edit_{part}": [f"details/{part}"] for part in ("phone", "address", "shipping", "purchase_order")},
    "details.edit_preferred_locales": ["details/preferred_locales"],
    "contacts.people": ["contacts"],
    "contacts.invite": ["contacts/invite"],
    "contacts.change": ["contacts/{contact}"],
    "contacts.remove": ["contacts/{contact}/remove"],
    "own_visits.visits": ["sessions"],
    "email_change.ask": ["details/email"],
    "recipients.add": ["details/recipients"],
    "recipients.remove": ["details/recipients/{recipient}/remove"],
    "tax_ids.add": ["details/tax-ids", "details/tax-ids?country=DE"],
    "tax_ids.remove": ["details/tax-ids/{number}/remove"],
    "payment_methods.overview": ["payment-methods"],
    "collect_now.collect": ["collect"],
    "invoice_pay.pay": ["invoices/{late}/pay"],
    "payouts.ask": ["balance/payout"],
    "payment_method_add.add": ["payment-methods/add", "payment-methods/add?replaces={account}"],
    "payment_methods.remove": ["payment-methods/{account}/remove", "payment-methods/{card}/remove"],
    "card_add.add": ["payment-methods/card", "payment-methods/card?replaces={card}"],
    "payment_confirm.confirm": ["payments/{payment}/confirm"],
    "subscriptions.cancel": ["subscriptions/{plan}/cancel"],
    "pauses.pause": ["subscriptions/{plan}/pause"],
    "pauses.resume": ["subscriptions/{paused}/continue"],
    "plans.overview": ["plans"],
    "plan_choice.choose": ["subscriptions/{upgradable}/change", "subscriptions/{upgradable}/change?interval=1-year"],
    "plan_changes.confirm": ["subscriptions/{upgradable}/change/confirm?price={gold}&quantity=3"],
    "plan_results.changed": [f"subscriptions/{{{plan}}}/changed" for plan in ("coming", "unpaid", "upgradable")],
    "subscriptions.canceled": ["subscriptions/{ending}/canceled"],
    "withdrawal.withdraw": ["subscriptions/{plan}/withdraw"],
}
#: What is no page but a file, a picture, a number, or leads to a page.
FILES = re.compile(r"/(pdf|receipt|stay|details/edit)$|\.(csv|ics|pdf|svg|xml|zip|<format>)$")
#: Pages that are opened by a way of their own, each by a test below.
#: What leads to a page of the provider, and back.
LEADING = {f"{name}_elsewhere.{way}" for name in ("card_add", "payment_confirm") for way in ("back", "cancel", "start")}
LEADING |= {"plan_start.done"}
ON_THEIR_WAY = {
    "email_change.code",
    "flows.done",
    "plan_start.choose",
    "retention.offer",
    "staying.offer",
    "staying.reason",
    "withdrawal.outcome",
}
DOCUMENTATION = [
    "/docs",
    "/docs/search?q=due_date",
    "/docs/invoices",
    "/docs/subscriptions/PostSubscriptions",
    "/docs/invoices/invoice",
    "/docs/guides/documents",
]
ELSEWHERE = [
    "nowhere",
    "/p/session/unknown",
    "{public}",
    "{offered}",
    "{keep}",
    "{keep_change}",
    "{undo}",
    "{cancel}",
    "{withdraw}",
    "{receipt}",
    "{join}",
    "/undo/unknown",
    "/patterns",
    *DOCUMENTATION,
]
PATHS = [path for paths in PAGES.values() for path in paths] + ELSEWHERE


@pytest.fixture(scope="module")
def windows(chromium: Browser, live_server: Live) -> Iterator[dict[str, Window]]:
    """A window of each language; pages are opened in it one after the other."""
    windows = {language: opened(chromium, live_server, language) for language in ("en", "ar")}
    yield windows
    for window in windows.values():
        window.page.context.close()


def problems(page: Page, *, dark: bool = True) -> list[str]:
    """What keeps anyone from using the page as it is: dark on a desk, light on a phone."""
    found = [f"scrolls sideways at {width}" for width in (1600, 1280, 768, 360) if _scrolls_sideways(page, width)]
    found += _violations(page, 1280, "dark") if dark else []
    found += _violations(page, 360, "light")
    return [*found, *page.evaluate(_SMALL_TARGETS), *page.evaluate("window.refused")]


def _violations(page: Page, width: int, scheme: Literal["dark", "light"]) -> list[str]:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    results = Axe().run(page, options={"runOnly": TAGS, "resultTypes": ["violations"]}).response["violations"]
    nodes = [(each["id"], node) for each in results for node in each["nodes"]]
    return [f"{scheme}: {id}: {node['target']} {node['html']} {node['failureSummary']}" for id, node in nodes]


def _scrolls_sideways(page: Page, width: int) -> bool:
    page.set_viewport_size({"width": width, "height": 800})
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


#: What is to be tapped is 24 px high and wide, unless it is a link within words; buttons and fields are 44 px high.
_SMALL_TARGETS = """() => {
    const small = [];
    for (const each of document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea, summary")) {
        const own = each.getBoundingClientRect(), box = (each.closest(".choice") ?? each).getBoundingClientRect();
        const least = each.matches(".button, .input, .choice input") ? 44 : 24;
        const inWords = getComputedStyle(each).display === "inline";
        if (!each.checkVisibility() || each.matches(".skip") || (inWords && least === 24)) continue;
        if (box.height < least || own.width < 24) small.push(`too small: ${each.outerHTML} ${own.width}x${box.height}`);
    }
    return small;
}"""


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_for_everyone(windows: dict[str, Window], path: str, language: str) -> None:
    window = windows[language]
    window.go(path)
    # colours are the same in both languages, so one look at the dark ones will do
    assert problems(window.page, dark=language == "en") == []
    assert window.foreign == []


def test_every_page_of_a_visit_is_looked_at(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    pages = {rule.endpoint for rule in rules if POLICIES[rule.endpoint].who == "visit" and not FILES.search(rule.rule)}
    pages -= LEADING
    listed = set(PAGES) | ON_THEIR_WAY
    assert pages == listed, f"PAGES in this file lacks, or has too many: {sorted(pages ^ listed)}"


def test_arabic_pages_run_from_right_to_left(windows: dict[str, Window]) -> None:
    window = windows["ar"]
    window.go("")
    html, heading = window.page.locator("html"), window.page.get_by_role("heading", level=1)
    assert (html.get_attribute("dir"), html.get_attribute("lang")) == ("rtl", "ar")
    assert re.search("[\u0600-\u06ff]", heading.inner_text())


@pytest.mark.parametrize(
    ("path", "button"),
    [
        ("details/email", "Send the code"),
        ("details/tax-ids?country=DE", "Add the tax ID"),
        ("details/name", "Save"),
        ("details/address", "Save"),
        ("subscriptions/{upgradable}/change", "See what it costs"),
    ],
)
def test_a_page_with_errors_is_for_everyone(windows: dict[str, Window], path: str, button: str) -> None:
    window = windows["en"]
    window.go(path)
    for each in window.page.get_by_role("textbox").all():
        each.fill("")
    follow(window.page.get_by_role("button", name=button))
    assert window.page.get_by_role("alert").is_visible()
    assert window.page.title().startswith("Error: ")
    assert problems(window.page) == []


def test_the_page_for_the_code_is_for_everyone(windows: dict[str, Window]) -> None:
    window = windows["en"]
    window.go("details/email")
    window.page.get_by_label("Email").fill("somebody@example.com")
    window.page.get_by_role("button", name="Send the code").click()
    window.page.get_by_label("Code").wait_for()
    assert problems(window.page) == []


def test_the_end_of_a_flow_is_for_everyone(visit: Visit, shop: Shop) -> None:
    after = {"type": "hosted_confirmation", "hosted_confirmation": {"custom_message": "Thanks!"}}
    page = visit(shop.make.customer(), sent={"flow_data": {"type": "customer_update", "after_completion": after}})
    page.get_by_role("button", name="Yes, I'm done").click()
    page.get_by_text("Thanks!").wait_for()
    assert problems(page) == []


def test_the_second_step_of_canceling_without_a_login_is_for_everyone(windows: dict[str, Window]) -> None:
    window = windows["en"]
    window.go("{cancel}")
    follow(window.page.get_by_role("button", name="Continue"))
    assert problems(window.page) == []
    for label, text in (("Your name", "Jenny Rosen"), ("Email address", "jenny@example.com"), ("Number", "INV-1")):
        window.page.get_by_label(label).fill(text)
    follow(window.page.get_by_role("button", name="Continue"))
    window.page.get_by_role("heading", name="Cancel now?").wait_for()
    assert problems(window.page) == []


def test_withdrawing_is_for_everyone(visit: Visit, shop: Shop, windows: dict[str, Window]) -> None:
    customer = shop.make.customer()
    plan = shop.make.subscription(customer)
    configuration = shop.make.configuration(subscription_withdrawal={"enabled": True})
    page = visit(customer, configuration=configuration)
    follow(page.get_by_role("link", name="Withdraw from contract here"))
    follow(page.get_by_role("button", name="Confirm withdrawal"))
    page.get_by_role("link", name="Receipt of the withdrawal (PDF)").wait_for()
    assert page.url.endswith(f"subscriptions/{plan.id}/withdrawn")
    assert problems(page) == []
    window = windows["ar"]
    window.go("{withdraw}")
    for name, text in (("name", "Jenny Rosen"), ("email", "jenny@example.com"), ("reference", "INV-1")):
        window.page.locator(f"input[name={name}]").fill(text)
    follow(window.page.get_by_role("button"))
    window.page.locator("button[name=confirm]").wait_for()
    assert problems(window.page) == []


def test_the_offers_by_reason_are_for_everyone(visit: Visit, shop: Shop) -> None:
    plans, make = offered(shop.make), shop.make
    wanted = [
        {"type": "coupon", "coupon": make.coupon().id, "reasons": ["too_expensive"]},
        {"type": "pause", "reasons": ["unused"]},
        {"type": "price", "price": plans.silver.id},
    ]
    cancel = {"cancellation_reason": {"enabled": True, "options": ["too_expensive", "unused", "other"]}}
    features = plans.configuration.features
    cancel |= {"enabled": True, "retention": {"enabled": True, "offers": wanted}}
    configuration = make.configuration(
        subscription_cancel=cancel,
        **{name: features[name] for name in ("subscription_pause", "subscription_update")},
    )
    for reason, said in (("too_expensive", "less?"), ("unused", "Pause"), ("other", "Change to Silver plan instead?")):
        customer = make.customer()
        plan = make.subscription(customer, plans.gold)
        flow = {"type": "subscription_cancel", "subscription_cancel": {"subscription": plan.id}}
        page = visit(customer, configuration=configuration, sent={"flow_data": flow})
        assert problems(page) == []
        page.locator(f"input[value={reason}]").check()
        follow(page.get_by_role("button", name="Continue"))
        page.get_by_role("heading", name=said).wait_for()
        assert problems(page) == []


def test_the_offer_before_canceling_is_for_everyone(visit: Visit, shop: Shop) -> None:
    customer = shop.make.customer()
    cancel = {"subscription": shop.make.subscription(customer).id, "retention": offer_of(shop.make.coupon())}
    page = visit(customer, sent={"flow_data": {"type": "subscription_cancel", "subscription_cancel": cancel}})
    page.get_by_role("heading", name="Stay for 10% less?").wait_for()
    assert problems(page) == []


def test_the_start_of_a_plan_is_for_everyone(visit: Visit, shop: Shop, live: Live) -> None:
    with live.database.writing(shop.make.scope) as db:
        account = db.get_one(Account, shop.make.scope.account_id)
        account.settings = {**account.settings, "invoices": {"bank_transfer": {"iban": OWN_IBAN}}}
    plans, customer = offered(shop.make), shop.make.customer()
    shop.make.run(cancellations.cancel, CancelSubscription, shop.make.subscription(customer, plans.gold))
    page = visit(customer, configuration=plans.configuration)
    assert problems(page) == []
    page.get_by_role("link", name="Start again").click()
    page.get_by_role("heading", name="Choose a plan").wait_for()
    assert problems(page) == []
    page.get_by_role("button", name="See what it costs").click()
    page.get_by_role("heading", name="Subscribe").wait_for()
    page.get_by_role("button", name="Subscribe for").click()
    page.get_by_text("has started").wait_for()


def test_the_way_to_a_page_of_stripe_is_for_everyone(visit: Visit, shop: Shop, live: Live) -> None:
    with live.database.writing(shop.make.scope) as db:
        provider_access.give_access(db, "stripe", Access("sk_test_x", "whsec_x"), seal=build_seal(live.settings))
    chosen = shop.make.configuration(payment_method_update={"enabled": True})
    page = visit(shop.make.customer(), configuration=chosen)
    page.goto(f"{page.url}payment-methods/card")
    page.get_by_role("link", name="Continue to Stripe").wait_for()
    assert problems(page) == []


def test_an_empty_home_page_and_the_signed_out_page_are_for_everyone(visit: Visit, shop: Shop) -> None:
    page = visit(shop.make.customer())
    assert problems(page) == []
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="You are signed out").wait_for()
    assert problems(page) == []


def test_the_home_page_is_light(window: Callable[..., BrowserContext], shop: Shop) -> None:
    customer = shop.make.customer()
    shop.make.subscription(customer)
    for _ in range(6):
        shop.make.paid_invoice(customer)
    page = window().new_page()
    requests: list[Request] = []
    page.on("request", lambda request: requests.append(request))
    page.goto(shop.make.portal_link(customer, shop.make.configuration()))
    answers = [
        answer for each in requests if each.resource_type in ("document", "stylesheet") and (answer := each.response())
    ]
    sizes = {answer.url: len(answer.body()) for answer in answers if answer.ok}
    assert len(sizes) == 3
    assert sum(sizes.values()) < 40_000, sizes
