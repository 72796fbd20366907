"""The lanes of a worker: each kind of work, and how long it rests when there is nothing to do."""

from collections.abc import Callable
from dataclasses import dataclass

from portal import clock
from portal.assembly import Services
from portal.documents import render_queue
from portal.outbox import alerts, billing_alerts, queue, reminders, webhooks
from portal.worker import (
    bank_folder,
    cancellation_notices,
    clock_steps,
    customer_steps,
    direct_debits,
    expiry,
    mandates,
    payments,
    refunds,
)


@dataclass(frozen=True)
class Lane:
    """One kind of work: `work(services, now)` returns how much it did. After nothing it rests `idle` seconds.

    So many `threads` do it at once.
    """

    name: str
    work: Callable[[Services, int], int]
    idle: float
    threads: int = 1
    #: Ends what a step has left under way.
    stop: Callable[[Services], None] = lambda services: None


LANES: tuple[Lane, ...] = (
    Lane("codes", queue.send_urgent, idle=0.5, threads=2),
    Lane("mails", queue.send_ordinary, idle=0.5, threads=3),
    Lane("reminders", reminders.work, idle=5 * clock.MINUTE),
    Lane("webhooks", webhooks.work, idle=0.2, stop=webhooks.stop),
    Lane("alerts", alerts.work, idle=clock.MINUTE),
    Lane("billing_alerts", billing_alerts.work, idle=clock.MINUTE),
    Lane("documents", lambda services, now: render_queue.work(services.documents, now), idle=1.0),
    Lane("prune", expiry.prune_expired, idle=clock.MINUTE),
    Lane("visits", expiry.end_visits, idle=clock.MINUTE),
    Lane("checkout", expiry.follow_checkouts, idle=10.0),
    Lane("notices", cancellation_notices.work, idle=1.0),
    Lane("renew", customer_steps.take_due_steps, idle=5.0),
    Lane("failures", customer_steps.resolve_failures, idle=clock.MINUTE),
    Lane("bank", bank_folder.work, idle=5.0),
    Lane("bank_waiting", bank_folder.retry_waiting, idle=clock.MINUTE),
    Lane("payments", payments.work, idle=0.5),
    Lane("refunds", refunds.work, idle=1.0),
    Lane("refund_files", refunds.put_files, idle=clock.MINUTE),
    Lane("debits", direct_debits.work, idle=clock.MINUTE),
    Lane("mandates", mandates.end_unused, idle=clock.HOUR),
    Lane("clocks", clock_steps.advance_test_clocks, idle=1.0),
)
