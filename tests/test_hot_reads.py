"""Hot reads answer what SQLAlchemy would, and outlive a restarted database."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import bindparam, func, literal_column, select, table
from sqlalchemy.exc import ProgrammingError

from portal.db import Database, Scope
from portal.errors import Unavailable
from portal.hot_reads import MOST_HELD, HotStatement
from portal.models import Invoice, Tenant
from tests import pgbouncer
from tests.conftest import URL
from tests.factories import Factories
from tests.postgresql import new_database

_INVOICES = Invoice.__table__
_BY_ID = (
    select(
        *(_INVOICES.c[name] for name in "id number issued_on total auto_advance seller paid_at".split()),
        _INVOICES.c.seller["timezone"].as_string().label("timezone"),
        Tenant.livemode,
    )
    .join(Tenant, Tenant.id == _INVOICES.c.tenant_id)
    .where(_INVOICES.c.tenant_id == bindparam("tenant_id"), _INVOICES.c.id == bindparam("id"))
    .where(_INVOICES.c.status != "draft", _INVOICES.c.issued_on >= bindparam("first"))
)
_TENANTS = HotStatement(select(Tenant.id).where(Tenant.account_id == bindparam("account_id")))


def test_a_hot_read_is_what_sqlalchemy_reads(database: Database, make: Factories) -> None:
    invoice = make.invoice(make.customer())
    values = {"tenant_id": make.scope.tenant_id, "id": invoice.id, "first": date(2000, 1, 1)}
    row = database.hot.first(HotStatement(_BY_ID), values)
    with database.reader.connect() as connection:
        known = connection.execute(_BY_ID, values).one()
    assert row == tuple(known)
    assert row._fields == tuple(known._fields)
    assert row.issued_on == known.issued_on
    assert database.hot.first(HotStatement(_BY_ID), values | {"first": date(2999, 1, 1)}) is None


def test_a_missing_value_is_a_programming_error(database: Database) -> None:
    with pytest.raises(KeyError):
        database.hot.first(HotStatement(_BY_ID), {"tenant_id": 1, "id": "in_1"})


def test_a_text_that_depends_on_its_values_is_refused(database: Database) -> None:
    listed = select(_INVOICES.c.id).where(_INVOICES.c.id.in_(bindparam("ids", expanding=True)))
    with pytest.raises(TypeError):
        database.hot.all(HotStatement(listed), {"ids": ["in_1"]})


def test_a_refused_statement_is_told_and_the_next_one_works(database: Database, scope: Scope) -> None:
    broken = HotStatement(select(literal_column("nothing")).select_from(table("nowhere")))
    with pytest.raises((Unavailable, ProgrammingError)):
        database.hot.all(broken, {})
    assert {scope.tenant_id} <= {row.id for row in database.hot.all(_TENANTS, {"account_id": scope.account_id})}


def test_no_more_connections_are_held_than_the_pool_can_spare(database: Database, scope: Scope) -> None:
    begin = threading.Barrier(12)

    def read(_index: int) -> int:
        begin.wait(20)
        return len(database.hot.all(_TENANTS, {"account_id": scope.account_id}))

    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(read, range(12))) == [2] * 12
    assert database.reader.pool.checkedout() <= MOST_HELD  # type: ignore[attr-defined]
    database.hot.release()
    assert database.reader.pool.checkedout() == 0  # type: ignore[attr-defined]


@pytest.mark.postgresql
def test_a_restarted_database_is_asked_once_more(tmp_path: Path) -> None:
    url = new_database(os.environ[URL], f"portal_hot_{os.getpid()}")
    database, asked = Database(url), HotStatement(select(func.pg_backend_pid().label("id")))
    first = database.hot.first(asked, {})
    with database.writer.connect() as beside:
        beside.execute(select(func.pg_terminate_backend(first.id)))
    assert database.hot.first(asked, {}).id != first.id
    database.dispose()


@pytest.mark.postgresql
def test_a_pooler_may_give_each_read_another_server(database: Database, scope: Scope) -> None:
    with pgbouncer.pooled(database.url.render_as_string(hide_password=False)) as url:
        pooled = Database(url)
        found = [pooled.hot.first(_TENANTS, {"account_id": scope.account_id}) for _ in range(12)]
        pooled.dispose()
    assert len(set(found)) == 1
