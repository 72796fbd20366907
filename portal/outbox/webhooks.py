"""Sends what is due to webhook endpoints: many at once, each customer's events in their order.

One thread looks into the database and writes down what came of each request; the others only wait for
receivers, few of them for one receiver, and fewer where nothing gets through.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import lru_cache
from weakref import WeakKeyDictionary

from portal import clock
from portal.assembly import Services
from portal.db import Database
from portal.outbox import deliveries
from portal.outbox.deliveries import BEGINS_WITHIN, LEASE, Receiver, Result, Run, Shipment, Try
from portal.outbox.receivers import Answer, Client
from portal.rules import webhooks as rules
from portal.seal import Broken, Seal

log = logging.getLogger("portal")

#: Requests at once: in all, to one receiver, and to one to which nothing gets through.
SLOTS, WIDTH, FAILING_WIDTH = 64, 8, 2
#: All receivers to which nothing gets through share this many, so that the others are never without.
FAILING_SLOTS = SLOTS // 2
#: Seconds to wait for an answer before looking for more to send.
REST = 0.2


class Dispatcher:
    """What one worker has under way."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._client = Client(services.settings.webhook_private_hosts, connections=SLOTS)
        self._pool = ThreadPoolExecutor(SLOTS, thread_name_prefix="webhook")
        self._under_way: dict[Future[Result], Run] = {}
        self._unsettled: list[Result] = []
        self._stopped = threading.Event()

    def step(self, now: int) -> int:
        """Write down what has ended and send more; answers how much that was, with what is under way."""
        self._collect()
        ended = len(self._unsettled)
        with self._services.database.reading() as db:
            receivers = [] if self._stopped.is_set() else deliveries.due(db, now=now)
        runs = self._turn(receivers, now) if receivers or self._unsettled else []
        for run in runs:
            self._under_way[self._pool.submit(self._send, run)] = run
        wait(self._under_way, timeout=REST, return_when=FIRST_COMPLETED)
        return ended + len(self._under_way)

    def stop(self) -> None:
        """End after the requests under way, and write down what came of them."""
        self._stopped.set()
        wait(self._under_way)
        while self._under_way or self._unsettled:
            self.step(clock.now())

    def _collect(self) -> None:
        ended = [future for future in self._under_way if future.done()]
        for future in ended:
            del self._under_way[future]
            self._unsettled.append(future.result())

    def _turn(self, receivers: list[Receiver], now: int) -> list[Run]:
        links = self._services.links
        with self._services.database.writing() as db:
            held = deliveries.settle(db, self._unsettled, now=now)
            runs: list[Run] = []
            for receiver in receivers:
                most = self._room(receiver, runs)
                runs += deliveries.claim(db, receiver, most, links, now=now) if most > 0 else []
        self._unsettled = held
        return runs

    def _room(self, receiver: Receiver, chosen: list[Run]) -> int:
        """How many more requests an endpoint may have."""
        running = [*self._under_way.values(), *chosen]
        own = Counter(each.receiver.id for each in running)[receiver.id]
        room = min(WIDTH - own, SLOTS - len(running))
        if not receiver.failing:
            return room
        failing = sum(each.receiver.failing for each in running)
        return min(room, FAILING_WIDTH - own, FAILING_SLOTS - failing)

    def _send(self, run: Run) -> Result:
        tries: list[Try] = []
        for shipment in run.shipments:
            now = clock.now()
            if self._stopped.is_set() or now > run.until - LEASE.seconds + BEGINS_WITHIN:
                break
            tries.append(Try(shipment, self._post(run.receiver, shipment, now), now))
            if not tries[-1].answer.accepted:
                break
        return Result(run, tuple(tries))

    def _post(self, receiver: Receiver, shipment: Shipment, now: int) -> Answer:
        try:
            keys = [_opened(self._services.seal, each) for each in receiver.secrets]
        except Broken:
            return Answer(0, failure="The signing secret was sealed with another PORTAL_SECRET_KEY: roll it.")
        headers = rules.headers(shipment.event_id, shipment.body, keys, now)
        headers |= {"Content-Type": "application/json; charset=utf-8", "Accept-Encoding": "identity"}
        try:
            return self._client.post(receiver.url, shipment.body, headers, now)
        except Exception:
            log.exception("the event %s could not be sent", shipment.event_id)
            return Answer(0, failure="The request could not be made.")


def step(services: Services, now: int) -> int:
    """Send what is due; answers how much was done or is under way."""
    return _of(services).step(now)


def stop(services: Services) -> None:
    """End in order, leaving what has not been sent to others."""
    _of(services).stop()


@lru_cache(maxsize=1024)
def _opened(seal: Seal, sealed: bytes) -> str:
    return seal.open(sealed).decode()


_DISPATCHERS: WeakKeyDictionary[Database, Dispatcher] = WeakKeyDictionary()


def _of(services: Services) -> Dispatcher:
    if services.database not in _DISPATCHERS:
        _DISPATCHERS[services.database] = Dispatcher(services)
    return _DISPATCHERS[services.database]
