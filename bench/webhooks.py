"""Measures webhooks: events sent per second by one worker, and how soon it sends the first when it was idle."""

from __future__ import annotations

import threading
import time

from bench.torture import Site, _changes, _working
from portal import clock
from portal.outbox import webhooks
from tests.outbox.receiving import receiving

IDLE = 40


def per_second(site: Site, count: int) -> float:
    """How many events a second reach a receiver that answers at once."""
    with receiving() as receiver:
        site.listen(receiver)
        _changes(site, count)
        start = time.monotonic()
        while len(receiver.requests) < count:
            webhooks.work(site.services, clock.now())
        taken = time.monotonic() - start
        assert len(receiver.requests) == count
    webhooks.stop(site.services)
    return count / taken


def delay(site: Site) -> float:
    """Seconds from the commit of an event to its first try, the longest of some: the worker had nothing to do."""
    with receiving() as receiver:
        site.listen(receiver)
        worker = threading.Thread(target=_working, args=(site, ended := threading.Event()))
        worker.start()
        waits = []
        for number in range(IDLE):
            site.make.customer()
            begun = time.time()
            while len(receiver.requests) <= number:
                time.sleep(0.002)
            waits.append(receiver.requests[-1].at - begun)
            time.sleep(0.05)
        ended.set()
        worker.join()
    return max(waits)
