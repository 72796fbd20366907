"""A portal with a database of its own, as webhooks of all merchants go out together."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from portal import clock, create_app
from portal.assembly import Services
from portal.billing.accounts import new_accounts
from portal.billing.accounts.new_accounts import CreateAccount
from portal.db import Scope
from portal.models import WebhookEndpoint
from portal.outbox import webhooks
from portal.settings import from_environment
from tests import databases
from tests.clients import Api
from tests.factories import Factories
from tests.outbox.receiving import Receiver, receiving


@dataclass(frozen=True)
class Hooks:
    """A merchant whose events are sent by this test alone."""

    services: Services
    environment: dict[str, str]
    api: Api
    make: Factories

    def endpoint(self, receiver: Receiver, *types: str, **sent: Any) -> Any:
        return self.api.post("webhook_endpoints", url=receiver.url, enabled_events=list(types or ("*",)), **sent)

    def work(self, now: int | None = None) -> None:
        """Everything that is due until a moment, by the clock of that moment."""
        moment = clock.now() if now is None else now
        with clock.hold_at(moment):
            while webhooks.work(self.services, moment):
                pass

    def deliveries(self, endpoint: Any) -> list[Any]:
        listed: list[Any] = self.api.get(f"webhook_endpoints/{endpoint['id']}/deliveries", limit=100)["data"]
        return listed[::-1]

    def row(self, endpoint: Any) -> WebhookEndpoint:
        with self.services.database.reading(self.make.scope) as db:
            return db.scalars(select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint["id"])).one()


@pytest.fixture
def hooks(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hooks]:
    name = f"portal_hooks_{os.getpid()}_{abs(hash(request.node.name)) % 10**8}"
    environment = {**databases.new_migrated(request.config, tmp_path, name), "PORTAL_BASE_URL": "http://localhost"}
    app = create_app(from_environment(environment))
    services: Services = app.extensions["portal"]
    with services.database.writing() as db:
        new = new_accounts.create(db, CreateAccount("Rocket Rides", "DE", "ops@rides.example"), now=clock.now())
    scope = Scope(new.test.id, new.account.id, livemode=False)
    yield Hooks(services, environment, Api(app.test_client(), new.test_key), Factories(services.database, scope))
    webhooks.stop(services)
    services.database.dispose()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that takes everything, unless the test says otherwise."""
    with receiving() as one:
        yield one
