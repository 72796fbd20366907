"""The tenant scope of every statement, and what a session may do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, Select, event, select, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError

from portal.billing.accounts.new_accounts import NewAccount
from portal.db import Database, ReadOnlySession, Scope, TenantScopeError
from portal.hosted import invoice_history, invoice_rows, invoice_tally
from portal.models import Base, Customer, Subscription, TenantOwned
from tests.factories import Factories


def test_an_unscoped_statement_on_a_tenants_table_raises(database: Database) -> None:
    with database.reading() as db, pytest.raises(TenantScopeError):
        db.scalars(select(Customer))


def test_a_statement_sees_only_its_tenant(database: Database, make: Factories, merchant: NewAccount) -> None:
    customer = make.customer()
    live = Scope(merchant.live.id, merchant.account.id, livemode=True)
    with database.reading(live) as db:
        assert db.scalars(select(Customer).where(Customer.id == customer.id)).all() == []


def test_an_update_reaches_only_its_tenant(database: Database, make: Factories, merchant: NewAccount) -> None:
    make.customer()
    live = Scope(merchant.live.id, merchant.account.id, livemode=True)
    with database.writing(live) as db:
        assert db.execute(update(Customer).values(name="Taken over")).rowcount == 0


def test_a_link_across_tenants_cannot_be_stored(database: Database, make: Factories, merchant: NewAccount) -> None:
    subscription = make.subscription()
    live = Scope(merchant.live.id, merchant.account.id, livemode=True)
    columns = [column.name for column in Subscription.__table__.c if column.name != "metadata"]
    values = {name: getattr(subscription, name) for name in columns}
    with pytest.raises(IntegrityError), database.writing(live) as db:
        db.add(Subscription(**{**values, "tenant_id": merchant.live.id}, metadata_={}))


def test_a_reading_session_refuses_to_write(database: Database, scope: Scope, make: Factories) -> None:
    customer = make.customer()
    with database.reading(scope) as db:
        db.get_one(Customer, (scope.tenant_id, customer.id)).name = "Changed"
        with pytest.raises(ReadOnlySession):
            db.flush()


def test_an_exception_rolls_everything_back(database: Database, scope: Scope, make: Factories) -> None:
    customer = make.customer()

    def failing() -> None:
        with database.writing(scope) as db:
            db.get_one(Customer, (scope.tenant_id, customer.id)).name = "Changed"
            db.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        failing()
    with database.reading(scope) as db:
        assert db.get_one(Customer, (scope.tenant_id, customer.id)).name == "Jenny Rosen"


def _prebuilt() -> list[Any]:
    from portal.documents import library
    from portal.objects import customers, first_lines, kinds

    found: list[Any] = [
        first_lines._FIRST_LINES.statement,
        customers._DELINQUENT.statement,
        *library._STORED_PDF_QUERIES.values(),
        *invoice_history._STATEMENTS.values(),
        invoice_tally._STATEMENT,
        invoice_rows._NOTES_OF_INVOICES,
    ]
    found = [getattr(each, "statement", each) for each in found]
    return found + [kinds._plain_statement(kind.model, "id").statement for kind in kinds.OBJECT_TYPES.values()]


@pytest.mark.parametrize("statement", _prebuilt())
def test_a_prebuilt_statement_names_its_tenant(statement: Select[Any]) -> None:
    assert "tenant_id" in statement.compile(dialect=sqlite.dialect()).params


@pytest.fixture
def every_statement(database: Database) -> Any:
    seen: list[str] = []
    engines: tuple[Engine, ...] = (database.reader, database.writer)

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        seen.append(statement)

    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    database.hot.listeners.append(seen.append)
    yield seen
    database.hot.listeners.remove(seen.append)
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


def test_no_statement_of_a_visit_forgets_the_tenant(
    every_statement: list[str], make: Factories, portal: Callable[..., Any]
) -> None:
    customer = make.customer()
    invoice = make.invoice(customer)
    subscription = make.subscription(customer)
    visitor = portal(customer, make.configuration())
    for path in ("", "invoices", f"invoices/{invoice.id}", "details", f"subscriptions/{subscription.id}/cancel"):
        visitor.get(path)
    tables = {mapper.local_table.name for mapper in Base.registry.mappers if issubclass(mapper.class_, TenantOwned)}
    by_secret = {"portal_sessions"}
    touching = [each for each in every_statement if any(f"FROM {name}" in each for name in tables - by_secret)]
    assert touching
    assert [each for each in touching if "tenant_id =" not in each] == []
