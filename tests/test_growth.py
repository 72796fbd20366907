"""What grows with each change is forgotten in small batches, by indexes, and a table that is too large is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, insert, select, text
from sqlalchemy.orm import Session

from portal import clock, pruning
from portal.billing.events import events
from portal.db import Database, Scope
from portal.doctor import growth
from portal.models import Base, Event, Mail
from portal.outbox import claims
from tests.clients import Api
from tests.factories import Factories

MILLION = 1_000_000
#: Rows that one statement makes within its time.
SLICE = 20_000
#: Tables whose rows are never all looked at.
LARGE = ("events", "webhook_deliveries")


def _rows(scope: Scope, count: int, created: int) -> list[dict[str, Any]]:
    empty: dict[str, Any] = {"data": {}, "request": {}, "actor": {}, "api_version": "", "type": "customer.updated"}
    named = {"object_type": "customer", "object_id": "cus_1", "tenant_id": scope.tenant_id, "created": created}
    return [{**empty, **named, "id": f"evt_{at:08}", "sequence": 10_000 + at} for at in range(count)]


def _count(database: Database, scope: Scope) -> int:
    with database.reading(scope) as db:
        return db.scalar(select(func.count(Event.id))) or 0


def _drain(database: Database, prune: Callable[[Session], int]) -> None:
    """Delete what is old already: other tests leave rows of years that clocks of theirs were in."""
    deleted = 1
    while deleted:
        with database.writing() as db:
            deleted = prune(db)


def test_old_events_go_batch_by_batch(
    database: Database, scope: Scope, make: Factories, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "BATCH_SIZE", 10)
    make.customer()
    now = clock.now()
    _drain(database, partial(events.prune, now=now))
    kept = _count(database, scope)
    with database.writing(scope) as db:
        db.connection().execute(insert(Event), _rows(scope, 25, now - events.KEPT_FOR - 1))
    found = []
    for _ in range(3):
        with database.writing() as db:
            events.prune(db, now=now)
        found.append(_count(database, scope) - kept)
    assert found == [15, 5, 0]


def test_old_mails_go_and_those_that_wait_stay(database: Database, scope: Scope, make: Factories) -> None:
    created, now = clock.now() - claims.RETENTION - 1, clock.now()
    _drain(database, partial(claims.prune, now=now))
    with database.writing(scope) as db:
        for status in ("sent", "queued"):
            mail = Mail(id=f"mail_{status}", created=created, name="receipt", key=status, next_try_at=now)
            mail.status = status
            db.add(mail)
    with database.writing() as db:
        assert claims.prune(db, now=now) == 1
    with database.reading(scope) as db:
        assert list(db.scalars(select(Mail.id))) == ["mail_queued"]
    with database.writing(scope) as db:
        db.delete(db.get_one(Mail, (scope.tenant_id, "mail_queued")))


def test_the_doctor_names_what_outgrows_its_plan(
    database: Database, scope: Scope, make: Factories, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.customer()
    _analyze(database)
    assert [each.name for each in growth.check_growth(database) if "planned" in each.words] == []
    monkeypatch.setitem(growth.PLANS, "audit_log", (1, "Move"))
    words = [each.words for each in growth.check_growth(database) if each.name == "audit_log"]
    assert len(words) == 1
    assert "planned for 1. Move." in words[0]


def test_the_doctor_names_rows_that_should_have_gone(database: Database, scope: Scope) -> None:
    _drain(database, partial(events.prune, now=clock.now()))
    with database.writing(scope) as db:
        db.connection().execute(insert(Event), _rows(scope, 1, clock.now() - events.KEPT_FOR - 5 * clock.DAY))
    found = [each for each in growth.check_growth(database) if each.name == "events"]
    assert [each.words for each in found] == ["The oldest should have gone 5 days ago: is `portal worker` running?"]
    with database.writing() as db:
        events.prune(db, now=clock.now())
    assert [each for each in growth.check_growth(database) if each.name == "events"] == []


def _analyze(database: Database) -> None:
    with database.reader.connect() as connection:
        connection.execute(text("ANALYZE"))


@contextmanager
def _explained(database: Database) -> Iterator[list[tuple[str, str]]]:
    """The statements of a block, each with the plan that the database has for it."""
    said: list[tuple[str, Any]] = []
    plans: list[tuple[str, str]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        said.append((statement, parameters))

    engines: tuple[Engine, ...] = (database.reader, database.writer)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield plans
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN " if database.dialect == "sqlite" else "EXPLAIN "
    with database.reader.connect() as connection:
        for statement, parameters in said:
            if statement.startswith(("SELECT", "DELETE", "UPDATE")) and any(name in statement for name in LARGE):
                rows = connection.exec_driver_sql(explain + statement, parameters).all()
                plans.append((statement, "\n".join(str(row[-1]) for row in rows)))


def _is_scan(plan: str) -> bool:
    lines = (line.strip(" ->") for line in plan.splitlines())
    return any(
        line.startswith((f"SCAN {name}", f"Seq Scan on {name}")) and "USING INDEX" not in line
        for line in lines
        for name in LARGE
    )


_OWN = {"id", "created", "sequence"}
#: Copies of a tenant's first event: a thousand in each second before now.
_MULTIPLY = text(
    """
    WITH RECURSIVE n(at) AS (SELECT CAST(:first AS INTEGER) UNION ALL SELECT at + 1 FROM n WHERE at < :last)
    INSERT INTO events (id, created, sequence, COPIED)
    SELECT 'evt_' || (10000000 + at), :now - at / 1000, 10000 + at, COPIED FROM n,
    (SELECT * FROM events WHERE tenant_id = :tenant_id ORDER BY sequence LIMIT 1) AS first
    """.replace(
        "COPIED", ", ".join(each.name for each in Base.metadata.tables["events"].columns if each.name not in _OWN)
    )
)

#: That each of them has been sent to an endpoint.
_DELIVER = text(
    """
    INSERT INTO webhook_deliveries
    (tenant_id, id, created, endpoint_id, event_id, event_type, customer_id, sequence, status, tries)
    SELECT tenant_id, 'whd_' || sequence, created, :endpoint, id, type, 'cus_1', sequence, 'succeeded', 1 FROM events
    WHERE tenant_id = :tenant_id AND sequence BETWEEN 10000 + :first AND 10000 + :last
    """
)


@pytest.mark.torture
def test_a_million_events_are_listed_sent_and_forgotten_by_indexes(
    database: Database, scope: Scope, make: Factories, api: Api
) -> None:
    endpoint = api.post("webhook_endpoints", url="http://127.0.0.1:9/hook", enabled_events=["*"])
    now = clock.now()
    for first in range(0, MILLION, SLICE):
        with database.writing(scope) as db:
            values = {"tenant_id": scope.tenant_id, "first": first, "last": first + SLICE - 1, "now": now}
            db.connection().execute(_MULTIPLY, values)
            db.connection().execute(_DELIVER, values | {"endpoint": endpoint["id"]})
    _analyze(database)
    assert _count(database, scope) >= MILLION
    with _explained(database) as plans:
        page = api.get("events", limit=100)
        api.get("events", limit=100, starting_after=page["data"][-1]["id"])
        api.get("events", limit=100, type="customer.updated", created={"gte": now - 500})
        api.get("events", limit=100, related_object="cus_1")
        customer = make.customer()
        api.post(f"customers/{customer.id}", name="Jenny Rosen")
        api.post("events/evt_10000005/retry", webhook_endpoint=endpoint["id"])
        with database.writing() as db:
            assert events.prune(db, now=now + events.KEPT_FOR) >= pruning.BATCH_SIZE
    assert len(plans) > 10
    assert [each for each in plans if _is_scan(each[1])] == []
