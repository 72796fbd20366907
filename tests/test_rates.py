"""Limits of rates: counted over all processes, answered as the reference does, free for whoever stays below them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest
import stripe
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import func, select

from portal import clock, create_app, rate_counts
from portal.billing.accounts.new_accounts import NewAccount
from portal.commands.accounts import change_account
from portal.db import Database
from portal.models import RateCount
from portal.settings import InvalidSetting, Settings, from_environment
from portal.web.rates import RateLimiter
from tests import official
from tests.clients import Api, Portal
from tests.factories import Factories

LIMIT = 20


@pytest.fixture
def limited(settings: Settings, database: Database) -> Iterator[Callable[..., Flask]]:
    """Makes an application with limits: one process, as its memory is its own."""
    made = []

    def make(**limits: int) -> Flask:
        app = create_app(replace(settings, **limits))
        app.testing = True
        made.append(app)
        return app

    yield make
    for app in made:
        app.extensions["portal"].database.dispose()


@pytest.fixture
def held_second() -> Iterator[Callable[[int], None]]:
    """The second that requests are counted in stands still until it is moved."""
    with ExitStack() as held:
        now = [clock.now()]

        def move(seconds: int) -> None:
            now[0] += seconds
            held.enter_context(clock.hold_at(now[0]))

        move(0)
        yield move


def test_processes_count_together(database: Database, make: Factories) -> None:
    processes = [RateLimiter(database) for _ in range(4)]
    subject = make.customer().id
    admitted = sum(processes[turn % 4].admits(subject, 40, 1000) for turn in range(400))
    assert 40 <= admitted <= 40 + 4 * 4
    # one second later all begin anew
    assert all(process.admits(subject, 40, 1001) for process in processes)


def test_one_process_lets_through_what_the_limit_says(database: Database, make: Factories) -> None:
    limiter, one, other = RateLimiter(database), make.customer().id, make.customer().id
    assert sum(limiter.admits(one, 7, 1000) for _ in range(20)) == 7
    assert sum(limiter.admits(other, 25, 1000) for _ in range(50)) == 25


def test_below_a_tenth_nothing_is_written(database: Database, make: Factories, count_queries: Any) -> None:
    limiter, subject = RateLimiter(database), make.customer().id
    with count_queries() as statements:
        assert all(limiter.admits(subject, 100, 1000) for _ in range(9))
    assert statements == []
    with count_queries() as statements:
        assert limiter.admits(subject, 100, 1000)
        assert all(limiter.admits(subject, 100, 1000) for _ in range(9))
    assert len([each for each in statements if "rate_counts" in each]) == 1


def test_a_call_too_many_is_refused_as_the_reference_says(
    limited: Callable[..., Flask], merchant: NewAccount, held_second: Callable[[int], None]
) -> None:
    api = Api(limited(rate_limit_test=LIMIT).test_client(), merchant.test_key)
    statuses = Counter(api.request("GET", "customers").status_code for _ in range(LIMIT + 5))
    assert statuses == {200: LIMIT, 429: 5}
    refused = api.request("GET", "customers")
    assert refused.json["error"]["code"] == "rate_limit"
    assert refused.json["error"]["type"] == "invalid_request_error"
    assert refused.headers["Stripe-Rate-Limited-Reason"] == "global-rate"
    assert refused.headers["Retry-After"] == "1"
    assert refused.headers["Stripe-Should-Retry"] == "true"
    # writes are counted apart, and so is the other key
    assert api.request("POST", "customers", name="Jenny Rosen").status_code == 200
    assert Api(api.client, merchant.live_key).request("GET", "customers").status_code == 200
    held_second(1)
    assert api.request("GET", "customers").status_code == 200


def test_a_refused_write_changes_nothing_and_is_tried_again(
    limited: Callable[..., Flask], merchant: NewAccount, held_second: Callable[[int], None]
) -> None:
    api = Api(limited(rate_limit_test=1).test_client(), merchant.test_key)
    headers = {"Idempotency-Key": "order-1042"}
    api.post("products", name="Basic")
    assert api.request("POST", "customers", headers=headers, name="Jenny Rosen").status_code == 429
    held_second(1)
    assert api.get("customers")["data"] == []
    answer = api.request("POST", "customers", headers=headers, name="Jenny Rosen")
    assert answer.status_code == 200
    assert "Idempotent-Replayed" not in answer.headers


def test_the_official_client_tries_again(limited: Callable[..., Flask], merchant: NewAccount) -> None:
    app = limited(rate_limit_test=3)
    refused: list[int] = []
    app.after_request(lambda answer: (refused.append(answer.status_code), answer)[1])
    patient = stripe.StripeClient(
        merchant.test_key,
        base_addresses={"api": "http://localhost"},
        http_client=official.Wire(app),
        max_network_retries=8,
    )
    for _ in range(10):
        patient.v1.customers.list()
    assert 429 in refused
    hasty = official.client(app, merchant.test_key).v1.customers
    with pytest.raises(stripe.RateLimitError):
        list(map(hasty.list, [{}] * 20))


def test_an_account_can_have_a_limit_of_its_own(
    limited: Callable[..., Flask], merchant: NewAccount, database: Database, held_second: Callable[[int], None]
) -> None:
    api = Api(limited(rate_limit_test=LIMIT).test_client(), merchant.test_key)

    def count_admitted(rate: int) -> int:
        said = [merchant.account.id, "--rate-limit", str(rate)]
        done = CliRunner().invoke(change_account, said, obj=lambda: database)
        assert done.exit_code == 0, done.output
        held_second(1)
        return sum(api.request("GET", "customers").status_code == 200 for _ in range(40))

    assert [count_admitted(rate) for rate in (5, 0, -1)] == [5, 40, LIMIT]


def test_visits_of_a_customer_are_counted_together(
    limited: Callable[..., Flask], make: Factories, held_second: Callable[[int], None]
) -> None:
    app = limited(rate_limit_customer=4)
    customer, configuration = make.customer(), make.configuration()
    visits = [Portal.opened(app, make, customer, configuration) for _ in range(2)]
    other = Portal.opened(app, make, make.customer(), configuration)
    held_second(1)
    statuses = [visits[turn % 2].get().status_code for turn in range(6)]
    assert statuses == [200] * 4 + [429] * 2
    assert other.get().status_code == 200


def test_pages_are_counted_by_network(limited: Callable[..., Flask], held_second: Callable[[int], None]) -> None:
    client = limited(rate_limit_network=4).test_client()

    def ask(path: str, address: str) -> int:
        return client.get(path, environ_overrides={"REMOTE_ADDR": address}).status_code

    assert [ask("/p/login/none", "203.0.113.7") for _ in range(6)] == [410] * 4 + [429] * 2
    assert ask("/health/live", "203.0.113.7") == 200
    assert ask("/p/login/none", "203.0.113.8") == 410
    same = [ask("/p/login/none", f"2001:db8:0:1::{last}") for last in range(6)]
    assert same == [410] * 4 + [429] * 2


def test_sums_are_forgotten(database: Database, make: Factories) -> None:
    subject, now = make.customer().id, clock.now()
    assert [rate_counts.add(database, subject, now, 3), rate_counts.add(database, subject, now, 4)] == [3, 7]
    rate_counts.add(database, subject, now - 120, 1)
    with database.writing() as db:
        assert rate_counts.prune(db, now=now) >= 1
    with database.reading() as db:
        kept = select(func.count()).select_from(RateCount).where(RateCount.subject == subject)
        assert db.scalar(kept) == 1


def test_a_limit_must_be_a_number() -> None:
    for value in ("-1", "many", "100001"):
        with pytest.raises(InvalidSetting, match="PORTAL_RATE_LIMIT_LIVE must be a number from 0 to 100000"):
            from_environment({"PORTAL_SECRET_KEY": "x" * 40, "PORTAL_RATE_LIMIT_LIVE": value})
