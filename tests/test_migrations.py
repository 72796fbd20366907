"""The schema goes up, down and up again, and is what the models say."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from portal import schema
from portal.billing.accounts import new_accounts
from portal.billing.accounts.new_accounts import CreateAccount
from portal.db import Database, Scope
from portal.models import Base
from tests import postgresql
from tests.databases import URL, is_postgresql
from tests.factories import Factories

#: 31 December 2025, 23:30 UTC.
LAST_NIGHT = 1767223800


@pytest.fixture
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    if is_postgresql(request.config):
        worker = getattr(request.config, "workerinput", {}).get("workerid", "main")
        return Database(postgresql.new_database(os.environ[URL], f"portal_migrations_{worker}"))
    return Database(f"sqlite:///{tmp_path}/empty.db")


def test_up_down_and_up_again(empty: Database) -> None:
    schema.upgrade(empty)
    assert schema.is_current(empty)
    schema.downgrade(empty, "base")
    assert set(inspect(empty.reader).get_table_names()) <= {"alembic_version"}
    schema.upgrade(empty)
    assert schema.is_current(empty)
    empty.dispose()


# on SQLite they can't be read back, and are left out of the comparison
@pytest.mark.filterwarnings("ignore:.*expression-based index")
def test_migrations_make_what_the_models_say(empty: Database) -> None:
    schema.upgrade(empty)
    with empty.reader.connect() as connection:
        missing = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    assert not missing, f"no migration in portal/migrations/versions makes what portal/models says: {missing}"
    empty.dispose()


def test_a_schema_of_another_line_is_named_and_left_alone(empty: Database) -> None:
    schema.upgrade(empty)
    with empty.writer.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(schema.UnknownRevision, match="doesn't know the schema 9999"):
        schema.upgrade(empty)
    assert schema.current_revision(empty) == "9999"
    empty.dispose()


def test_documents_from_before_accounts_had_a_time_zone_have_their_days_in_utc(empty: Database) -> None:
    schema.upgrade(empty)
    with empty.writing() as db:
        new = new_accounts.create(db, CreateAccount("Rocket Rides"), now=LAST_NIGHT)
    make = Factories(empty, Scope(new.test.id, new.account.id, livemode=False))
    draft, invoice = make.draft(now=LAST_NIGHT), make.invoice(now=LAST_NIGHT)
    note = make.credit_note(invoice, 100, now=LAST_NIGHT)
    schema.downgrade(empty, "0006")
    schema.upgrade(empty)
    with empty.reading(make.scope) as db:
        days = [db.get_one(type(each), (each.tenant_id, each.id)).issued_on for each in (draft, invoice, note)]
    assert days == [None, date(2025, 12, 31), date(2025, 12, 31)]
    empty.dispose()
