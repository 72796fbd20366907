"""Pages, calls and work cost what `budgets.toml` says: statements, bytes, and instructions of Python."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from flask import Flask

from portal import clock
from portal.billing.lifecycle import steps
from portal.db import Database
from portal.models import Customer
from portal.origins import Origin
from tests import counting
from tests.api.test_samples import play_day
from tests.browser import plans, scene
from tests.browser.test_accessibility import PAGES
from tests.clients import Api, Portal
from tests.factories import Factories

pytestmark = pytest.mark.usefixtures("held_clock")
LINES = range(1000, 1008)
#: Of a page with its stylesheets and scripts.
MOST_BYTES = 40_000


@dataclass(frozen=True)
class Shop:
    """A customer with a year of invoices in an open session, and enough others to fill a list of a hundred."""

    app: Flask
    make: Factories
    api: Api
    visit: Portal
    customer: Customer

    def get(self, path: str, **params: Any) -> Callable[[], Any]:
        """A call that reads."""
        return lambda: self.api.request("GET", path, **params)

    def post(self, path: str, **params: Any) -> Callable[[], Any]:
        """A call that writes."""
        return lambda: self.api.request("POST", path, **params)


@pytest.fixture
def shop(
    app: Flask, make: Factories, api: Api, portal: Callable[..., Portal], caplog: pytest.LogCaptureFixture
) -> Shop:
    # other tests leave it as they like, and a record costs more than the line that production writes
    caplog.set_level(logging.WARNING, logger="portal")
    customer = make.customer()
    make.subscription(customer)
    for month in range(13):
        make.paid_invoice(customer, *LINES, now=clock.now() - month * 30 * clock.DAY)
    for _ in range(87):
        make.invoice(make.customer(), 1000, 2000)
    return Shop(app, make, api, portal(customer, make.configuration()), customer)


#: The hottest requests: what each asks for, made anew each time it is asked.
REQUESTS: dict[str, Callable[[Shop], Callable[[], Any]]] = {
    "home page": lambda shop: lambda: shop.visit.get(),
    "history page": lambda shop: lambda: shop.visit.get("invoices"),
    "invoice page": lambda shop: lambda: shop.visit.get(f"invoices/{_newest(shop)}"),
    "stored PDF": lambda shop: lambda: shop.visit.get(f"invoices/{_newest(shop)}/pdf"),
    "list of a customer's invoices": lambda shop: shop.get("invoices", customer=shop.customer.id, limit=10),
    "list of 100 invoices with lines": lambda shop: shop.get("invoices", limit=100),
    "create customer": lambda shop: shop.post("customers", name="Jenny Rosen", email="jenny.rosen@example.com"),
    "create session": lambda shop: shop.post("billing_portal/sessions", customer=shop.customer.id),
    "finalize invoice": lambda shop: shop.post(f"invoices/{shop.make.draft(None, *LINES).id}/finalize"),
    "record payment": lambda shop: shop.post(
        f"invoices/{shop.make.invoice(None, *LINES).id}/pay", paid_out_of_band=True
    ),
}


def _newest(shop: Shop) -> str:
    return str(shop.api.get("invoices", customer=shop.customer.id, limit=1)["data"][0]["id"])


@pytest.mark.usefixtures("listened_to")
def test_instructions_of_hot_requests(shop: Shop, database: Database) -> None:
    def count(name: str) -> int:
        ask = REQUESTS[name](shop)
        with counting.around_requests(shop.app, counting.counting_instructions) as found:
            assert ask().status_code == 200, name
        return int(found[-1].count)

    counts = {name: counting.least(partial(count, name)) for name in REQUESTS}
    counting.check_instructions("requests", database, counts)


@pytest.mark.usefixtures("listened_to")
def test_instructions_of_a_renewal(make: Factories, database: Database) -> None:
    renewal = counting.least(lambda: counting.instructions_of(_renewal(make)))
    counting.check_instructions("renewals", database, {"renewal": renewal})


def _renewal(make: Factories) -> Callable[[], Any]:
    """A step that is due: a month of a subscription is over."""
    now = clock.now()
    customer = make.subscription(now=now - 32 * clock.DAY).customer_id

    def renew() -> None:
        with make.database.writing(make.scope, Origin("worker")) as db:
            assert steps.take_step(db, customer, until=now)

    return renew


def test_statements_of_every_call(
    app: Flask, api: Api, make: Factories, database: Database, count_queries: Any
) -> None:
    """Of a day in which each call is made, by the first of each."""
    counts: dict[str, int] = {}
    with counting.around_requests(app, count_queries) as found:
        play_day(api, make, lambda call, sample, answer: counts.setdefault(call, len(found[-1])))
    counting.check(f"statements of calls, {database.dialect}", counts, tolerance=0)


def test_statements_and_bytes_of_every_page(
    app: Flask, api: Api, make: Factories, portal: Callable[..., Portal], database: Database, count_queries: Any
) -> None:
    api.post("account", settings={"direct_debit": scene.CREDITOR, "payments": {"provider": "sandbox"}})
    customer, offered = make.customer(), plans.offered(make)
    ids = scene.add_rows(make, customer) | scene.add_plans(offered, customer)
    scene.add_credit(make, customer)
    visit = portal(customer, offered.configuration)
    statements, sizes = {}, {}
    for path in [path for paths in PAGES.values() for path in paths]:
        visit.get(path.format(**ids))
        with counting.around_requests(app, count_queries) as found:
            answer = visit.get(path.format(**ids))
        assert answer.status_code == 200, path
        statements[path or "home"] = len(found[-1])
        sizes[path or "home"] = len(answer.data) + _bytes_of_assets(visit, answer.get_data(as_text=True))
    counting.check(f"statements of pages, {database.dialect}", statements, tolerance=0)
    assert {path: size for path, size in sizes.items() if size > MOST_BYTES} == {}
    counting.check("bytes of pages", sizes)


def _bytes_of_assets(visit: Portal, html: str) -> int:
    """Of the stylesheets and scripts that a browser fetches for a page."""
    paths = re.findall(r'<(?:link rel="stylesheet" href|script src)="([^"]+)"', html)
    assert paths
    size = 0
    for path in paths:
        with visit.client.get(path, base_url="https://localhost") as answer:
            size += len(answer.data)
    return size


def test_a_budget_tells_what_grew_and_by_how_much() -> None:
    budgets = counting.read("bytes of pages")
    grown = {**budgets, "details": budgets["details"] * 106 // 100}
    with pytest.raises(AssertionError, match=r"details: \d+ instead of \d+ \(\+[56]\.\d %\)"):
        counting.compare("bytes of pages", grown)
    counting.compare("bytes of pages", {**budgets, "details": budgets["details"] * 104 // 100})


def test_a_budget_that_is_missing_or_left_over_is_told() -> None:
    budgets = counting.read("bytes of pages")
    with pytest.raises(AssertionError, match="new: 1, which has no budget yet"):
        counting.compare("bytes of pages", {**budgets, "new": 1})
    with pytest.raises(AssertionError, match="home: no longer counted"):
        counting.compare("bytes of pages", {key: value for key, value in budgets.items() if key != "home"})
