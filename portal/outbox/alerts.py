"""Tells merchants by mail that nothing gets through to a webhook endpoint: after a day, once for each outage."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from portal import clock
from portal.assembly import Services
from portal.db import Scope, find, select_with_owner
from portal.models import WebhookDelivery, WebhookEndpoint
from portal.outbox import queue

#: How long nothing has got through before the merchant is told.
AFTER = clock.DAY

_T = cast(Table, WebhookEndpoint.__table__)


def step(services: Services, now: int) -> int:
    """Queue the mails that are due; answers how many."""
    failing = select_with_owner(_T, _T.c.id).where(
        _T.c.status == "enabled", _T.c.failing_since <= now - AFTER, _T.c.alerted_at.is_(None)
    )
    with services.database.reading() as db:
        found = db.execute(failing).all()
    for each in found:
        with services.database.writing(Scope.of(each)) as db:
            _alert(db, find(db, WebhookEndpoint, each.id, noun="webhook endpoint"), now)
    return len(found)


def _alert(db: Session, endpoint: WebhookEndpoint, now: int) -> None:
    if endpoint.failing_since is None:
        return
    key = f"webhook_failing:{endpoint.id}:{endpoint.failing_since}"
    endpoint.alerted_at = now
    queue.put(db, "webhook_failing", key, now=now, **_told(db, endpoint))


def _told(db: Session, endpoint: WebhookEndpoint) -> dict[str, Any]:
    failure = _last_failure(db, endpoint)
    return {"endpoint": endpoint.id, "failing_since": endpoint.failing_since, "failure": failure}


def _last_failure(db: Session, endpoint: WebhookEndpoint) -> str | None:
    own = select(WebhookDelivery).where(
        WebhookDelivery.endpoint_id == endpoint.id, WebhookDelivery.last_try_at.is_not(None)
    )
    last = db.scalars(own.order_by(WebhookDelivery.last_try_at.desc()).limit(1)).first()
    if last is None:
        return None
    return last.failure or (f"HTTP {last.response_status}" if last.response_status else None)
