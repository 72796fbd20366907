"""The demo merchant, created once, and a fresh portal link at every call."""

import json
import os
from typing import Any

from portal import clock
from portal.billing.customer_portal import new_sessions
from portal.billing.customer_portal.params import CreateSession
from portal.db import Database, Scope
from portal.demo.creation import create_merchant
from portal.settings import Settings

LINK_LIFETIME = clock.HOUR


def ensure_merchant(settings: Settings, database: Database) -> dict[str, str]:
    """The demo merchant, created at the first call, and a fresh portal link for its first customer.

    Returns `account`, `test_key`, `customer`, `portal_url`. The key is stored in a file beside the embedded
    database, because the database holds only its hash.
    """
    file = settings.instance / "demo.json"
    if not file.exists():
        made = create_merchant(database, now=clock.now())
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
