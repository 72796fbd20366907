"""Forgets rows that nobody needs any more: tenant by tenant, a batch at a time, found by the index of their lists."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Table, bindparam, delete, func, select
from sqlalchemy.orm import Session

from portal.db import forget
from portal.models import Tenant

#: Rows of one tenant that one transaction deletes: writers wait for no more than that.
BATCH_SIZE = 1000


def prune_oldest(db: Session, table: Table, before: int, *conditions: ColumnElement[bool]) -> int:
    """Delete a batch of the rows of each tenant that were created before a moment; returns how many."""
    return sum(
        delete_by(db, table, "id", tenant_id, find_oldest(db, table, tenant_id, before, *conditions))
        for tenant_id in list_tenants(db, table, before, *conditions)
    )


def list_tenants(db: Session, table: Table, before: int, *conditions: ColumnElement[bool]) -> Sequence[int]:
    """The tenants that have rows from before a moment: one look into the index for each."""
    # PostgreSQL would make a join of EXISTS, and look at every row of the table once many are old
    oldest = select(func.min(table.c.created)).where(table.c.tenant_id == Tenant.id, *conditions)
    old = oldest.correlate(Tenant).scalar_subquery() < before
    return db.scalars(select(Tenant.id).where(old), execution_options={"every_tenant": True}).all()


def find_oldest(
    db: Session, table: Table, tenant_id: int, before: int, *conditions: ColumnElement[bool]
) -> Sequence[str]:
    """The ids of a batch of a tenant's rows from before a moment, the oldest first."""
    own = select(table.c.id).where(table.c.tenant_id == tenant_id, table.c.created < before, *conditions)
    return db.scalars(own.order_by(table.c.created, table.c.id).limit(BATCH_SIZE)).all()


def delete_by(db: Session, table: Table, column: str, tenant_id: int, ids: Sequence[str]) -> int:
    """Delete a tenant's rows that have one of these ids in a column; returns how many."""
    if not ids:
        return 0
    named = table.c[column].in_(bindparam("ids", ids, expanding=True))
    return forget(db, delete(table).where(table.c.tenant_id == tenant_id, named))
