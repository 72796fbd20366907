"""What a merchant's own system hears, oldest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import select

from portal.db import Database, Scope
from portal.models import AuditEntry, Event
from tests.factories import Factories

Told = Callable[..., Sequence[Event]]


@pytest.fixture
def told(database: Database, scope: Scope) -> Told:
    """`told()` are all events so far; `told(since=3)` those after the third."""

    def after(since: int = 0) -> Sequence[Event]:
        with database.reading(scope) as db:
            return db.scalars(select(Event).order_by(Event.sequence)).all()[since:]

    return after


@pytest.fixture
def audited(database: Database, scope: Scope) -> Callable[[], Sequence[AuditEntry]]:
    """All entries of the audit log so far."""

    def entries() -> Sequence[AuditEntry]:
        with database.reading(scope) as db:
            return db.scalars(select(AuditEntry).order_by(AuditEntry.sequence)).all()

    return entries


@pytest.fixture
def types(told: Told, make: Factories) -> Callable[[Callable[[], object]], list[str]]:
    """`types(call)` are the types of the events that a call leaves, in their order."""

    def left(call: Callable[[], object]) -> list[str]:
        before = len(told())
        call()
        return [event.type for event in told(before)]

    return left
