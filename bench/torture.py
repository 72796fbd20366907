"""What webhooks must survive: a receiver down for a day while workers are killed, and one of twenty that hangs.

`python -m bench.torture` takes minutes; a short form of each is among the tests.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from portal import clock, create_app, schema
from portal.assembly import Services
from portal.billing.accounts import new_accounts
from portal.billing.accounts.new_accounts import CreateAccount
from portal.billing.customers import customers
from portal.billing.customers.params import UpdateCustomer
from portal.billing.events import webhook_endpoints
from portal.billing.events.params import CreateEndpoint
from portal.db import Scope
from portal.models import Event, WebhookDelivery
from portal.outbox import deliveries, webhooks
from portal.settings import from_environment
from tests import postgresql
from tests.factories import Factories
from tests.outbox.receiving import OK, Answer, Receiver, receiving

TOP = Path(__file__).resolve().parent.parent
#: For how long the receiver takes nothing, and when that began: by now the try after it is due.
DOWN_FOR, SINCE = 24 * clock.HOUR, 34 * clock.HOUR
#: Deliveries a second, which a worker keeps up with: what is measured is the one that hangs, not how much it can do.
PACE = 200
DOWN: Answer = (503, {}, b"down")


@dataclass(frozen=True)
class Site:
    """A portal with a merchant, and how its workers are started."""

    services: Services
    environment: dict[str, str]
    make: Factories

    def listen(self, receiver: Receiver) -> str:
        """A new endpoint for a receiver; answers its secret."""
        new = self.make.run(
            lambda db, command, now: webhook_endpoints.create(
                db, command, seal=self.services.seal, private_hosts=["127.0.0.1"], now=now
            ),
            CreateEndpoint,
            url=receiver.url,
            enabled_events=["customer.created", "customer.updated"],
        )
        return new.secret

    def worker(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "portal.cli", "worker"]
        return subprocess.Popen(command, cwd=TOP, env={**os.environ, **self.environment})

    def waiting(self) -> int:
        with self.services.database.reading(self.make.scope) as db:
            own = select(func.count(WebhookDelivery.id)).where(WebhookDelivery.status == "pending")
            return db.scalar(own) or 0

    def due(self) -> bool:
        """Whether there is anything that no dead worker's lease holds."""
        with self.services.database.reading() as db:
            return bool(deliveries.list_due_receivers(db, now=clock.now()))

    def drain(self, moment: int) -> None:
        """Everything that is due at a moment, by the clock of that moment."""
        with clock.hold_at(moment):
            while webhooks.work(self.services, moment):
                pass


def site(environment: dict[str, str]) -> Site:
    """A new portal with these settings."""
    services: Services = create_app(from_environment(environment)).extensions["portal"]
    schema.upgrade(services.database)
    return _with_merchant(services, environment)


def _with_merchant(services: Services, environment: dict[str, str]) -> Site:
    with services.database.writing() as db:
        new = new_accounts.create(db, CreateAccount("Rocket Rides", "DE", None, "eur"), now=clock.now())
    scope = Scope(new.test.id, new.account.id, livemode=False)
    return Site(services, environment, Factories(services.database, scope))


def outage(site: Site, *, events: int, kills: int) -> dict[str, int]:
    """A day without a receiver, then workers that are killed: what is told is what must hold."""
    begun = clock.now() - SINCE
    with receiving() as receiver:
        receiver.answer = lambda request: DOWN
        site.listen(receiver)
        with clock.hold_at(begun):
            made = _changes(site, events)
        for moment in range(begun, begun + DOWN_FOR, 2 * clock.HOUR):
            site.drain(moment)
        tried = len(receiver.requests)
        receiver.requests.clear()
        receiver.answer = lambda request: OK
        _killing(site, kills)
        killed_between = len(receiver.requests)
        site.drain(clock.now() + deliveries.LEASE.seconds)
        site.drain(clock.now() + clock.DAY)
        return {"tried while down": tried, "sent by those killed": killed_between, **_held(site, receiver, made)}


def _changes(site: Site, count: int) -> set[str]:
    """So many events of a fifth as many customers, in turns; answers their ids."""
    own = [site.make.customer() for _ in range(max(1, count // 5))]
    for number in range(count - len(own)):
        metadata = {"n": str(number // len(own))}
        site.make.run(customers.update, UpdateCustomer, own[number % len(own)], metadata=metadata)
    with site.services.database.reading(site.make.scope) as db:
        return set(db.scalars(select(Event.id).where(Event.type.startswith("customer."))))


def _killing(site: Site, kills: int) -> None:
    """SIGKILL one worker after the other while there is something to send."""
    for number in range(kills):
        worker = site.worker()
        try:
            before = site.waiting()
            enough = before - max(1, before // (kills - number + 1))
            while site.waiting() > enough and site.due():
                time.sleep(random.uniform(0.01, 0.1))
        finally:
            worker.kill()
            worker.wait()


def _held(site: Site, receiver: Receiver, made: set[str]) -> dict[str, int]:
    first: dict[str, Any] = {}
    for each in receiver.requests:
        first.setdefault(each.headers["webhook-id"], each.event)
    order: dict[str, list[int]] = {}
    for event in first.values():
        shown = event["data"]["object"]
        order.setdefault(shown["id"], []).append(int(shown["metadata"].get("n", -1)))
    return {
        "events": len(made),
        "arrived": len(made & first.keys()),
        "order breaks": sum(numbers != sorted(numbers) for numbers in order.values()),
        "duplicates": len(receiver.requests) - len(first),
        "still waiting": site.waiting(),
    }


def hanging(site: Site, *, receivers: int, events: int) -> float:
    """One of the receivers answers nothing: seconds from commit until the slowest per cent of the others' events."""
    with ExitStack() as stack:
        stuck, *others = [stack.enter_context(receiving()) for _ in range(receivers)]
        stuck.hang.clear()
        # more than one merchant may have
        merchants = [site, _with_merchant(site.services, site.environment)]
        for number, each in enumerate((stuck, *others)):
            merchants[number % 2].listen(each)
        worker = threading.Thread(target=_working, args=(site, ended := threading.Event()))
        worker.start()
        began: dict[str, float] = {}
        for _ in range(events):
            began |= {each.make.customer().id: time.time() for each in merchants}
            time.sleep(receivers / PACE)
        _wait_until(lambda: all(len(each.requests) >= events for each in others))
        stuck.hang.set()
        ended.set()
        worker.join()
        waits = sorted(
            request.at - began[request.event["data"]["object"]["id"]] for each in others for request in each.requests
        )
    return waits[int(len(waits) * 0.99) - 1]


def _working(site: Site, ended: threading.Event) -> None:
    while not ended.is_set():
        if not webhooks.work(site.services, clock.now()):
            ended.wait(0.2)


def _wait_until(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 120
    while not holds():
        if time.monotonic() > give_up:
            raise TimeoutError("the others' events did not arrive")
        time.sleep(0.02)


def main() -> int:
    """Both on both databases; ends with 1 where something does not hold."""
    cluster = postgresql.Cluster(durable=True)
    failed = False
    try:
        for engine in ("sqlite", "postgresql"):
            with tempfile.TemporaryDirectory(prefix="portal-torture-") as folder:
                told = outage(_site(engine, cluster, folder, "outage"), events=10_000, kills=50)
                p99 = hanging(_site(engine, cluster, folder, "hanging"), receivers=20, events=200)
            lost = told["events"] - told["arrived"] + told["order breaks"] + told["still waiting"]
            failed |= lost > 0 or p99 > 5
            print(engine, told, f"one of 20 hangs, others' p99 {p99:.2f} s", flush=True)
    finally:
        cluster.stop()
    return int(failed)


def _site(engine: str, cluster: postgresql.Cluster, folder: str, name: str) -> Site:
    environment = {"PORTAL_INSTANCE": f"{folder}/{name}"}
    Path(environment["PORTAL_INSTANCE"]).mkdir()
    if engine == "postgresql":
        environment["PORTAL_DATABASE_URL"] = postgresql.new_database(cluster.url, f"torture_{name}")
    return site(environment)


if __name__ == "__main__":
    sys.exit(main())
