"""When each record's next step is due: noted whenever a row is written, so that no use case can forget it."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, event, inspect, select
from sqlalchemy.orm import object_session

from portal.models.accounts import Account, Tenant
from portal.models.invoices import Invoice
from portal.models.quotes import Quote
from portal.models.schedules import SubscriptionSchedule
from portal.models.subscriptions import Subscription
from portal.rules import steps

#: What finds the next step of a row, by its table.
NEXT_STEPS: dict[type[Any], Callable[[Any], steps.Step | None]] = {
    Invoice: steps.next_for_invoice,
    Quote: steps.next_for_quote,
    Subscription: steps.next_for_subscription,
    SubscriptionSchedule: steps.next_for_schedule,
}


def _note_next_step(mapper: object, connection: Connection, row: Any) -> None:
    row.next_step_at = steps.moment_of(NEXT_STEPS[type(row)](row))


def _note_upcoming(mapper: object, connection: Connection, row: Subscription) -> None:
    if inspect(row).attrs.current_period_end.history.has_changes():
        days = _upcoming_days(connection, row)
        row.upcoming_at = steps.announcement_time(row.current_period_start, row.current_period_end, days)


def _upcoming_days(connection: Connection, row: Subscription) -> int:
    """What the account has set, looked up once in a session."""
    session = object_session(row)
    known: dict[int, int] = session.info.setdefault("upcoming_days", {}) if session else {}
    if row.tenant_id not in known:
        own = select(Account.settings).join(Tenant, Tenant.account_id == Account.id).where(Tenant.id == row.tenant_id)
        known[row.tenant_id] = steps.upcoming_days(connection.execute(own).scalar_one())
    return known[row.tenant_id]


def register() -> None:
    """Have every insert and update of these rows note the step."""
    for moment in ("before_insert", "before_update"):
        event.listen(Subscription, moment, _note_upcoming)  # the next step depends on it
        for model in NEXT_STEPS:
            event.listen(model, moment, _note_next_step)
