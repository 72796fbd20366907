"""Measures renewals: 10,000 subscriptions whose period has ended, taken on by one worker."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from bench.data import customer_row, insert
from portal import clock, ids, schema
from portal.assembly import assemble_services
from portal.billing.accounts import new_accounts
from portal.billing.accounts.new_accounts import CreateAccount
from portal.billing.catalogue import prices, products
from portal.db import Database, Scope
from portal.models import Customer, Price, Subscription, SubscriptionItem
from portal.settings import Settings
from portal.wire.commands import parse_command
from portal.worker.customer_steps import take_due_steps

#: Renewed before the clock starts, so that statements are built and caches filled.
WARM = 200


def per_second(database: Database, settings: Settings, count: int) -> float:
    """How many of `count` due subscriptions a worker renews in a second, each in a transaction of its own."""
    now = clock.now()
    _fill(database, count, now)
    url = database.url.render_as_string(hide_password=False)
    services = assemble_services(replace(settings, database_url=url))
    assert take_due_steps(services, now) == WARM
    start, renewed = time.monotonic(), 0
    while done := take_due_steps(services, now):
        renewed += done
    taken = time.monotonic() - start
    services.database.dispose()
    assert renewed == count - WARM
    return renewed / taken


def _fill(database: Database, count: int, now: int) -> None:
    schema.upgrade(database)
    with database.writing() as db:
        merchant = new_accounts.create(db, CreateAccount("Bench", "DE", None, "eur"), now=now)
    scope = Scope(merchant.test.id, merchant.account.id, livemode=False)
    with database.writing(scope) as db:
        price = _price(db, now)
    owners = [ids.new("customer") for _ in range(count)]
    insert(database, Customer, (customer_row(scope, id, index, now) for index, id in enumerate(owners)))
    pairs = [(ids.new("subscription"), owner) for owner in owners]
    insert(database, Subscription, _subscriptions(scope, pairs, now))
    insert(database, SubscriptionItem, _items(scope, [id for id, _ in pairs], price.id, now))


def _price(db: Any, now: int) -> Price:
    product = products.create_product(db, products.CreateProduct(name="Gold plan"), now=now)
    sent = {"product": product.id, "currency": "eur", "unit_amount": "1900", "recurring": {"interval": "month"}}
    return prices.create_price(db, parse_command(prices.CreatePrice, sent), now=now)


def _subscriptions(scope: Scope, pairs: list[tuple[str, str]], now: int) -> Iterator[dict[str, Any]]:
    start = now - 31 * clock.DAY
    for index, (id, owner) in enumerate(pairs):
        end = now - index % clock.HOUR // 2
        yield {
            "tenant_id": scope.tenant_id,
            "id": id,
            "created": start,
            "customer_id": owner,
            "status": "active",
            "currency": "eur",
            "collection_method": "charge_automatically",
            "start_date": start,
            "billing_cycle_anchor": end,
            "current_period_start": start,
            "current_period_end": end,
            "cancel_at_period_end": False,
            "cancellation_details": {},
            "default_tax_rates": [],
            "discounts": [],
            "metadata": {},
            "next_step_at": end,
            "revision": 1,
        }


def _items(scope: Scope, subscriptions: list[str], price: str, now: int) -> Iterator[dict[str, Any]]:
    for id in subscriptions:
        yield {
            "tenant_id": scope.tenant_id,
            "id": ids.new("subscription_item"),
            "created": now,
            "subscription_id": id,
            "price_id": price,
            "quantity": 1,
            "discounts": [],
            "tax_rates": [],
            "metadata": {},
        }
