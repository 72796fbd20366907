"""Makes the demo merchant once, and a fresh portal link at every call."""

from __future__ import annotations

import json
import os
from operator import itemgetter
from typing import Any

from sqlalchemy import select

from portal import clock
from portal.billing.accounts import new_accounts
from portal.billing.accounts.new_accounts import CreateAccount
from portal.billing.customer_portal import new_sessions
from portal.billing.customer_portal.params import CreateSession
from portal.db import Database, Scope
from portal.demo.account import create_configuration, set_up_account
from portal.demo.catalogue import create_catalogue
from portal.demo.histories import MONTHS, customer_year
from portal.demo.people import PEOPLE
from portal.models import Customer
from portal.rules import periods
from portal.settings import Settings

LINK_LIFETIME = clock.HOUR


def ensure_merchant(settings: Settings, database: Database) -> dict[str, str]:
    """The demo merchant, created at the first call, and a fresh portal link for its first customer.

    Returns `account`, `test_key`, `customer`, `portal_url`. The key is stored in a file beside the embedded
    database, because the database holds only its hash.
    """
    file = settings.instance / "demo.json"
    if not file.exists():
        made = _create_merchant(database, now=clock.now())
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as target:
            json.dump(made, target)
    kept = json.loads(file.read_text())
    return {
        "account": kept["account"],
        "test_key": kept["test_key"],
        "customer": kept["customer"],
        "portal_url": settings.base_url + _create_portal_link(database, kept),
    }


def _create_portal_link(database: Database, kept: dict[str, Any]) -> str:
    scope = Scope(kept["tenant"], kept["account"], livemode=False)
    now = clock.now()
    with database.writing(scope) as db:
        command = CreateSession(customer=kept["customer"], configuration=kept["configuration"])
        new = new_sessions.create(db, command, now=now)
        # a person reads it off a screen, so it waits longer than one that a program redirects to
        new.session.link_expires_at = now + LINK_LIFETIME
        return f"/p/session/{new.link_secret}"


def _create_merchant(database: Database, *, now: int) -> dict[str, Any]:
    start = periods.add(now, "month", 1, -MONTHS) + 3 * clock.DAY
    with database.writing() as db:
        merchant = new_accounts.create(db, CreateAccount("Rocket Rides", "DE", "hello@example.com", "eur"), now=start)
    scope = Scope(merchant.test.id, merchant.account.id, livemode=False)
    with database.writing(scope) as db:
        set_up_account(db, merchant.account.id, start)
        prices, rate = create_catalogue(db, start)
        price = prices[0]
        configuration = create_configuration(db, prices, start)
        year = [happening for person in PEOPLE for happening in customer_year(db, person, price, rate, start, now)]
        for _, happen in sorted(year, key=itemgetter(0)):
            happen()
        first = db.scalars(select(Customer).where(Customer.email == PEOPLE[0].sent["email"])).one()
        return {
            "account": merchant.account.id,
            "tenant": merchant.test.id,
            "test_key": merchant.test_key,
            "customer": first.id,
            "configuration": configuration.id,
        }
