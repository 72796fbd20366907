"""Sends the mails that wait, as the worker does."""

from __future__ import annotations

from portal import clock
from portal.assembly import Services
from portal.outbox import queue


def send_due_mails(services: Services, now: int | None = None) -> None:
    """Send every mail that is due, codes first."""
    moment = clock.now() if now is None else now
    for send in (queue.send_urgent, queue.send_ordinary):
        while send(services, moment):
            pass
