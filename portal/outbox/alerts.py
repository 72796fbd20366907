"""Notifies merchants by mail when a webhook endpoint has failed for a day, once for each outage."""

from typing import Any, cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from portal import clock
from portal.assembly import Services
from portal.billing.accounts import accounts
from portal.db import Scope, find_row, scope_of, select_with_owner
from portal.models import Mail, WebhookDelivery, WebhookEndpoint
from portal.outbox.mail_frames import mail_to_merchant
from portal.outbox.mail_texts import OutgoingMail
from portal.recording import notices

#: How long nothing has got through before the merchant is told.
ALERT_AFTER = clock.DAY

_ENDPOINTS = cast(Table, WebhookEndpoint.__table__)


def work(services: Services, now: int) -> int:
    """Queue the alerts that are due; returns how many."""
    failing = select_with_owner(_ENDPOINTS, _ENDPOINTS.c.id).where(
        _ENDPOINTS.c.status == "enabled",
        _ENDPOINTS.c.failing_since <= now - ALERT_AFTER,
        _ENDPOINTS.c.alerted_at.is_(None),
    )
    with services.database.reading() as db:
        found = db.execute(failing).all()
    for each in found:
        with services.database.writing(Scope.of(each)) as db:
            _queue_alert(db, find_row(db, WebhookEndpoint, each.id, noun="webhook endpoint"), now)
    return len(found)


def build_alert_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """Sent to the account's own address; None when it has none, or the endpoint is gone."""
    account = accounts.find_account(db, scope_of(db).account_id)
    endpoint = db.get(WebhookEndpoint, (scope_of(db).tenant_id, mail.data["endpoint"]))
    if endpoint is None or not account.email:
        return None
    context = {**mail.data, "url": endpoint.url}
    return mail_to_merchant(account, account.email, context)


def _queue_alert(db: Session, endpoint: WebhookEndpoint, now: int) -> None:
    if endpoint.failing_since is None:
        return
    key = f"webhook_failing:{endpoint.id}:{endpoint.failing_since}"
    endpoint.alerted_at = now
    notices.enqueue_without_event(db, "webhook_failing", key, **_alert_data(db, endpoint))


def _alert_data(db: Session, endpoint: WebhookEndpoint) -> dict[str, Any]:
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
