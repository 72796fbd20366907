"""How many invoices were paid makes no difference to what a transfer costs: searches use the indexes of open ones."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from portal.assembly import assemble_services
from portal.billing.bank import payables
from portal.db import Database
from portal.settings import from_environment
from tests import databases
from tests.statements_of_banks import Transfer


@pytest.fixture
def apart(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without rows: what other tests leave in theirs, and when it was counted last, moves the plans."""
    chosen = databases.new_migrated(request.config, tmp_path, f"portal_plans_{os.getpid()}")
    found = assemble_services(from_environment(chosen)).database
    yield found
    found.dispose()


def test_searches_read_open_invoices_alone(apart: Database, scope: Any) -> None:
    plans, database = [], apart
    sqlite = database.dialect == "sqlite"
    explain = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN "

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *more: Any) -> None:
        if statement.startswith("SELECT invoices"):
            cursor.execute(explain + statement, parameters)
            plans.append(" ".join(str(value) for row in cursor.fetchall() for value in row))

    with database.writing(scope) as db:
        if not sqlite:
            # a database without rows would rather read and hash them all
            for way in ("seqscan", "hashjoin", "mergejoin"):
                db.connection().exec_driver_sql(f"SET LOCAL enable_{way} = off")
        event.listen(database.writer, "before_cursor_execute", note)
        try:
            payables.load_by_key(db, ["ROSEN0001", "ROSEN0002"])
            payables.load_of_customers(db, ["cus_1"])
        finally:
            event.remove(database.writer, "before_cursor_execute", note)
    assert "ix_invoices_payable_number" in plans[0]
    assert "ix_invoices_payable_customer" in plans[1]


def test_a_file_needs_a_few_statements_however_many_transfers_it_has(api: Any, make: Any, count_queries: Any) -> None:
    from tests.statements_of_banks import OWN_IBAN, camt

    api.post("account", default_currency="eur", settings={"invoices": {"bank_transfer": {"iban": OWN_IBAN}}})

    def count(number: int) -> int:
        transfers = [Transfer(100 + each, f"nothing {number} {each}") for each in range(number)]
        with count_queries() as statements:
            api.post("bank_statements", upload=("a.xml", camt(*transfers, number=str(number))))
        return sum(1 for each in statements if each.startswith("SELECT"))

    assert count(5) == count(50)
