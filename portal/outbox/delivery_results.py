"""The results of webhook deliveries: what arrived, when a queue is tried again, and how an endpoint fares."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sqlalchemy import bindparam, exists, select, tuple_
from sqlalchemy.orm import Session

from portal import clock
from portal.db import bind_scope
from portal.outbox.deliveries import (
    ALL_TENANTS,
    ENDPOINT_QUEUES,
    EVENTS,
    DeliveryRun,
    Receiver,
    Shipment,
)
from portal.outbox.webhook_client import ReceiverResponse
from portal.recording import notices, record_change
from portal.recording.deliveries import DELIVERIES, ENDPOINTS, QUEUES
from portal.rules import webhooks as rules

#: What failed for so long, without anything getting through, was an outage: with its end all that waits is sent.
OUTAGE = 5 * clock.MINUTE


@dataclass(frozen=True)
class DeliveryAttempt:
    """The result of sending one shipment, and when it was sent."""

    shipment: Shipment
    answer: ReceiverResponse
    at: int


@dataclass(frozen=True)
class RunResult:
    """The attempts of a run: all accepted, except perhaps the last."""

    run: DeliveryRun
    tries: tuple[DeliveryAttempt, ...]

    @property
    def failed_attempt(self) -> DeliveryAttempt | None:
        """The attempt that ended the run early, if any."""
        return self.tries[-1] if self.tries and not self.tries[-1].answer.is_accepted else None


def record_results(db: Session, results: Iterable[RunResult], *, now: int) -> list[RunResult]:
    """Record the results of runs; returns those whose queue another transaction holds, for the next time."""
    results = list(results)
    leases = _find_leases(db, [each.run for each in results]) if results else {}
    settled = [each for each in results if leases.get(_queue_of(each.run)) == each.run.lease]
    held = [each for each in results if _queue_of(each.run) not in leases and each.run.until > now]
    _record_attempts(db, settled)
    _release_queues(db, settled, now)
    for receiver in {each.run.receiver.id: each.run.receiver for each in settled}.values():
        _record_health(db, receiver, [each for each in settled if each.run.receiver.id == receiver.id], now)
    return held


def _queue_of(run: DeliveryRun) -> tuple[int, str, str]:
    return run.receiver.scope.tenant_id, run.receiver.id, run.customer_id


def _find_leases(db: Session, runs: Iterable[DeliveryRun]) -> dict[tuple[int, str, str], str | None]:
    """The leases of these runs' queues, which are locked; those that another transaction holds are left out."""
    values = {"queues": sorted({_queue_of(each) for each in runs})}
    return {tuple(key): lease for *key, lease in db.execute(_LEASES, values, execution_options=ALL_TENANTS)}


def _record_attempts(db: Session, results: Sequence[RunResult]) -> None:
    tried, arrived = [], []
    for result in results:
        tenant = {"tenant": result.run.receiver.scope.tenant_id}
        tried += [tenant | _attempt_values(each) for each in result.tries]
        arrived += [tenant | {"event": each.shipment.event_id} for each in result.tries if each.answer.is_accepted]
    _execute_many(db, _RECORD_ATTEMPT, tried)
    # another worker may count arrivals of the same events at other endpoints: all in one order
    _execute_many(db, _COUNT_ARRIVAL, sorted(arrived, key=itemgetter("tenant", "event")))


def _execute_many(db: Session, statement: Any, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        db.connection().execute(statement, rows)


def _attempt_values(each: DeliveryAttempt) -> dict[str, Any]:
    answer, tries = each.answer, each.shipment.tries + 1
    pause = None if answer.is_accepted else _retry_pause(each)
    status = "succeeded" if answer.is_accepted else "failed" if pause is None else "pending"
    return {
        "shipment": each.shipment.id,
        "new_status": status,
        "new_tries": tries,
        "first": each.shipment.first_try_at or each.at,
        "last": each.at,
        "next": None if pause is None else each.at + pause,
        "took": answer.duration,
        "answered": answer.status,
        "body": answer.body,
        "why": None if answer.is_accepted else answer.failure,
    }


def _retry_pause(each: DeliveryAttempt) -> int | None:
    first = each.shipment.first_try_at or each.at
    # of one try both the delivery and its queue are told, by the same number
    jitter = random.Random(f"{each.shipment.id}{each.shipment.tries}").uniform  # noqa: S311 - no secret
    return rules.retry_pause(each.shipment.tries + 1, each.at - first, each.answer.retry_after, jitter)


def _release_queues(db: Session, results: Sequence[RunResult], now: int) -> None:
    """Release queues: to be tried again later, at once if more is pending, or deleted if they are empty."""
    queues_by_moment: dict[int, list[tuple[int, str, str]]] = {}
    for each in results:
        queues_by_moment.setdefault(_next_try_at(each, now), []).append(_queue_of(each.run))
    for moment, queues in queues_by_moment.items():
        db.execute(_DELETE_EMPTY_QUEUES, {"queues": queues}, execution_options=ALL_TENANTS)
        db.execute(_RELEASE_QUEUES, {"queues": queues, "until": moment}, execution_options=ALL_TENANTS)


def _next_try_at(result: RunResult, now: int) -> int:
    failed = result.failed_attempt
    pause = _retry_pause(failed) if failed else None
    return failed.at + pause if failed and pause is not None else now


def _record_health(db: Session, receiver: Receiver, results: Sequence[RunResult], now: int) -> None:
    """Record whether deliveries to an endpoint succeed at present, and whether it is gone (410)."""
    mine = {"tenant": receiver.scope.tenant_id, "endpoint": receiver.id}
    failures = [each for result in results if (each := result.failed_attempt)]
    if any(each.answer.is_accepted for result in results for each in result.tries):
        if receiver.failing:
            db.execute(_WAKE_QUEUES, {**mine, "now": now, "before": now - OUTAGE}, execution_options=ALL_TENANTS)
            db.execute(_MARK_HEALTHY, mine, execution_options=ALL_TENANTS)
    elif failures:
        db.execute(_MARK_FAILING, {**mine, "now": min(each.at for each in failures)}, execution_options=ALL_TENANTS)
    if asked := max((_requested_resume(each) for each in failures), default=0):
        db.execute(_PAUSE_ENDPOINT, {**mine, "until": asked}, execution_options=ALL_TENANTS)
    if any(each.answer.status == 410 for each in failures):
        db.execute(_DISABLE_ENDPOINT, mine, execution_options=ALL_TENANTS)
        record_change(db, receiver.scope.tenant_id, "webhook_endpoint", receiver.id)
        with bind_scope(db, receiver.scope):
            key = f"webhook_disabled:{receiver.id}:{now}"
            notices.enqueue_without_event(db, "webhook_disabled", key, endpoint=receiver.id)


def _requested_resume(each: DeliveryAttempt) -> int:
    """The moment until which the endpoint asks to be left alone (`Retry-After`); 0 if it does not."""
    wait = min(each.answer.retry_after or 0, rules.LONGEST_RETRY_AFTER)
    return each.at + wait if wait else 0


_THIS_ENDPOINT = (ENDPOINTS.c.tenant_id == bindparam("tenant"), ENDPOINTS.c.id == bindparam("endpoint"))
_QUEUE = (QUEUES.c.tenant_id, QUEUES.c.endpoint_id, QUEUES.c.customer_id)
_THESE_QUEUES = tuple_(*_QUEUE).in_(bindparam("queues", expanding=True))
_LEASES = select(*_QUEUE, QUEUES.c.lease).where(_THESE_QUEUES).with_for_update(skip_locked=True)
_RELEASE_QUEUES = QUEUES.update().where(_THESE_QUEUES).values(next_try_at=bindparam("until"), lease=None)
_DELETE_EMPTY_QUEUES = QUEUES.delete().where(
    _THESE_QUEUES,
    ~exists().where(
        DELIVERIES.c.tenant_id == QUEUES.c.tenant_id,
        DELIVERIES.c.endpoint_id == QUEUES.c.endpoint_id,
        DELIVERIES.c.customer_id == QUEUES.c.customer_id,
        DELIVERIES.c.status == "pending",
    ),
)
_RECORD_ATTEMPT = (
    DELIVERIES.update()
    .where(DELIVERIES.c.tenant_id == bindparam("tenant"), DELIVERIES.c.id == bindparam("shipment"))
    .values(
        status=bindparam("new_status"),
        tries=bindparam("new_tries"),
        first_try_at=bindparam("first"),
        last_try_at=bindparam("last"),
        next_try_at=bindparam("next"),
        duration=bindparam("took"),
        response_status=bindparam("answered"),
        response_body=bindparam("body"),
        failure=bindparam("why"),
    )
)
_COUNT_ARRIVAL = (
    EVENTS.update()
    .where(EVENTS.c.tenant_id == bindparam("tenant"), EVENTS.c.id == bindparam("event"))
    .values(pending_webhooks=EVENTS.c.pending_webhooks - 1)
)
_MARK_FAILING = (
    ENDPOINTS.update()
    .where(*_THIS_ENDPOINT, ENDPOINTS.c.failing_since.is_(None))
    .values(failing_since=bindparam("now"))
)
_MARK_HEALTHY = ENDPOINTS.update().where(*_THIS_ENDPOINT).values(failing_since=None, alerted_at=None, resumes_at=None)
_PAUSE_ENDPOINT = ENDPOINTS.update().where(*_THIS_ENDPOINT).values(resumes_at=bindparam("until"))
_DISABLE_ENDPOINT = ENDPOINTS.update().where(*_THIS_ENDPOINT).values(status="disabled", disabled_reason="gone")
_WAKE_QUEUES = (
    QUEUES.update()
    .where(*ENDPOINT_QUEUES, QUEUES.c.lease.is_(None), QUEUES.c.next_try_at > bindparam("now"))
    .where(exists().where(*_THIS_ENDPOINT, ENDPOINTS.c.failing_since <= bindparam("before")))
    .values(next_try_at=bindparam("now"))
)
