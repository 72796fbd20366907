"""Due steps that fail: put off with growing pauses, noted for the merchant, and resolved once they are done.

A step that fails holds back its own record alone: the other records of its customer go on.
"""

from collections.abc import Sequence
from typing import Any, Literal, cast

from sqlalchemy import Select, Table, select
from sqlalchemy.orm import Session

from portal import clock, ids
from portal.billing.lifecycle.step_kinds import STEP_KINDS
from portal.db import Scope, select_with_owner
from portal.models import FailedStep
from portal.rules.steps import Step
from portal.wire.commands import ListCommand

#: Pauses in seconds before the second, third and following tries; the last one is repeated.
PAUSES = (clock.MINUTE, 5 * clock.MINUTE, 15 * clock.MINUTE, clock.HOUR, 4 * clock.HOUR, 12 * clock.HOUR, clock.DAY)
_LONGEST_FAILURE = 500
_FAILED_STEPS = cast(Table, FailedStep.__table__)


class ListFailedSteps(ListCommand):
    status: Literal["resolved", "unresolved"] | None = None


def postpone(db: Session, kind_name: str, record: Any, *, failure: str, now: int) -> FailedStep:
    """Note that the next step of a record failed, and put it off; `failure` says why in one line."""
    step = STEP_KINDS[kind_name].coming(record)
    if step is None:
        raise ValueError(f"the {kind_name} {record.id} has no step that could have failed")
    row = _find_unresolved(db, record.id) or _build(record, kind_name, step, now)
    row.verb, row.due_at, row.failure = step.verb, step.moment, failure[:_LONGEST_FAILURE]
    row.tries, row.last_tried_at = row.tries + 1, now
    row.next_try_at = now + PAUSES[min(row.tries, len(PAUSES)) - 1]
    db.add(row)
    return row


def resolve_done(db: Session, *, now: int) -> int:
    """Resolve the failures of this tenant whose step has been taken, or is no longer due; returns how many."""
    count = 0
    for row in db.scalars(select(FailedStep).where(FailedStep.resolved_at.is_(None))).all():
        kind = STEP_KINDS[row.object_type.replace("_", " ")]
        record = db.get(kind.model, (row.tenant_id, row.object_id))
        step = kind.coming(record) if record else None
        if step is None or (step.verb, step.moment) != (row.verb, row.due_at):
            row.resolved_at = now
            count += 1
    return count


def list_unresolved(db: Session, *, limit: int) -> Sequence[Any]:
    """The columns of failures of all accounts that are not resolved, oldest first."""
    columns = _FAILED_STEPS.c
    found = select(*columns).where(columns.resolved_at.is_(None)).order_by(columns.created, columns.id).limit(limit)
    return db.execute(found, execution_options={"every_tenant": True}).all()


def scopes_with_unresolved(db: Session) -> list[Scope]:
    """The scopes that have failures which are not resolved."""
    found: Select[Any] = select_with_owner(_FAILED_STEPS).where(_FAILED_STEPS.c.resolved_at.is_(None)).distinct()
    return [Scope.of(row) for row in db.execute(found)]


def _find_unresolved(db: Session, object_id: str) -> FailedStep | None:
    own = select(FailedStep).where(FailedStep.object_id == object_id, FailedStep.resolved_at.is_(None))
    return db.scalars(own).first()


def _build(record: Any, kind_name: str, step: Step, now: int) -> FailedStep:
    return FailedStep(
        id=ids.new("billing.failed_step"),
        created=now,
        customer_id=record.customer_id,
        object_type=kind_name.replace(" ", "_"),
        object_id=record.id,
        tries=0,
    )
