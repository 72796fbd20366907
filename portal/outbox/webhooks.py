"""Sends due events to webhook endpoints: many requests at once, each customer's events in order.

One thread reads the database and records results; the others only wait for receivers. A receiver gets few
requests at once, and fewer while its deliveries fail.
"""

import logging
import threading
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import lru_cache
from weakref import WeakKeyDictionary

from portal import clock
from portal.assembly import Services
from portal.db import Database
from portal.outbox import deliveries, delivery_results
from portal.outbox.deliveries import BEGINS_WITHIN, LEASE, DeliveryRun, Receiver, Shipment
from portal.outbox.delivery_results import DeliveryAttempt, RunResult
from portal.outbox.webhook_client import ReceiverResponse, WebhookClient
from portal.rules import webhooks as webhook_rules
from portal.seal import BrokenSeal, Seal

log = logging.getLogger("portal")

#: Requests at once: in all, to one receiver, and to one to which nothing gets through.
SLOTS, RECEIVER_SLOTS, FAILING_RECEIVER_SLOTS = 64, 8, 2
#: Queues that a slot sends from, one after the other, and the seconds within which it begins: a swift receiver takes
#: fewer transactions, and no other keeps what it holds up from other workers.
QUEUES_PER_SLOT, LOAD_SECONDS = 4, 1
#: All receivers to which nothing gets through share this many, so that the others are never without.
FAILING_SLOTS = SLOTS // 2
#: Seconds to wait for an answer before looking for more to send, and for further answers to be recorded with the first.
WAIT_SECONDS, GATHER_SECONDS = 0.2, 0.01


class Dispatcher:
    """The requests that one worker has under way."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._client = WebhookClient(services.settings.webhook_private_hosts, connections=SLOTS)
        self._pool = ThreadPoolExecutor(SLOTS, thread_name_prefix="webhook")
        self._under_way: dict[Future[list[RunResult]], Receiver] = {}
        self._unsettled: list[RunResult] = []
        self._stopped = threading.Event()

    def work(self, now: int) -> int:
        """Record finished requests and send more; returns how many were finished or are under way."""
        self._collect_results()
        ended = len(self._unsettled)
        with self._services.database.reading() as db:
            receivers = [] if self._stopped.is_set() else deliveries.list_due_receivers(db, now=now)
        loads = self._record_and_claim(receivers, now) if receivers or self._unsettled else []
        for load in loads:
            self._under_way[self._pool.submit(self._send_load, load)] = load[0].receiver
        if wait(self._under_way, timeout=WAIT_SECONDS, return_when=FIRST_COMPLETED).not_done:
            wait(self._under_way, timeout=GATHER_SECONDS)
        return ended + len(self._under_way)

    def stop(self) -> None:
        """Wait for the requests under way, and record their results."""
        self._stopped.set()
        wait(self._under_way)
        while self._under_way or self._unsettled:
            self.work(clock.now())

    def _collect_results(self) -> None:
        ended = [future for future in self._under_way if future.done()]
        for future in ended:
            del self._under_way[future]
            self._unsettled += future.result()

    def _record_and_claim(self, receivers: list[Receiver], now: int) -> list[list[DeliveryRun]]:
        """What each slot that is taken has to send."""
        links = self._services.links
        with self._services.database.writing() as db:
            held = delivery_results.record_results(db, self._unsettled, now=now)
            loads: list[list[DeliveryRun]] = []
            for receiver in receivers:
                slots = self._free_slots(receiver, [load[0].receiver for load in loads])
                most = slots if receiver.failing else slots * QUEUES_PER_SLOT
                runs = deliveries.claim_runs(db, receiver, most, links, now=now) if slots > 0 else []
                loads += [runs[slot::slots] for slot in range(min(slots, len(runs)))]
        self._unsettled = held
        return loads

    def _free_slots(self, receiver: Receiver, chosen: list[Receiver]) -> int:
        """How many more requests an endpoint may have."""
        running = [*self._under_way.values(), *chosen]
        own = Counter(each.id for each in running)[receiver.id]
        room = min(RECEIVER_SLOTS - own, SLOTS - len(running))
        if not receiver.failing:
            return room
        failing = sum(each.failing for each in running)
        return min(room, FAILING_RECEIVER_SLOTS - own, FAILING_SLOTS - failing)

    def _send_load(self, load: list[DeliveryRun]) -> list[RunResult]:
        """Send the runs of a slot; once one fails or time is up, the rest goes back untried."""
        ends = clock.now() + LOAD_SECONDS
        results = [self._send_run(load[0])]
        for run in load[1:]:
            goes_well = results[-1].failed_attempt is None and clock.now() <= ends
            results.append(self._send_run(run) if goes_well else RunResult(run, ()))
        return results

        return results

    def _send_run(self, run: DeliveryRun) -> RunResult:
        tries: list[DeliveryAttempt] = []
        for shipment in run.shipments:
            now = clock.now()
            if self._stopped.is_set() or now > run.until - LEASE.seconds + BEGINS_WITHIN:
                break
            tries.append(DeliveryAttempt(shipment, self._post_shipment(run.receiver, shipment, now), now))
            if not tries[-1].answer.is_accepted:
                break
        return RunResult(run, tuple(tries))

    def _post_shipment(self, receiver: Receiver, shipment: Shipment, now: int) -> ReceiverResponse:
        try:
            keys = [_open_secret(self._services.seal, each) for each in receiver.secrets]
        except BrokenSeal:
            return ReceiverResponse(0, failure="The signing secret was sealed with another PORTAL_SECRET_KEY: roll it.")
        headers = webhook_rules.signature_headers(shipment.event_id, shipment.body, keys, now)
        headers |= {"Content-Type": "application/json; charset=utf-8", "Accept-Encoding": "identity"}
        try:
            return self._client.post(receiver.url, shipment.body, headers, now)
        except Exception:
            log.exception("the event %s could not be sent", shipment.event_id)
            return ReceiverResponse(0, failure="The request could not be made.")


def work(services: Services, now: int) -> int:
    """Send the events that are due; returns how many requests were finished or are under way."""
    return _dispatcher_for(services).work(now)


def stop(services: Services) -> None:
    """Stop sending; what has not been sent is left to other workers."""
    _dispatcher_for(services).stop()


@lru_cache(maxsize=1024)
def _open_secret(seal: Seal, sealed: bytes) -> str:
    return seal.decrypt(sealed).decode()


_DISPATCHERS: WeakKeyDictionary[Database, Dispatcher] = WeakKeyDictionary()


def _dispatcher_for(services: Services) -> Dispatcher:
    if services.database not in _DISPATCHERS:
        _DISPATCHERS[services.database] = Dispatcher(services)
    return _DISPATCHERS[services.database]
