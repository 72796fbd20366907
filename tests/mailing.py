"""Sends the mails that wait, as the worker does."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from portal import clock
from portal.assembly import Services
from portal.outbox import queue


def send_due_mails(services: Services, now: int | None = None) -> None:
    """Send every mail that is due, codes first."""
    moment = clock.now() if now is None else now
    for send in (queue.send_urgent, queue.send_ordinary):
        while send(services, moment):
            pass


def mails_to(services: Services, address: str) -> list[EmailMessage]:
    """What was mailed to an address once all that was due is sent; mails of one moment go out in any order."""
    send_due_mails(services)
    files = sorted((services.settings.instance / "mail").iterdir(), key=lambda each: each.stat().st_mtime_ns)
    found = [message_from_bytes(each.read_bytes(), policy=default) for each in files]
    return [each for each in found if isinstance(each, EmailMessage) and address in str(each["To"])]
